// Caps, and traffic that wants to reach them.
#include <gtest/gtest.h>

#include "dissectors/http2/frames.h"
#include "http2/connection.h"
#include "http2/http2.h"
#include "support/dissect.h"

namespace wirelens::http2 {
namespace {

using namespace testing;
using nlohmann::json;
using wirelens::testing::flaws;
using wirelens::testing::of_type;
using wirelens::testing::play;
using wirelens::testing::play_in_every_cut;
using wirelens::testing::Records;
using wirelens::testing::Script;
using Names = std::vector<std::string>;

Script begun() {
  Script script;
  script.client(preface() + settings()).server(settings() + settings_ack());
  return script.client(settings_ack());
}
json sum_of(const Records& records) {
  return of_type(records, "http2").at(0);
}

TEST(Http2Limits, ContinuationFlood) {
  Script script = begun();
  std::string flood = headers(1, get("/"), flag::kEndStream);
  for (int i = 0; i < 500; ++i) flood += frame(FrameType::continuation, 0, 1, plain("a", "b"));
  script.client(flood + frame(FrameType::continuation, flag::kEndHeaders, 1, ""));
  script.client(headers(3, get("/3"))).server(headers(3, ok()));
  const Records records = play(script, kProtocol);
  EXPECT_EQ(flaws(records), Names{"http2.continuation_flood"});
  const Records exchanges = of_type(records, "http");
  ASSERT_EQ(exchanges.size(), 2u);
  EXPECT_EQ(exchanges[0]["path"], "/3");  // goes on
  EXPECT_EQ(exchanges[1]["complete"], false);
  EXPECT_EQ(sum_of(records)["client"]["lost_field_sections"], 1);
}

TEST(Http2Limits, LongFieldSections) {
  // Few frames, many bytes: SETTINGS allow the length.
  Script script;
  script.client(preface() + settings());
  script.server(settings({{Setting::max_frame_size, 0xffffff}}) + settings_ack());
  const std::string block = get("/") + plain("x-long", std::string(300'000, 'x'));
  script.client(headers(1, block) + headers(3, get("/3")));
  const Records records = play(script, kProtocol);
  EXPECT_EQ(flaws(records), Names{"http2.long_field_section"});
  EXPECT_EQ(sum_of(records)["client"]["lost_field_sections"], 1);
  EXPECT_EQ(of_type(records, "http").at(1)["path"], "/3");
}

TEST(Http2Limits, HpackBomb) {
  Script script = begun();
  script.client(headers(1, get("/") + inserted("bomb", std::string(4000, 'b'))));
  std::string bomb = get("/3");
  for (int i = 0; i < 16000; ++i) bomb += indexed(62);
  script.client(headers(3, bomb) + headers(5, get("/5") + indexed(62)));
  const Records records = play(script, kProtocol);
  EXPECT_EQ(flaws(records), Names{"http2.too_many_fields"});
  const Records exchanges = of_type(records, "http");
  ASSERT_EQ(exchanges.size(), 3u);
  EXPECT_EQ(exchanges[1]["request_headers"].size(), 65u);  // 256 KiB of them
  EXPECT_EQ(exchanges[2]["request_headers"].size(), 1u);   // the table is in step
}

/// What a connection holds that has nothing to do, also with both tables full.
TEST(Http2Limits, AnIdleConnectionTakesLittle) {
  wirelens::testing::RecordingContext context{{}};
  constexpr const Protocol* kProtocols[] = {&kProtocol};
  Conversation conversation(kProtocols, context.memory());
  std::uint64_t packet = 0;
  const auto say = [&](Direction from, const std::string& bytes) {
    const Stamp stamp{++packet, Timestamp(std::chrono::milliseconds(packet))};
    context.at(stamp);
    conversation.data(context, from, as_bytes(bytes), stamp);
  };
  const auto exchange = [&](std::uint32_t id) {
    const std::string cookie = "session=7f3c0f5e51c44d4b" + std::to_string(id);
    const std::string tag = "62b5c1d0a9f" + std::to_string(id);
    const auto from_client = Direction::from_client, from_server = Direction::from_server;
    say(from_client, headers(id, get("/page") + inserted("cookie", cookie)));
    say(from_server, headers(id, ok() + inserted("etag", tag), flag::kEndHeaders));
    say(from_server, data(id, std::string(5000, 'x'), flag::kEndStream));
  };
  say(Direction::from_client, preface() + settings());
  say(Direction::from_server, settings() + settings_ack());
  say(Direction::from_client, settings_ack());
  const auto idle = [&] {
    return sizeof(Conversation) + context.ledger().used(Charge::dissectors);
  };
  EXPECT_LE(idle(), 5u * 1024) << "just opened: no table yet";
  for (std::uint32_t id = 1; id < 20; id += 2) exchange(id);
  EXPECT_LE(idle(), 9u * 1024) << "ten entries in each table";
  for (std::uint32_t id = 21; id < 400; id += 2) exchange(id);
  EXPECT_LE(idle(), 14u * 1024) << "both tables full";
  conversation.finish(context, {++packet, Timestamp(std::chrono::milliseconds(packet))});
}

TEST(Http2Limits, ManyFields) {
  Script script = begun();
  std::string many = get("/");
  for (int i = 0; i < 3000; ++i) many += plain("a", "b");
  script.client(headers(1, many));
  const Records records = play(script, kProtocol);
  EXPECT_EQ(flaws(records), Names{"http2.too_many_fields"});
  EXPECT_EQ(of_type(records, "http").at(0)["request_headers"].size(), kMaxFields - 4);
}

TEST(Http2Limits, ManyStreams) {
  Script script = begun();
  for (std::uint32_t i = 0; i < 3000; ++i) script.client(headers(2 * i + 1, get("/")));
  const Records records = play(script, kProtocol);
  EXPECT_EQ(of_type(records, "http").size(), 3000u);
  EXPECT_EQ(sum_of(records)["dropped_streams"], 3000 - kMaxStreams);
  EXPECT_EQ(sum_of(records)["unfinished"], kMaxStreams);
  EXPECT_EQ(sum_of(records)["streams"], 3000);
}

TEST(Http2Limits, ManyBytesOfHeads) {
  Script script = begun();
  for (std::uint32_t i = 0; i < 200; ++i) {
    script.client(headers(2 * i + 1, get("/") + plain("x", std::string(15'000, 'x'))));
  }
  const Records records = play(script, kProtocol);
  EXPECT_EQ(of_type(records, "http").size(), 200u);
  EXPECT_GT(sum_of(records)["dropped_streams"], 100);
}

TEST(Http2Limits, RapidResets) {
  Script script = begun();
  for (std::uint32_t i = 0; i < 5000; ++i) {
    script.client(headers(2 * i + 1, get("/")) + reset(2 * i + 1, 8));
  }
  const Records records = play(script, kProtocol);
  const json sum = sum_of(records);
  EXPECT_EQ(sum["client"]["resets"], 5000);
  EXPECT_EQ(sum["largest_concurrent"], 1);
  EXPECT_FALSE(sum.contains("dropped_streams"));
}

TEST(Http2Faults, EachIsTold) {
  const struct {
    std::string frames;
    Names told;
  } kCases[] = {
      {frame(FrameType::ping, 0, 0, "short"), {"http2.frame_size"}},
      {frame(FrameType::ping, 0, 3, "12345678"), {"http2.wrong_stream"}},
      {frame(FrameType::data, 0, 0, "x"), {"http2.wrong_stream"}},
      {frame(FrameType::settings, 0, 0, "12345"), {"http2.frame_size"}},
      {frame(FrameType::settings, flag::kAck, 0, "123456"), {"http2.frame_size"}},
      {frame(FrameType::continuation, flag::kEndHeaders, 1, get("/")), {"http2.unexpected_frame"}},
      {frame(FrameType::headers, flag::kEndHeaders | flag::kPadded, 1, "\xff"), {"http2.padding"}},
      {data(1, "x"), {"http2.unexpected_frame"}},
      {headers(1, get("/"), flag::kEndHeaders) + data(1, "\x09x", flag::kPadded),
       {"http2.padding"}},
      {headers(1, get("/")) + data(1, "x"), {"http2.unexpected_frame"}},
      {headers(1, get("/")) + headers(1, get("/")), {"http2.unexpected_frame"}},
      {headers(1, get("/"), 0) + window_update(0, 1), {"http2.interrupted_field_section"}},
      {headers(1, indexed(70)), {"http2.compression_error"}},
      {headers(2, get("/")), {"http2.wrong_stream"}},
      {window_update(0, 0), {"http2.window_update_value"}},
      {window_update(0, 0x7fffffff), {"http2.window_update_value"}},
      {settings({{Setting::enable_push, 2}}), {"http2.setting_value"}},
      {settings({{Setting::initial_window_size, 0x80000000}}), {"http2.setting_value"}},
      {settings({{Setting::max_frame_size, 16383}}), {"http2.setting_value"}},
      {headers(1, indexed(kGet) + indexed(kHttp)), {"http2.malformed_message"}},
      {headers(1, get("/") + plain("Upper", "x")), {"http2.malformed_message"}},
      {headers(1, get("/") + plain("connection", "close")), {"http2.malformed_message"}},
      {headers(1, get("/") + plain("te", "gzip")), {"http2.malformed_message"}},
      {headers(1, get("/") + plain("a", "b\r\nc: d")), {"http2.malformed_message"}},
      {headers(1, plain("a", "b") + get("/")), {"http2.malformed_message"}},
      {headers(1, get("/") + plain(":odd", "x")), {"http2.malformed_message"}},
      {headers(1, get("/") + indexed(kPost)), {"http2.malformed_message"}},
      {headers(1, get("/") + plain(kContentLength, "3"), flag::kEndHeaders) +
           data(1, "four", flag::kEndStream),
       {"http2.content_length_mismatch"}},
  };
  for (const auto& each : kCases) {
    Script script = begun();
    script.client(each.frames);
    // Whatever it was: the next stream is read.
    script.client(headers(77, get("/next")));
    const Records records = play(script, kProtocol);
    Names told = flaws(records);
    told.resize(std::min(told.size(), each.told.size()));
    EXPECT_EQ(told, each.told);
    EXPECT_EQ(of_type(records, "http").back()["path"], "/next") << each.told[0];
  }
}

TEST(Http2Faults, TheServerNeedNotSayItFirst) {
  const std::string length = plain(kContentLength, "1000");
  Script script = begun();
  script.client(headers(
      1, plain(2, "HEAD") + indexed(kHttp) + plain(kPath, "/") + plain(kAuthority, "a.test")));
  script.server(headers(1, ok() + length));
  EXPECT_TRUE(flaws(play(script, kProtocol)).empty());
}

TEST(Http2Faults, OtherBytesBehindThePreface) {
  Script script;
  std::string junk;
  for (int i = 0; i < 40; ++i) junk += "these are no frames at all, are they? ";
  script.client(preface() + junk).server(junk).end();
  const Records records = play_in_every_cut(script, kProtocol);
  EXPECT_TRUE(of_type(records, "http").empty());
}

}  // namespace
}  // namespace wirelens::http2
