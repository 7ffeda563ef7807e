// cli/follow_test.cc - which connection is meant, what of it is told, and that no secret slips out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "all.h"
#include "cli/choose.h"
#include "cli/redacted_data.h"
#include "event/segment.h"
#include "report/json_writer.h"
#include "support/tree.h"

namespace wirelens {
namespace {

using testing::HasSubstr;
using testing::Not;

SourceOpener opener(const std::string& name) {
  return [path = tree("captures/" + name)] { return open_savefile(path, {}); };
}

EngineOptions options(unsigned threads = 1) {
  EngineOptions all;
  all.threads = threads;
  all.protocols = all_protocols();
  return all;
}

Result<ChosenConnection> chosen(const std::string& file, const std::string& typed) {
  auto choice = parse_choice(typed);
  if (!choice) return choice.error();
  return choose(*choice, opener(file), options(2), {});
}

TEST(Choice, IsWrittenInFourWays) {
  EXPECT_EQ((*parse_choice("0")).by, Choice::By::id);
  EXPECT_EQ((*parse_choice("packet:123")).number, 123u);
  EXPECT_EQ((*parse_choice("finding:3")).by, Choice::By::finding);
  EXPECT_EQ((*parse_choice("[2001:db8::1]:80")).ip, "2001:db8::1");
  EXPECT_EQ((*parse_choice("2001:db8::1:80")).port, 80);
  for (const char* wrong : {"", "x", "packet:0", "packet:", "10.0.0.1:", ":80", "10.0.0.1:65536",
                            "-1", "finding:x", "1 2"}) {
    EXPECT_FALSE(parse_choice(wrong)) << wrong;
  }
}

TEST(Choice, FindsTheConnection) {
  const auto by_packet = chosen("demo.pcapng", "packet:2518");
  ASSERT_TRUE(by_packet);
  auto found = chosen("demo.pcapng", "packet:2518");
  EXPECT_EQ(found->first_packet, 2518u);
  auto by_end = chosen("demo.pcapng", "10.0.2.99:8443");
  ASSERT_TRUE(by_end);
  EXPECT_EQ(by_end->id, found->id);
  EXPECT_EQ(by_end->others_count, 0u);
  auto many = chosen("demo.pcapng", "10.0.2.2:3000");
  ASSERT_TRUE(many);
  EXPECT_GT(many->others_count, 5u);
  auto by_id = chosen("demo.pcapng", "17");
  ASSERT_TRUE(by_id);
  EXPECT_EQ(by_id->id, 17u);
  EXPECT_THAT(by_id->heading.front(), HasSubstr("Connection 17"));
}

TEST(Choice, SaysThatThereIsNone) {
  EXPECT_THAT(chosen("demo.pcapng", "4000000").error().message, HasSubstr("no connection"));
  EXPECT_THAT(chosen("demo.pcapng", "192.0.2.1:1").error().message, HasSubstr("192.0.2.1:1"));
  EXPECT_THAT(chosen("demo.pcapng", "packet:99999999").error().message, HasSubstr("packet"));
  EXPECT_THAT(chosen("demo.pcapng", "finding:999999").error().message, HasSubstr("finding"));
}

class Segments final : public EventSink {
 public:
  void write(const Event& event) override {
    const auto* seen = event.as<SegmentSeen>();
    if (const auto* record = event.as<Connection>(); record && record->id == wanted) {
      packets = record->sent.packets + record->received.packets;
      resent = record->sent.retransmitted_packets + record->received.retransmitted_packets;
    }
    if (seen == nullptr) return;
    ++count;
    wanted = *event.connection();
    if (seen->verdict) ++verdicts[std::string(*seen->verdict)];
    writer.begin_record(event.type().name, event.time(), event.connection());
    event.describe(writer);
    writer.end_record();
  }
  std::uint64_t count = 0, packets = 0, resent = 0;
  ConnectionId wanted = 0;
  std::map<std::string, std::uint64_t> verdicts;
  JsonWriter writer{1u << 16};
};

/// Every packet of the connection is told, once, and what they are called adds up to its counters:
/// whatever the number of threads.
TEST(Segments, AreAllPacketsOfTheConnection) {
  for (const char* file : {"tcp/loss_in_the_middle.pcap", "tcp/timeout.pcap", "tcp/spurious.pcap",
                           "tcp/unanswered.pcap", "tcp/begun_before.pcap", "tcp/reset.pcap",
                           "tcp/sequence_wrap.pcap", "tcp/zero_window.pcap", "demo.pcapng"}) {
    std::string first_text;
    for (const unsigned threads : {1u, 3u}) {
      auto connection = chosen(file, "0");
      ASSERT_TRUE(connection) << file;
      Watch watch{{connection->first_packet}, std::nullopt, 100};
      EngineOptions with = options(threads);
      with.watch = &watch;
      Segments segments;
      ASSERT_TRUE(run(opener(file), with, {}, segments));
      EXPECT_EQ(segments.count, segments.packets) << file;
      const auto& verdicts = segments.verdicts;
      std::uint64_t resent = 0;
      for (const char* each : {"timeout", "fast_retransmission", "retransmission", "spurious"}) {
        if (const auto found = verdicts.find(each); found != verdicts.end()) {
          resent += found->second;
        }
      }
      EXPECT_EQ(resent, segments.resent) << file;
      const std::string text(segments.writer.view());
      if (threads == 1) first_text = text;
      EXPECT_EQ(text, first_text) << file;
    }
  }
}

TEST(Segments, NobodyAskedNobodyIsTold) {
  Segments segments;
  ASSERT_TRUE(run(opener("demo.pcapng"), options(), {}, segments));
  EXPECT_EQ(segments.count, 0u);
}

constexpr std::string_view kRequest =
    "GET /a?token=hunter2hunter2 HTTP/1.1\r\nHost: a.test\r\nCookie: id=hunter2hunter2\r\n"
    "Authorization: Basic aHVudGVyMmh1bnRlcjI=\r\nAccept: */*\r\n\r\n";

/// In every cut into two segments, and with the second one sent twice.
TEST(RedactedData, HidesSecretsHoweverTheyAreCut) {
  for (std::size_t cut = 1; cut < kRequest.size(); ++cut) {
    RedactedData data;
    const auto at = static_cast<std::int64_t>(cut);
    std::string shown = data.redacted(Direction::from_client, 1, kRequest.substr(0, cut));
    shown += data.redacted(Direction::from_client, 1 + at, kRequest.substr(cut));
    shown += data.redacted(Direction::from_client, 1 + at, kRequest.substr(cut));
    EXPECT_THAT(shown, Not(HasSubstr("hunter2hunter2"))) << cut;
    EXPECT_THAT(shown, Not(HasSubstr("aHVudGVyMmh1bnRlcjI="))) << cut;
  }
  RedactedData data;
  EXPECT_THAT(data.redacted(Direction::from_client, 1, kRequest), HasSubstr("Accept: */*\r\n"));
}

TEST(RedactedData, LeavesTheRestAlone) {
  RedactedData data;
  const std::string_view text = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\na: b / c\n\x01";
  EXPECT_EQ(data.redacted(Direction::from_server, 1, text), text);
}

}  // namespace
}  // namespace wirelens
