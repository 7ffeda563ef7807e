// report/findings_test.cc - what a reader sees of findings: order, words, and no line too long at
// any width, with colour or without.
#include "report/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

#include "report/text.h"
#include "report/wire_text.h"

namespace wirelens {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

constexpr Timestamp kStart = timestamp_ns(1'795'208'444'000'000'000);

Finding storm() {
  static constexpr std::uint64_t kPackets[] = {30'122, 30'131, 30'140};
  Finding finding;
  finding.rule = "tcp.time_wait_storm";
  finding.severity = Severity::high;
  finding.title = "TIME_WAIT storm";
  finding.subject = "10.77.0.1 → 10.77.1.1:8080";
  finding.why =
      "10.77.0.1 opened 24,113 connections to 10.77.1.1:8080 in 12.0 s and closed each one first: "
      "24,113 sockets in TIME_WAIT at once, 85 % of its 28,232 ports.";
  finding.fix = "reuse connections: keep-alive and a pool on the client";
  finding.packets = kPackets;
  finding.packets_total = 24'113;
  finding.cost_seconds = 96s;
  return finding;
}

std::string report_of(std::span<const Finding> findings, unsigned width, bool colour = false) {
  Summary summary;
  CaptureBegin begin;
  const std::string_view file = "shop.pcapng";
  begin.files = {&file, 1};
  begin.first_ts = kStart;
  summary.add(Event(kStart, std::nullopt, begin));
  for (const Finding& each : findings) summary.add(Event(kStart, std::nullopt, each));
  CaptureEnd end;
  end.packets = 100'000;
  end.last_ts = kStart + 12s;
  summary.add(Event(kStart, std::nullopt, end));
  return text_of(summary, {.colour = colour, .width = width});
}

std::string without_colour(const std::string& text) {
  return std::regex_replace(text, std::regex("\x1b\\[[0-9;]*m"), "");
}

/// Words of a text, whatever its lines.
std::string flowing(const std::string& text) {
  std::istringstream in(text);
  std::string out;
  for (std::string word; in >> word;) out += (out.empty() ? "" : " ") + word;
  return out;
}

class FindingsAt : public testing::TestWithParam<unsigned> {};

TEST_P(FindingsAt, TellWhatItCostAndWhatToChange) {
  const Finding finding = storm();
  const std::string text = report_of({&finding, 1}, GetParam());
  const std::string words = flowing(text);
  EXPECT_THAT(words, HasSubstr("1 finding costs 96.0 s of waiting HIGH TIME_WAIT storm"));
  EXPECT_THAT(words, HasSubstr("10.77.0.1 opened 24,113 connections to 10.77.1.1:8080 in 12.0 s"));
  EXPECT_THAT(words, HasSubstr("Fix reuse connections"));
  EXPECT_THAT(words, HasSubstr("Cost 96.0 s of waiting, an endpoint's doing · packets 30122 30131 "
                               "30140 and 24,110 more"));
  EXPECT_THAT(words, HasSubstr("tcp.time_wait_storm"));
}

TEST_P(FindingsAt, KeepToTheirWidth) {
  const std::string unbroken(500, 'w');
  std::vector<Finding> findings(8, storm());
  findings[1].why = unbroken;
  findings[2].title = "A title that is much longer than anybody would like to have it in a report";
  findings[3].rule = "websocket.stuck_in_polling_for_longer_than_any_name_of_a_rule";
  findings[4].fix =
      "ein Satz mit 中文字 und ä, der lang genug ist, um umgebrochen zu werden, zweimal";
  for (const bool colour : {false, true}) {
    std::istringstream lines(without_colour(report_of(findings, GetParam(), colour)));
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(display_width(line), GetParam()) << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
  }
}

TEST_P(FindingsAt, ColourChangesNoWord) {
  const Finding findings[] = {storm(), storm()};
  const std::string coloured = report_of(findings, GetParam(), true);
  EXPECT_THAT(coloured, HasSubstr("\x1b["));
  EXPECT_EQ(without_colour(coloured), report_of(findings, GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Widths, FindingsAt, testing::Values(60u, 80u, 200u));

TEST(Findings, EachSeverityHasItsColour) {
  std::set<std::string> marks;
  for (std::size_t i = 0; i < kSeverityNames.size(); ++i) {
    Finding finding = storm();
    finding.severity = static_cast<Severity>(i);
    const std::string text = report_of({&finding, 1}, 80, true);
    std::smatch mark;
    ASSERT_TRUE(std::regex_search(
        text, mark, std::regex("\x1b\\[([0-9;]+)m(INFO|LOW|MEDIUM|HIGH|CRITICAL)\x1b\\[0?m")))
        << text;
    marks.insert(mark[1]);
  }
  EXPECT_EQ(marks.size(), kSeverityNames.size());
}

TEST(Findings, OnlyTheFirstFewAreShownAndTheRestIsCounted) {
  std::vector<Finding> findings(9, storm());
  for (std::size_t i = 7; i < findings.size(); ++i) findings[i].severity = Severity::low;
  const std::string words = flowing(report_of(findings, 80));
  EXPECT_THAT(words, HasSubstr("9 findings cost 14 min of waiting"));
  EXPECT_THAT(words, HasSubstr("and 4 more: 2 high, 2 low; -w ndjson=FILE has every one"));
}

TEST(Findings, WhatFollowsFromAnotherIsNotPaidTwice) {
  Finding findings[] = {storm(), storm()};
  findings[1].follows = "tcp.time_wait_storm";
  const std::string words = flowing(report_of(findings, 80));
  EXPECT_THAT(words, HasSubstr("2 findings cost 96.0 s of waiting"));
  EXPECT_THAT(words, HasSubstr("· follows tcp.time_wait_storm"));
}

TEST(Findings, NoneIsSaid) {
  EXPECT_THAT(flowing(report_of({}, 80)), HasSubstr("No findings"));
}

TEST(Findings, NothingOfTheWireActs) {
  Finding finding = storm();
  finding.why = "\x1b[2J\x07 said the name";
  finding.title = "\r\nfake: all is well";
  const std::string text = report_of({&finding, 1}, 80);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\r")));
  EXPECT_THAT(text, HasSubstr("\\x1b[2J\\x07"));
}

}  // namespace
}  // namespace wirelens
