// report/junit_test.cc - what CI systems read: cases, counts, failures, and nothing that breaks
// XML.
#include "report/junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <stack>

#include "support/scratch_file.h"

namespace wirelens {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kRules[] = {"http.incomplete_body", "tcp.half_open", "tcp.syn_flood"};
constexpr Timestamp kStart = timestamp_ns(1'795'208'444'000'000'000);

Finding finding_of(std::string_view rule, Severity severity) {
  static constexpr std::uint64_t kPackets[] = {3, 14};
  Finding finding;
  finding.rule = rule;
  finding.severity = severity;
  finding.title = "SYN flood";
  finding.subject = "10.0.0.1 → 10.0.0.2:80";
  finding.why = "Because.";
  finding.fix = "Change it.";
  finding.packets = kPackets;
  finding.packets_total = 5;
  return finding;
}

/// Writes a report of findings and of what the capture's end says; answers its text.
std::string junit(std::span<const Finding> findings, std::optional<Severity> failing = {},
                  std::span<const CaptureEnd::Unseen> unseen = {}) {
  const ScratchFile file("");
  auto output = Output::open(file.path(), Output::Visible::when_whole);
  EXPECT_TRUE(output);
  JunitReport report(std::move(*output), kRules, failing);
  for (const Finding& each : findings) report.write(Event(kStart, std::nullopt, each));
  CaptureEnd end;
  end.not_observable = unseen;
  report.write(Event(kStart, std::nullopt, end));
  report.finish();
  EXPECT_FALSE(report.failure());
  std::ostringstream text;
  text << std::ifstream(file.path()).rdbuf();
  return text.str();
}

/// Tags close in the order in which they open, and text holds no character that XML forbids.
void expect_well_formed(std::string_view xml) {
  std::stack<std::string> open;
  ASSERT_TRUE(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
  for (std::size_t at = xml.find('<', 1); at != xml.npos; at = xml.find('<', at + 1)) {
    const std::size_t end = xml.find('>', at);
    ASSERT_NE(end, xml.npos);
    const std::string_view tag = xml.substr(at + 1, end - at - 1);
    ASSERT_EQ(tag.find('<'), tag.npos) << tag;
    if (tag.ends_with('/')) continue;
    if (!tag.starts_with('/')) {
      open.emplace(tag.substr(0, tag.find(' ')));
      continue;
    }
    ASSERT_FALSE(open.empty());
    EXPECT_EQ(tag.substr(1), open.top());
    open.pop();
  }
  EXPECT_TRUE(open.empty());
  for (const char c : xml) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

TEST(Junit, HasACaseForEachRuleWhetherItFoundSomethingOrNot) {
  const std::string xml = junit({});
  expect_well_formed(xml);
  EXPECT_THAT(xml, HasSubstr("<testsuites name=\"wirelens\" tests=\"3\" failures=\"0\">"));
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"tcp\" tests=\"2\" failures=\"0\" errors=\"0\" "
                             "skipped=\"0\" time=\"0.000\">"));
  EXPECT_THAT(xml, HasSubstr("<testcase classname=\"wirelens.tcp\" name=\"tcp.syn_flood\" "
                             "time=\"0.000\"/>"));
}

TEST(Junit, FailsFromMediumOnUnlessTheUserSaysOtherwise) {
  const Finding findings[] = {finding_of("tcp.syn_flood", Severity::medium),
                              finding_of("tcp.half_open", Severity::low)};
  const std::string usual = junit(findings);
  expect_well_formed(usual);
  EXPECT_THAT(usual, HasSubstr("tests=\"3\" failures=\"1\""));
  EXPECT_THAT(usual, HasSubstr("<failure type=\"medium\" message=\"SYN flood: 10.0.0.1 → "
                               "10.0.0.2:80\">medium: SYN flood\n"));
  EXPECT_THAT(usual, HasSubstr("Fix: Change it.\nPackets: 3 14 and 3 more\n</failure>"));
  EXPECT_THAT(usual, HasSubstr("<system-out>low: SYN flood\n"));
  EXPECT_THAT(junit(findings, Severity::low), HasSubstr("failures=\"2\""));
  EXPECT_THAT(junit(findings, Severity::high), HasSubstr("tests=\"3\" failures=\"0\""));
}

TEST(Junit, GathersTheFindingsOfARuleInOneCase) {
  Finding findings[] = {finding_of("tcp.syn_flood", Severity::critical),
                        finding_of("tcp.syn_flood", Severity::medium)};
  findings[0].cost_seconds = std::chrono::milliseconds(1500);
  findings[1].cost_seconds = std::chrono::seconds(2);
  findings[1].interim = false;
  const std::string xml = junit(findings);
  expect_well_formed(xml);
  EXPECT_THAT(xml, HasSubstr("name=\"tcp.syn_flood\" time=\"3.500\""));
  EXPECT_THAT(xml, HasSubstr("<failure type=\"critical\" message=\"SYN flood: 10.0.0.1 → "
                             "10.0.0.2:80 (and 1 more)\">"));
}

TEST(Junit, LeavesInterimFindingsOut) {
  Finding news = finding_of("tcp.syn_flood", Severity::critical);
  news.interim = true;
  EXPECT_THAT(junit({&news, 1}), HasSubstr("failures=\"0\""));
}

TEST(Junit, SkipsWhatCouldNotBeJudged) {
  const CaptureEnd::Unseen unseen[] = {
      {"ends of messages", "http.incomplete_body is not judged", 3},
      {"certificates", "their names are in doubt", 1}};
  const std::string xml = junit({}, {}, unseen);
  expect_well_formed(xml);
  EXPECT_THAT(xml, HasSubstr("skipped=\"1\""));
  EXPECT_THAT(xml, HasSubstr("<skipped message=\"not seen: ends of messages\"/>"));
}

TEST(Junit, EscapesWhatComesFromTheWire) {
  Finding finding = finding_of("tcp.syn_flood", Severity::high);
  finding.subject = "<script>\"&'\x01\x1b[31m\xff\xef\xbf\xbe]]>";
  finding.why = "</failure><testcase/>\r\n\xef\xbf\xbf";
  const std::string xml = junit({&finding, 1});
  expect_well_formed(xml);
  EXPECT_THAT(xml, Not(HasSubstr("<script>")));
  EXPECT_THAT(xml, HasSubstr("&lt;script&gt;&quot;&amp;&apos;\\x01\\x1b[31m\\xff\\u{fffe}]]&gt;"));
  EXPECT_THAT(xml, HasSubstr("&lt;/failure&gt;&lt;testcase/&gt;\\x0d\\x0a\\u{ffff}"));
}

}  // namespace
}  // namespace wirelens
