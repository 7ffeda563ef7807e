// cli/options.h - the options of every command: one table for the command line, the config file,
// and the help.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capture/source.h"
#include "engine/engine.h"
#include "event/finding.h"
#include "report/report.h"

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
  std::string_view usage;  ///< what follows the command
  std::string_view about;
  std::span<const Option> options;
  std::string_view examples;  ///< whole lines
  bool takes_operands = false;
};

/// What analyze and live share.
struct RunOptions {
  std::vector<WriteTarget> writes;
  std::string filter;
  EngineOptions engine;                     ///< without protocols
  std::optional<Severity> fail_on;          ///< exit status 1 for findings at or above
  std::optional<std::string> key_log_file;  ///< --keylog
  bool rereadable = false;                  ///< the input is files, which can be read twice
  bool quiet = false;
  bool verbose = false;
};

struct AnalyzeOptions {
  RunOptions run;
  bool use_libpcap = false;
  std::vector<std::string> files;
};

struct FollowOptions {
  RunOptions run;
  bool data = false;  ///< show payload
  std::string file;
  std::string connection;  ///< as the user named it
};

struct DiffOptions {
  RunOptions run;
  std::string before;
  std::string after;
};

struct LiveCommandOptions {
  RunOptions run;
  LiveOptions live;  ///< without `stop`
};

extern const Grammar kAnalyzeGrammar;
extern const Grammar kLiveGrammar;
extern const Grammar kFollowGrammar;
extern const Grammar kRulesGrammar;
extern const Grammar kDiffGrammar;
extern const Grammar kSchemaGrammar;
extern const Grammar kInterfacesGrammar;

/// Bounds of what an option takes, beside what its type can hold.
inline constexpr std::size_t kLeastMemory = std::size_t{16} << 20;
inline constexpr std::uint64_t kMostBodies = std::uint64_t{1} << 20;
inline constexpr std::uint64_t kLeastBuffer = std::uint64_t{64} << 10;
inline constexpr std::uint64_t kMostBuffer = std::uint64_t{1} << 30;

using Arguments = std::span<const std::string>;

/// Errors are one line that names the option and the nearest right one (exit status 2).
Result<AnalyzeOptions> parse_analyze(Arguments arguments);
Result<FollowOptions> parse_follow(Arguments arguments);
Result<DiffOptions> parse_diff(Arguments arguments);
Result<LiveCommandOptions> parse_live(Arguments arguments);
/// The operand of `wirelens rules`, if there is one.
Result<std::optional<std::string>> parse_rules(Arguments arguments);
/// For commands without options or operands: the error, if there is one.
std::optional<Error> parse_bare(const Grammar& grammar, Arguments arguments);

/// Help of one command, at most 80 columns wide.
std::string help_text(const Grammar& grammar);

/// Whether --help or -h stands among `arguments`.
bool asks_for_help(Arguments arguments);

}  // namespace wirelens
