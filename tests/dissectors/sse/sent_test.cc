// Captures of an event server: the records are what it wrote down when it sent it.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/run.h"

namespace wirelens::sse {
namespace {

using testing::of_type;
using testing::Records;
using testing::records_of;
using testing::sent_in;

using Lines = std::vector<std::string>;

std::string line(const nlohmann::json& event) {
  return event["event"].get<std::string>() + " " + event.value("id", "-") + " " +
         std::to_string(event.value("retry", 0)) + " " +
         std::to_string(event["data_bytes"].get<int>());
}
Lines lines(const Records& events) {
  Lines all;
  for (const auto& each : events) all.push_back(line(each));
  return all;
}

class Sent : public ::testing::TestWithParam<const char*> {};

TEST_P(Sent, EveryEventAsItWasSent) {
  const Records records = records_of(GetParam());
  EXPECT_EQ(lines(of_type(records, "sse_event")), lines(sent_in(GetParam())));
  EXPECT_EQ(testing::flaws(records), Lines{});
}

INSTANTIATE_TEST_SUITE_P(Sse, Sent,
                         ::testing::Values("sse/plain.pcap", "sse/gzip.pcap", "sse/nginx.pcap",
                                           "sse/endless.pcap", "sse/lossy.pcap", "sse/tls.pcap",
                                           "sse/tls_lossy.pcap"));

TEST(SseSent, AReconnectGoesOnWhereItWas) {
  const Records streams = of_type(records_of("sse/plain.pcap"), "sse");
  ASSERT_EQ(streams.size(), 2u);
  EXPECT_FALSE(streams[0]["reconnect"].get<bool>());
  EXPECT_EQ(streams[0]["last_event_id"], "30");
  EXPECT_EQ(streams[0]["heartbeats"], 6);
  EXPECT_EQ(streams[0]["retry"], 1500);
  EXPECT_TRUE(streams[0]["complete"].get<bool>());
  EXPECT_EQ(streams[1]["resumed_from"], "25");
  EXPECT_EQ(streams[1]["events"], 7);
}

TEST(SseSent, AStreamThatTheClientLeaves) {
  const Records records = records_of("sse/endless.pcap");
  const auto stream = of_type(records, "sse")[0];
  EXPECT_EQ(stream["events"], 1);
  EXPECT_GE(stream["heartbeats"].get<int>(), 5);
  EXPECT_FALSE(stream["complete"].get<bool>());
}

/// Holes that hit the framing of chunks cost the events that were in them, and those cut by them:
/// chunks are found again behind.
TEST(SseSent, BehindHolesInTheChunksAllAreAsSent) {
  for (const char* name : {"sse/capture_loss.pcap", "sse/tls_capture_loss.pcap"}) {
    const Lines sent = lines(sent_in(name));
    const Records records = records_of(name);
    Records whole = of_type(records, "sse_event");
    std::erase_if(whole, [](const auto& each) { return !each["complete"].template get<bool>(); });
    const Lines seen = lines(whole);
    ASSERT_GE(seen.size() + 8, sent.size()) << name;
    EXPECT_LT(seen.size(), sent.size());
    auto next = sent.begin();
    for (const std::string& each : seen) {
      next = std::find(next, sent.end(), each);
      ASSERT_NE(next, sent.end()) << name << " " << each;
      ++next;
    }
    EXPECT_EQ(seen.back(), sent.back()) << name;
    EXPECT_FALSE(of_type(records, "sse")[0]["complete"].get<bool>());
    EXPECT_EQ(testing::flaws(records), Lines{});
  }
}

}  // namespace
}  // namespace wirelens::sse
