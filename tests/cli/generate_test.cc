// cli/generate_test.cc - nothing in the grammar is missing from what is generated of it. What
// shells make of that is tried by complete_test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/completion.h"
#include "cli/grammar.h"
#include "cli/manual.h"

namespace wirelens {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Generate, EveryValueHasAMeaning) {
  for (const Grammar* grammar : all_grammars()) {
    for (const Option& option : grammar->options) {
      if (option.value.empty()) continue;
      EXPECT_TRUE(completion_of(option.value)) << "--" << option.name << ' ' << option.value;
    }
  }
  EXPECT_FALSE(completion_of("NONSENSE"));
}

TEST(Generate, EveryOperandHasAMeaning) {
  for (const std::string_view operand : {"FILE", "CONN", "OLD", "NEW", "RULE", "WHAT"}) {
    EXPECT_TRUE(completion_of(operand)) << operand;
  }
  std::string operands;
  for (const Grammar* grammar : all_grammars()) operands += std::string(grammar->operands) + " ";
  EXPECT_EQ(operands, "FILE...  FILE CONN RULE OLD NEW   WHAT ") << "the list above is out of date";
}

TEST(Generate, EveryCommandAndOptionIsTold) {
  const std::string page = manual("1.2.3");
  const std::string bash = bash_completion();
  const std::string zsh = zsh_completion();
  EXPECT_THAT(page, HasSubstr("wirelens 1.2.3"));
  for (const Grammar* grammar : all_grammars()) {
    const std::string command(grammar->command);
    EXPECT_THAT(page, HasSubstr("\\fBwirelens " + command + "\\fR"));
    EXPECT_THAT(bash, HasSubstr("\n    " + command + ") _wirelens_words"));
    EXPECT_THAT(zsh, HasSubstr("\n    " + command + ")\n"));
    for (const Option& option : grammar->options) {
      EXPECT_THAT(bash, HasSubstr("--" + std::string(option.name))) << command;
      EXPECT_THAT(zsh, HasSubstr("--" + std::string(option.name))) << command;
    }
  }
}

TEST(Generate, ThePageIsPlainRoff) {
  const std::string page = manual("1.2.3");
  for (const char byte : page) EXPECT_TRUE(byte == '\n' || (byte >= ' ' && byte <= '~'));
  EXPECT_THAT(page, Not(HasSubstr("\n\n")));
  EXPECT_THAT(page, Not(HasSubstr(" \n")));
  EXPECT_THAT(page, HasSubstr("\\fB\\-\\-max\\-memory\\fR \\fISIZE\\fR")) << "dashes can be copied";
}

}  // namespace
}  // namespace wirelens
