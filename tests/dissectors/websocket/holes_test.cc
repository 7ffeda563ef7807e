// Holes, and WebSockets whose beginning was not seen.
#include <gtest/gtest.h>

#include "dissectors/websocket/frames.h"
#include "websocket/search.h"

namespace wirelens::websocket {
namespace {

using testing::flaws;
using testing::of_type;
using testing::play;
using testing::play_in_every_cut;
using testing::Records;
using testing::Script;

using Names = std::vector<std::string>;
constexpr Direction kClient = Direction::from_client;
constexpr Direction kServer = Direction::from_server;

Names told(const Records& records) {
  Names all;
  for (const auto& each : of_type(records, "websocket_message")) {
    all.push_back(each.value("preview", "-") + (each["complete"].get<bool>() ? "" : "!"));
  }
  return all;
}

TEST(WebSocketHoles, InsideAPayloadFramingGoesOn) {
  const std::string frame = by_server("0123456789abcdefghij");
  const Records records = play_in_every_cut(opened()
                                                .server(frame.substr(0, 8))
                                                .gap(kServer, 10)
                                                .server(frame.substr(18))
                                                .server(by_server("next"))
                                                .end(),
                                            kProtocols);
  EXPECT_EQ(told(records), (Names{"012345!", "next"}));
  const auto message = of_type(records, "websocket_message")[0];
  EXPECT_EQ(message["bytes"], 20);
  EXPECT_EQ(of_type(records, "websocket")[0]["missing_bytes"], 10);
  EXPECT_EQ(flaws(records), Names{});
}

TEST(WebSocketHoles, MaskGoesOnBehindAHole) {
  const std::string text = "a message that is long enough to have a hole in it";
  const std::string frame = by_client(text);
  const Records records = play_in_every_cut(opened()
                                                .client(frame.substr(0, 20))
                                                .gap(kClient, 13)
                                                .client(frame.substr(33))
                                                .client(by_client("after"))
                                                .end(),
                                            kProtocols);
  EXPECT_EQ(told(records), (Names{text.substr(0, 14) + "!", "after"}));
}

TEST(WebSocketHoles, OverAHeaderTheNextFrameIsFound) {
  for (const Direction from : {kClient, kServer}) {
    const auto by = [&](std::string_view text) {
      return from == kClient ? by_client(text) : by_server(text);
    };
    const Records records = play_in_every_cut(opened()
                                                  .say(from, by("before the hole"))
                                                  .gap(from, 500)
                                                  .say(from, by("the first one behind it"))
                                                  .say(from, by("and another"))
                                                  .end(),
                                              kProtocols);
    EXPECT_EQ(told(records), (Names{"before the hole", "the first one behind it", "and another"}));
    EXPECT_EQ(flaws(records), Names{});
  }
}

TEST(WebSocketHoles, TheRestOfACutFrameIsPassedOver) {
  const std::string long_text(300, 'x');
  const std::string frame = by_server(long_text);
  const Records records = play_in_every_cut(opened()
                                                .server(by_server("one"))
                                                .gap(kServer, 100)
                                                .server(frame.substr(100) + by_server("number two"))
                                                .server(by_server("number three"))
                                                .server(by_server("number four"))
                                                .end(),
                                            kProtocols);
  EXPECT_EQ(told(records), (Names{"one", "number two", "number three", "number four"}));
}

TEST(WebSocketHoles, AFragmentedMessageIsToldAsIncomplete) {
  const Records records = play_in_every_cut(
      opened()
          .server(wire({.opcode = 1, .payload = "first part", .final = false}))
          .gap(kServer, 40)
          .server(wire({.opcode = 0, .payload = "last part"}))
          .server(by_server("a message of its own") + by_server("and a second one"))
          .end(),
      kProtocols);
  EXPECT_EQ(told(records),
            (Names{"first part!", "-!", "a message of its own", "and a second one"}));
  EXPECT_FALSE(of_type(records, "websocket_message")[1].contains("opcode"));
  EXPECT_EQ(flaws(records), Names{});
}

TEST(WebSocketHoles, CompressedMessagesAreFound) {
  Deflater server;
  Script script = opened(kDeflate);
  script.server(wire({.payload = server("one"), .reserved = 4}));
  const std::string lost = wire({.payload = server("two, which is lost"), .reserved = 4});
  script.gap(kServer, lost.size());
  for (const std::string text : {"three is random 8264", "four is noise 7351", "five 1846"}) {
    script.server(wire({.payload = server(text), .reserved = 4}));
  }
  const Records records = play_in_every_cut(script.end(), kProtocols);
  const auto messages = of_type(records, "websocket_message");
  ASSERT_EQ(messages.size(), 4u);
  EXPECT_EQ(messages[1]["bytes"], 20);
  EXPECT_EQ(messages[3]["bytes"], 9);
}

TEST(WebSocketMidstream, FoundByItsFrames) {
  testing::Setting setting;
  setting.midstream = true;
  const Records records =
      play(Script()
               .server("the end of a frame that began before")
               .client(by_client(R"({"type":"message","text":"hello"})"))
               .server(by_server(R"({"type":"message","text":"hello yourself"})"))
               .server(by_server(R"({"type":"message","text":"and more"})"))
               .client(by_client(R"({"type":"message","text":"thanks"})"))
               .end(),
           kProtocols, setting);
  EXPECT_EQ(told(records), (Names{R"({"type":"message","text":"hello"})",
                                  R"({"type":"message","text":"hello yourself"})",
                                  R"({"type":"message","text":"and more"})",
                                  R"({"type":"message","text":"thanks"})"}));
  EXPECT_TRUE(of_type(records, "websocket")[0]["midstream"].get<bool>());
}

TEST(WebSocketMidstream, CompressedOnesToo) {
  testing::Setting setting;
  setting.midstream = true;
  Deflater server;
  server("what was said before the capture began");
  Script script;
  for (const char* text : {R"({"type":"one","number":4817})", R"({"type":"two","number":9923})",
                           R"({"type":"three","number":1200})"}) {
    script.server(wire({.payload = server(text), .reserved = 4}));
  }
  const Records records = play(script.end(), kProtocols, setting);
  const auto messages = of_type(records, "websocket_message");
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[0]["bytes"], 28);
  EXPECT_EQ(messages[2]["preview"], R"({"type":"three","number":1200})");
}

TEST(WebSocketMidstream, OtherTalkIsNoWebSocket) {
  testing::Setting setting;
  setting.midstream = true;
  std::string noise;
  for (std::uint32_t i = 1, n = 0; n < 20'000; ++n) {
    noise.push_back(static_cast<char>((i = i * 1664525 + 1013904223) >> 24));
  }
  const std::string talk[] = {"SSH-2.0-OpenSSH_9.2p1\r\n",
                              std::string("\x16\x03\x01\x02\x00\x01", 6), "220 mail.test ESMTP\r\n",
                              std::string(3000, '\0'), noise};
  for (const std::string& each : talk) {
    for (std::size_t at = 0; at < each.size(); at += 700) {
      const Script script = Script().server(each.substr(at)).client(each.substr(at)).end();
      EXPECT_EQ(of_type(play(script, kProtocols, setting), "websocket").size(), 0u) << at;
    }
  }
}

TEST(WebSocketSearch, TextThatLooksLikeAHeader) {
  // Cyrillic: every second byte may be 0x81 or 0x82, as in a header.
  std::string text;
  for (int i = 0; i < 200; ++i) text += "\xd1\x81\xd0\x82 ";
  Search search(kServer, false, 0);
  search.arrived(text.size(), 7);
  EXPECT_NE(search.look(as_bytes(text), false), Search::Found::yes);
}

TEST(WebSocketSearch, WorkIsInProportion) {
  // Places that look good for long must not be looked at again and again.
  std::string bytes;
  while (bytes.size() < 200'000) bytes += std::string("\x82\x7e\x7f\xff", 4);
  const Records records = play(opened().server("").gap(kServer, 9).server(bytes).end(), kProtocols);
  EXPECT_EQ(of_type(records, "websocket").size(), 1u);
}

}  // namespace
}  // namespace wirelens::websocket
