// cli/commands.cc - finds the command that was meant.
#include "cli/commands.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/nearest.h"
#include "report/output.h"

namespace wirelens {
namespace {

constexpr Command kCommands[] = {
    {&kAnalyzeGrammar, analyze},       {&kLiveGrammar, live},         {&kFollowGrammar, follow},
    {&kRulesGrammar, rules},           {&kDiffGrammar, diff},         {&kSchemaGrammar, schema},
    {&kInterfacesGrammar, interfaces}, {&kGenerateGrammar, generate},
};

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
  if (word == "--help" || word == "-h") return print(overview_text());
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
