// cli/findings_test.cc - the catalogue, thresholds and exit statuses of findings, as typed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "report/wire_text.h"
#include "support/tree.h"

namespace wirelens {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

struct Outcome {
  int status = -1;
  std::string text;  ///< of both outputs
};

/// Runs the program by the shell, as a user does.
Outcome wirelens(const std::string& words) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "wirelens";
  const std::string command = program.string() + " " + words + " 2>&1 </dev/null";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  Outcome outcome;
  std::array<char, 4096> piece;
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), pipe)) {
    outcome.text.append(piece.data(), count);
  }
  outcome.status = WEXITSTATUS(::pclose(pipe));
  return outcome;
}

void expect_usage(const std::string& words, const std::string& hint) {
  const Outcome outcome = wirelens(words);
  EXPECT_EQ(outcome.status, 2) << words;
  EXPECT_THAT(outcome.text, MatchesRegex("wirelens: [^\n]*\n")) << "one line";
  EXPECT_THAT(outcome.text, HasSubstr(hint));
}

TEST(Rules, AreListedByTheirNames) {
  const Outcome outcome = wirelens("rules");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.text,
              MatchesRegex("(.|\n)*\ntcp.time_wait_storm +high +TIME_WAIT storm\n(.|\n)*"));
  std::istringstream lines(outcome.text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), 80u) << line;
}

TEST(Rules, HaveAPageEach) {
  const Outcome outcome = wirelens("rules tcp.syn_flood");
  EXPECT_EQ(outcome.status, 0);
  for (const char* part :
       {"tcp.syn_flood", "SYN flood, up to critical", "Meaning", "Fix", "Thresholds",
        "syns_per_second = 100", "--set tcp.syn_flood.syns_per_second=100", "Source", "RFC 4987"}) {
    EXPECT_THAT(outcome.text, HasSubstr(part));
  }
}

TEST(Rules, EachPageFits80Columns) {
  std::istringstream lines(wirelens("rules").text);
  for (std::string line; std::getline(lines, line) && !line.starts_with("Each ");) {
    const std::string id = line.substr(0, line.find(' '));
    if (id.empty()) continue;
    const Outcome page = wirelens("rules " + id);
    EXPECT_EQ(page.status, 0) << id;
    std::istringstream of_page(page.text);
    for (std::string each; std::getline(of_page, each);) {
      EXPECT_LE(display_width(each), 80u) << id << ": " << each;
    }
  }
}

TEST(Rules, AWrongNameBringsTheNearest) {
  expect_usage("rules tcp.sin_flood", "no rule tcp.sin_flood: did you mean tcp.syn_flood?");
  expect_usage("rules nonsense", "no rule nonsense: see wirelens rules");
  expect_usage("rules tcp.syn_flood tcp.backscatter", "one RULE");
}

class Settings : public testing::Test {
 protected:
  static Outcome analyze(const std::string& words, const std::string& capture) {
    return wirelens("analyze " + words + " " + tree("captures/" + capture));
  }
};

TEST_F(Settings, AThresholdDecidesWhatIsFound) {
  const std::string capture = "findings/no_keep_alive.pcap";
  EXPECT_THAT(analyze("", capture).text, HasSubstr("http.no_keep_alive"));
  EXPECT_THAT(analyze("--set http.no_keep_alive.connections=25", capture).text,
              HasSubstr("No findings"));
  EXPECT_THAT(analyze("--set http.no_keep_alive.connections=25 "
                      "--set http.no_keep_alive.connections=24",
                      capture)
                  .text,
              HasSubstr("http.no_keep_alive"))
      << "the last one counts";
}

TEST_F(Settings, WrongOnesAreNamed) {
  const std::string file = " " + tree("captures/demo.pcapng");
  expect_usage("analyze --set tcp.syn_floods.syns_per_second=1" + file, "--set");
  expect_usage("analyze --set tcp.syn_flood.syns_per_secnd=1" + file,
               "no such threshold; did you mean tcp.syn_flood.syns_per_second?");
  expect_usage("analyze --set nonsense.at_all=1" + file, "no such threshold; see wirelens rules");
  for (const char* value : {"many", "", "-1", "nan", "1e999", "5x"}) {
    expect_usage(std::string("analyze --set tcp.syn_flood.syns_per_second=") + value + file,
                 "--set");
  }
  expect_usage("analyze --set tcp.syn_flood.syns_per_second" + file, "--set");
}

TEST_F(Settings, FailOnSetsTheExitStatus) {
  const std::string low = "findings/no_keep_alive.pcap";
  EXPECT_EQ(analyze("-q", low).status, 0) << "findings alone are no failure";
  EXPECT_EQ(analyze("--fail-on info", low).status, 1);
  EXPECT_EQ(analyze("--fail-on low", low).status, 1);
  EXPECT_EQ(analyze("--fail-on medium", low).status, 0);
  EXPECT_EQ(analyze("--fail-on critical", "attack/syn_flood.pcap").status, 1);
  EXPECT_EQ(analyze("--fail-on info", "findings/keep_alive.pcap").status, 0);
  expect_usage("analyze --fail-on grave " + tree("captures/demo.pcapng"), "--fail-on");
}

TEST_F(Settings, JunitFailsWhereTheRunDoes) {
  const std::string capture = "findings/no_keep_alive.pcap";
  const Outcome usual = analyze("-w junit=-", capture);
  EXPECT_THAT(usual.text, HasSubstr("<system-out>low: A connection for each request"));
  EXPECT_THAT(usual.text, Not(HasSubstr("<failure")));
  const Outcome strict = analyze("--fail-on low -w junit=-", capture);
  EXPECT_EQ(strict.status, 1);
  EXPECT_THAT(strict.text, HasSubstr("name=\"http.no_keep_alive\""));
  EXPECT_THAT(strict.text, HasSubstr("<failure type=\"low\" message=\"A connection for each "
                                     "request: 10.0.1.1 → 10.0.1.2:80\">"));
}

}  // namespace
}  // namespace wirelens
