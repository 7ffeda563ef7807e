// Head-of-line blocking: which streams waited behind a hole of the TCP stream, and for how long.
#include <gtest/gtest.h>

#include "dissectors/http2/frames.h"
#include "http2/http2.h"
#include "support/dissect.h"

namespace wirelens::http2 {
namespace {

using namespace testing;
using nlohmann::json;
using wirelens::testing::of_type;
using wirelens::testing::RecordingContext;
using wirelens::testing::Records;
using wirelens::testing::Setting;

constexpr auto kClient = Direction::from_client;
constexpr auto kServer = Direction::from_server;

/// Packets a millisecond apart, whose bytes TCP may hand on with a later packet.
class Line {
 public:
  Line() : conversation_(kProtocols, context_.memory()) {}
  ~Line() { EXPECT_EQ(context_.ledger().used(Charge::carry), 0u); }

  /// Bytes of packet `own`, read at packet `now`.
  Line& say(Direction from, std::string_view bytes, int own, int now) {
    context_.at(stamp(now));
    // A copy that dies with the call: a view that is kept too long is found by the sanitizers.
    const std::vector<std::uint8_t> slice(as_bytes(bytes).begin(), as_bytes(bytes).end());
    conversation_.data(context_, from, slice, stamp(own));
    return *this;
  }
  Line& say(Direction from, std::string_view bytes, int now) { return say(from, bytes, now, now); }
  Line& gap(Direction from, std::uint64_t bytes, int now) {
    context_.at(stamp(now));
    conversation_.gap(context_, from, bytes, stamp(now));
    return *this;
  }
  /// The server's summary, and the whole record.
  json finish(int now) {
    conversation_.finish(context_, stamp(now));
    for (const std::string& line : context_.lines()) {
      const json record = json::parse(line);
      if (record["type"] == "http2") return record;
    }
    return {};
  }

 private:
  static Stamp stamp(int packet) {
    return {static_cast<std::uint64_t>(packet), Timestamp(std::chrono::milliseconds(packet))};
  }
  static constexpr const Protocol* kProtocols[] = {&kProtocol};

  RecordingContext context_{Setting{}};
  Conversation conversation_;
};

/// Three requests, and the heads of their responses.
void begin(Line& line) {
  line.say(kClient, preface() + settings(), 1).say(kServer, settings() + settings_ack(), 2);
  line.say(kClient,
           settings_ack() + headers(1, get("/1")) + headers(3, get("/3")) + headers(5, get("/5")),
           3);
  line.say(kServer, headers(1, ok(), 4) + headers(3, ok(), 4) + headers(5, ok(), 4), 4);
}

TEST(HeadOfLine, StreamsWaitForOthersBytes) {
  Line line;
  begin(line);
  // Packet 10 is lost, 11 to 13 come, 40 brings it again.
  line.say(kServer, data(1, "lost"), 40);
  line.say(kServer, data(3, "waits"), 11, 40).say(kServer, data(5, "waits"), 12, 40);
  line.say(kServer, data(1, "also", flag::kEndStream), 13, 40);
  line.say(kServer, data(3, "", flag::kEndStream) + data(5, "", flag::kEndStream), 41);
  const json record = line.finish(42);
  const json& sum = record["server"]["head_of_line"];
  EXPECT_EQ(sum["holes"], 1);
  EXPECT_EQ(sum["bytes"], 14 + 14 + 13);
  EXPECT_DOUBLE_EQ(sum["time"], 0.029);
  EXPECT_EQ(sum["streams"], 2);
  EXPECT_DOUBLE_EQ(sum["stream_time"], 0.029 + 0.028);
  const json& hole = record["blocked"].at(0);
  EXPECT_EQ(hole["packet"], 40);
  EXPECT_EQ(hole["from"], "server");
  EXPECT_EQ(hole["lost"], json::parse("[1]"));
  EXPECT_EQ(hole["waiting"], json::parse("[3,5]"));
  EXPECT_FALSE(record["client"].contains("head_of_line"));
}

TEST(HeadOfLine, AFrameMayLieOnBothSidesOfAHole) {
  for (std::size_t cut = 1; cut < 30; ++cut) {
    Line line;
    begin(line);
    const std::string frames = data(1, "0123456789") + data(3, "0123456789");
    line.say(kServer, frames.substr(0, cut), 20).say(kServer, frames.substr(cut), 11, 20);
    const json record = line.finish(21);
    EXPECT_EQ(record["server"]["head_of_line"]["holes"], 1) << cut;
    EXPECT_DOUBLE_EQ(record["server"]["head_of_line"]["time"], 0.009) << cut;
    // Stream 3 waited, unless its own frame was torn.
    EXPECT_EQ(record.contains("blocked"), cut <= 19) << cut;
  }
}

TEST(HeadOfLine, OwnBytesAreNoBlocking) {
  Line line;
  begin(line);
  line.say(kServer, data(1, "lost"), 30).say(kServer, data(1, "waits"), 11, 30);
  const json record = line.finish(31);
  EXPECT_EQ(record["server"]["head_of_line"]["holes"], 1);
  EXPECT_EQ(record["server"]["head_of_line"]["streams"], 0);
  EXPECT_FALSE(record.contains("blocked"));
}

TEST(HeadOfLine, WhatTheCaptureMissedNobodyWaitedFor) {
  Line line;
  begin(line);
  // The hole is given up at packet 30: the receiver had it all the time.
  const std::string frame = data(1, "0123456789");
  line.say(kServer, frame.substr(0, 12), 10).gap(kServer, 7, 30);
  line.say(kServer, data(3, "held by us"), 11, 30);
  EXPECT_FALSE(line.finish(31)["server"].contains("head_of_line"));
}

TEST(HeadOfLine, FrameByFrameIsNoHole) {
  Line line;
  begin(line);
  const std::string frames = data(1, std::string(100, 'x')) + headers(3, plain("a", "b"));
  for (std::size_t i = 0; i < frames.size(); ++i) {
    line.say(kServer, frames.substr(i, 1), static_cast<int>(10 + i));
  }
  EXPECT_FALSE(line.finish(500)["server"].contains("head_of_line"));
}

}  // namespace
}  // namespace wirelens::http2
