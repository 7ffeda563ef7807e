// report/html_test.cc - the page holds what was told, and nothing of the wire as markup. What a
// browser makes of it is tested by html_test.mjs.
#include "report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "event/exchange.h"
#include "event/finding.h"
#include "support/scratch_file.h"

namespace wirelens {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr Timestamp kStart = timestamp_ns(1'795'208'444'000'000'000);

Finding finding(std::string_view title, std::span<const ConnectionId> conns = {}) {
  Finding record;
  record.title = title;
  record.conns = conns;
  return record;
}

class HtmlTest : public testing::Test {
 protected:
  HtmlTest() : report_(std::move(*Output::open(file_.path(), Output::Visible::when_whole))) {
    CaptureBegin begin;
    begin.first_ts = kStart;
    report_.write(Event(kStart, std::nullopt, begin));
  }
  template <class T>
  void tell(const T& record, std::optional<ConnectionId> connection = {}) {
    report_.write(Event(kStart, connection, record));
  }
  void connection(ConnectionId id, std::uint64_t resent, std::string_view name = "a.test") {
    Connection record;
    record.id = id;
    record.first_packet = 100 + id;
    record.server_name = name;
    record.sent.retransmitted_packets = resent;
    tell(record);
  }
  std::string page() {
    tell(CaptureEnd{});
    report_.finish();
    std::ifstream in(file_.path());
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  static json summary(const std::string& page) {
    constexpr std::string_view kMark = R"(<script type="application/json" id="summary">)";
    const std::size_t begin = page.find(kMark) + kMark.size();
    return json::parse(page.substr(begin, page.find("</script>", begin) - begin));
  }

  ScratchFile file_{""};
  HtmlReport report_;
};

TEST_F(HtmlTest, NamesWhatItHolds) {
  if (!HtmlReport::is_built()) GTEST_SKIP() << "this build has no page";
  connection(0, 0);
  connection(1, 3);
  tell(finding("it is slow"));
  const json all = summary(page());
  EXPECT_EQ(all["begin"], "2026-11-20T21:00:44.000000000Z");
  EXPECT_EQ(all["types"]["connection"]["rows"], 2);
  EXPECT_EQ(all["findings"][0]["title"], "it is slow");
}

TEST_F(HtmlTest, TextOfTheWireIsNoMarkup) {
  if (!HtmlReport::is_built()) GTEST_SKIP() << "this build has no page";
  constexpr std::string_view kEvil = "</script><script>alert(1)</script><!--";
  connection(0, 0, kEvil);
  tell(finding(kEvil));
  const std::string text = page();
  EXPECT_THAT(text, Not(HasSubstr("alert(1)</script>")));
  EXPECT_EQ(summary(text)["findings"][0]["title"], kEvil);
}

TEST_F(HtmlTest, ThePageLoadsNothing) {
  if (!HtmlReport::is_built()) GTEST_SKIP() << "this build has no page";
  const std::string text = page();
  EXPECT_THAT(text, HasSubstr("Content-Security-Policy\" content=\"default-src 'none'"));
  for (const char* link : {"src=\"http", "href=\"http", "url(http", "@import \""}) {
    EXPECT_THAT(text, Not(HasSubstr(link)));
  }
}

TEST_F(HtmlTest, WantsTheWorstAndThoseOfFindings) {
  for (ConnectionId id = 0; id < 40; ++id) connection(id, id % 7);
  const std::uint64_t named[] = {5, 6};
  tell(finding("first", named));
  const auto wanted = report_.wants_segments();
  EXPECT_EQ(wanted.front(), 105u);
  EXPECT_EQ(wanted.size(), HtmlReport::kDrawnConnections) << "5 is among the worst, too";
  EXPECT_EQ(wanted[1], 106u) << "six resent, and the first such";
}

TEST_F(HtmlTest, RowsAreBoundedAndCounted) {
  if (!HtmlReport::is_built()) GTEST_SKIP() << "this build has no page";
  for (std::uint64_t packet = 0; packet < HtmlReport::kDrawnSegments + 3; ++packet) {
    SegmentSeen segment;
    segment.packet = packet;
    tell(segment, 4);
  }
  const json segments = summary(page())["types"]["segment"];
  EXPECT_EQ(segments["rows"], HtmlReport::kDrawnSegments);
  EXPECT_EQ(segments["left_out"], 3);
}

TEST_F(HtmlTest, TheWorstOfTooManyIsKept) {
  if (!HtmlReport::is_built()) GTEST_SKIP() << "this build has no page";
  Exchange exchange;
  exchange.method = "GET";
  exchange.status = 200;
  for (std::uint64_t i = 0; i < HtmlReport::kMostRows; ++i) tell(exchange, i);
  for (std::uint64_t i = 0; i < 2 * HtmlReport::kWorstRows; ++i) {
    exchange.timing.wait = std::chrono::milliseconds(i);
    exchange.status = i == 7 ? 500 : 200;
    tell(exchange, i);
  }
  const json http = summary(page())["types"]["http"];
  EXPECT_EQ(http["rows"], HtmlReport::kMostRows + HtmlReport::kWorstRows);
  EXPECT_EQ(http["left_out"], HtmlReport::kWorstRows);
}

}  // namespace
}  // namespace wirelens
