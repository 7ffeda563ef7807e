// permessage-deflate: the examples of RFC 7692, takeover on each side, windows, bombs, what was
// said before the capture.
#include <gtest/gtest.h>

#include "dissectors/websocket/frames.h"
#include "support/packets.h"
#include "websocket/inflation.h"

namespace wirelens::websocket {
namespace {

using testing::flaws;
using testing::of_type;
using testing::play;
using testing::play_in_every_cut;
using testing::Records;
using testing::Script;

using Names = std::vector<std::string>;

std::string text_of(std::string_view hex) {
  const Octets bytes = from_hex(hex);
  return std::string(bytes.begin(), bytes.end());
}
std::string compressed(std::string payload, bool masked = false) {
  return wire({.payload = std::move(payload), .reserved = 4, .masked = masked});
}
Names previews(const Records& records) {
  Names all;
  for (const auto& each : of_type(records, "websocket_message")) {
    all.push_back(each.value("preview", "-"));
  }
  return all;
}

// RFC 7692 section 7.2.3: one block, the same by takeover, stored, with BFINAL, in two blocks.
TEST(WebSocketDeflate, ExamplesOfTheRfc) {
  const Records records =
      play_in_every_cut(opened(kDeflate)
                            .server(text_of("c1 07 f2 48 cd c9 c9 07 00"))
                            .server(text_of("c1 05 f2 00 11 00 00"))
                            .server(text_of("c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00"))
                            .server(text_of("c1 08 f3 48 cd c9 c9 07 00 00"))
                            .server(text_of("c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00"))
                            .server(text_of("41 03 f2 48 cd 80 04 c9 c9 07 00"))
                            .end(),
                        kProtocols);
  EXPECT_EQ(previews(records), Names(6, "Hello"));
  EXPECT_EQ(flaws(records), Names{});
  const auto last = of_type(records, "websocket_message")[5];
  EXPECT_EQ(last["fragments"], 2);
  EXPECT_EQ(last["wire_bytes"], 7);
  EXPECT_EQ(last["bytes"], 5);
  EXPECT_TRUE(last["compressed"].get<bool>());
}

// A final block does not end the context.
TEST(WebSocketDeflate, RefersPastAFinalBlock) {
  const Records records = play_in_every_cut(opened(kDeflate)
                                                .server(text_of("c1 08 f3 48 cd c9 c9 07 00 00"))
                                                .server(text_of("c1 05 f2 00 11 00 00"))
                                                .end(),
                                            kProtocols);
  EXPECT_EQ(previews(records), Names(2, "Hello"));
}

// The two sides agree for themselves: server_ is about what the server sends. Programs that take
// one for the other lose their place with the second message.
TEST(WebSocketDeflate, TakeoverOfEachSideIsItsOwn) {
  const Names words = {"the quick brown fox", "the quick brown fox again", "the quick brown dog"};
  for (const bool client_keeps : {false, true}) {
    for (const bool server_keeps : {false, true}) {
      std::string agreed = "Sec-WebSocket-Extensions: permessage-deflate";
      if (!client_keeps) agreed += "; client_no_context_takeover";
      if (!server_keeps) agreed += "; server_no_context_takeover";
      Deflater client(15, client_keeps), server(15, server_keeps);
      Script script = opened(agreed + "\r\n");
      Names expected;
      for (const std::string& word : words) {
        script.client(compressed(client(word), true)).server(compressed(server(word)));
        expected.push_back(word);
        expected.push_back(word);
      }
      const Records records = play_in_every_cut(script.end(), kProtocols);
      EXPECT_EQ(previews(records), expected);
      EXPECT_EQ(flaws(records), Names{});
    }
  }
}

TEST(WebSocketDeflate, SmallWindows) {
  Deflater server(9);
  const std::string agreed =
      "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n";
  Script script = opened(agreed);
  std::string text;
  for (int i = 0; i < 400; ++i) text += std::to_string(i * i);
  script.server(compressed(server(text))).server(compressed(server(text)));
  const Records records = play(script.end(), kProtocols);
  for (const auto& each : of_type(records, "websocket_message")) {
    EXPECT_EQ(each["bytes"], text.size());
  }
  EXPECT_EQ(flaws(records), Names{});
}

TEST(WebSocketDeflate, InvalidUtf8Inside) {
  Deflater server;
  const Script script = opened(kDeflate).server(compressed(server("bad \xff"))).end();
  EXPECT_EQ(flaws(play_in_every_cut(script, kProtocols)), Names{"websocket.invalid_utf8"});
}

TEST(WebSocketDeflate, BrokenData) {
  const Script script =
      opened(kDeflate).server(text_of("c1 03 ff ff ff")).server(by_server("goes on")).end();
  const Records records = play_in_every_cut(script, kProtocols);
  EXPECT_EQ(flaws(records), Names{"websocket.message_broken"});
  EXPECT_EQ(previews(records), (Names{"-", "goes on"}));
  EXPECT_FALSE(of_type(records, "websocket_message")[0].contains("bytes"));
}

TEST(WebSocketDeflate, BombsAreDefused) {
  const std::string zeros(64u << 20, '\0');
  Deflater deflater;
  std::string bomb(1u << 20, '\0');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(zeros.data()));
  stream.avail_in = static_cast<uInt>(zeros.size());
  stream.next_out = reinterpret_cast<Bytef*>(bomb.data());
  stream.avail_out = static_cast<uInt>(bomb.size());
  deflate(&stream, Z_SYNC_FLUSH);
  bomb.resize(bomb.size() - stream.avail_out - 4);
  deflateEnd(&stream);
  Script script = opened(kDeflate);
  for (int i = 0; i < 5; ++i) script.server(compressed(bomb));
  const Records records = play(script.server(by_server("still here")).end(), kProtocols);
  // After kMaxStrikes nothing of this side is inflated any more.
  EXPECT_EQ(flaws(records), Names(kMaxStrikes, "websocket.message_bomb"));
  EXPECT_EQ(of_type(records, "websocket_message").size(), 6u);
  EXPECT_EQ(of_type(records, "websocket_message")[5]["preview"], "still here");
}

TEST(WebSocketDeflate, LargeMessagesStopAtTheCap) {
  std::string text;
  for (std::uint32_t i = 1; text.size() <= kMaxInflated; i = i * 1664525 + 1013904223) {
    text += std::to_string(i);
  }
  Deflater server;
  Script script = opened(kDeflate);
  std::string all;
  for (std::size_t at = 0; at < text.size(); at += 1 << 20) {
    all += server(text.substr(at, 1 << 20));
    all.append("\x00\x00\xff\xff", 4);
  }
  all.resize(all.size() - 4);
  const Records records = play(script.server(compressed(all)).end(), kProtocols);
  EXPECT_EQ(flaws(records), Names{"websocket.message_too_large"});
  EXPECT_EQ(of_type(records, "websocket_message")[0]["wire_bytes"], all.size());
  EXPECT_FALSE(of_type(records, "websocket_message")[0].contains("bytes"));
}

// Behind a hole sizes are exact and what is not known is shown as such, never guessed.
TEST(WebSocketDeflate, WhatWasSaidBeforeIsNotGuessed) {
  Deflater server;
  const std::string lost = compressed(server("the password is swordfish"));
  const std::string next = compressed(server("the password is not swordfish, it is trout"));
  const std::string plain = compressed(server("nothing of this 0123456789 was said"));
  Script script = opened(kDeflate);
  script.server(by_server("one")).gap(Direction::from_server, lost.size());
  script.server(next).server(plain).server(by_server("four")).end();
  const Records records = play_in_every_cut(script, kProtocols);
  const auto messages = of_type(records, "websocket_message");
  ASSERT_EQ(messages.size(), 4u);
  EXPECT_EQ(messages[1]["bytes"], 42);
  const std::string preview = messages[1]["preview"];
  EXPECT_NE(preview.find("trout"), std::string::npos) << preview;
  EXPECT_EQ(preview.find("swordfish"), std::string::npos) << preview;
  EXPECT_NE(preview.find("\xef\xbf\xbd"), std::string::npos) << preview;
  EXPECT_EQ(messages[2]["bytes"], 35);
  EXPECT_EQ(flaws(records), Names{});
}

class Collected final : public InflatedSink {
 public:
  void inflated(Bytes bytes, Bytes doubtful) override {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const bool known = doubtful.empty() || bytes[i] == doubtful[i];
      text.push_back(known ? static_cast<char>(bytes[i]) : '?');
    }
    doubted = doubted || !doubtful.empty();
  }
  std::string text;
  bool doubted = false;
};

TEST(WebSocketDeflate, LearnsAgainWithinAWindow) {
  Deflater server;
  Ledger ledger(64u << 20);
  Inflation inflation({.agreed = true}, true, ledger);
  std::uint32_t number = 1;
  server("something said before the capture: ");
  bool known = false;
  for (int i = 0; i < 300; ++i) {
    std::string text = i == 0 ? "something said before the capture: " : "";
    for (int j = 0; j < 40; ++j) text += std::to_string(number = number * 1664525 + 1013904223);
    Collected collected;
    ASSERT_EQ(inflation.begin(), Inflation::State::going);
    inflation.feed(as_bytes(server(text)), collected);
    ASSERT_EQ(inflation.end(collected), Inflation::State::going);
    ASSERT_EQ(collected.text.size(), text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
      ASSERT_TRUE(collected.text[at] == text[at] || collected.text[at] == '?') << i << " " << at;
    }
    known = !collected.doubted;
  }
  EXPECT_TRUE(known) << "after 100 kB nothing is in doubt";
}

}  // namespace
}  // namespace wirelens::websocket
