// cli/commands.cc - finds the command that was meant.
#include "cli/commands.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/nearest.h"
#include "report/output.h"

namespace wirelens {
namespace {

constexpr Command kCommands[] = {
    {&kAnalyzeGrammar, "analyse capture files", analyze},
    {&kLiveGrammar, "capture from an interface and analyse", live},
    {&kFollowGrammar, "show one connection packet by packet", follow},
    {&kRulesGrammar, "list what can be found wrong, or explain it", rules},
    {&kDiffGrammar, "say what changed between two captures or files of records", diff},
    {&kSchemaGrammar, "print the JSON Schema of the records", schema},
    {&kInterfacesGrammar, "list what live can capture from", interfaces},
};

std::string overview() {
  std::string out =
      "usage: wirelens COMMAND [options]\n\n"
      "Says from captured packets who talked to whom, what went wrong, and which\n"
      "packets prove it. Passive: it never sends a packet.\n\n";
  for (const Command& command : kCommands) {
    out += fmt::format("  {:<12}{}\n", command.grammar->command, command.about);
  }
  return out +
         "\n  wirelens COMMAND --help   options and examples of one command\n"
         "  wirelens --version\n";
}

ExitStatus unknown_command(const std::string& typed) {
  std::vector<std::string_view> names;
  for (const Command& command : kCommands) names.push_back(command.grammar->command);
  if (typed.starts_with('-')) {
    complain(fmt::format("unknown option {}: a command comes first; see wirelens --help", typed));
    return kUsage;
  }
  std::error_code error;
  if (std::filesystem::exists(typed, error)) {
    complain(fmt::format("{} is a file: did you mean wirelens analyze {}?", typed, typed));
    return kUsage;
  }
  const auto meant = nearest(typed, names);
  complain(fmt::format("unknown command {}: {}", typed,
                       meant ? fmt::format("did you mean {}?", *meant)
                             : fmt::format("there are {}", fmt::join(names, ", "))));
  return kUsage;
}

}  // namespace

ExitStatus run_command(Arguments arguments) {
  if (arguments.empty()) {
    complain("which command? see wirelens --help");
    return kUsage;
  }
  const std::string& word = arguments.front();
  const Arguments rest = arguments.subspan(1);
  if (word == "--help" || word == "-h") return print(overview());
  if (word == "--version") return print("wirelens " WIRELENS_VERSION "\n");
  for (const Command& command : kCommands) {
    if (word != command.grammar->command) continue;
    return asks_for_help(rest) ? print(help_text(*command.grammar)) : command.run(rest);
  }
  return unknown_command(word);
}

ExitStatus print(std::string_view text) {
  auto output = Output::open("-", Output::Visible::when_whole);
  (*output)->write(text);
  (*output)->finish();
  const auto& failure = (*output)->failure();
  if (!failure) return kDone;
  if (failure->reader_left) return kReaderLeft;
  complain(failure->message);
  return kOutputFailed;
}

}  // namespace wirelens
