// cli/grammar.h - what can be typed: one table of commands, options and operands, which the command
// line, the config file, --help, the man page and the shells' completion are all made from.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace wirelens {

struct Option {
  char letter;             ///< 0: it has none
  std::string_view name;   ///< without the dashes
  std::string_view value;  ///< what help calls its value; empty: a switch
  std::string_view about;
  bool repeatable = false;
};

/// A command's side of the command line.
struct Grammar {
  std::string_view command;
  std::string_view summary;  ///< one line of `wirelens --help`
  std::string_view usage;    ///< what follows the command
  std::string_view operands =
      "";  ///< their names, as "FILE..." or "FILE CONN"; empty: it takes none
  std::string_view about;
  std::span<const Option> options;
  std::string_view examples;  ///< whole lines
};

extern const Grammar kAnalyzeGrammar;
extern const Grammar kLiveGrammar;
extern const Grammar kFollowGrammar;
extern const Grammar kRulesGrammar;
extern const Grammar kDiffGrammar;
extern const Grammar kSchemaGrammar;
extern const Grammar kInterfacesGrammar;
extern const Grammar kGenerateGrammar;

/// All of them, in the order in which help lists them.
std::span<const Grammar* const> all_grammars();

/// What an exit status means, for those that read of it.
struct ExitMeaning {
  int status;
  std::string_view about;
};
std::span<const ExitMeaning> exit_meanings();

/// Help of one command, at most 80 columns wide.
std::string help_text(const Grammar& grammar);

/// Help of the program, at most 80 columns wide.
std::string overview_text();

}  // namespace wirelens
