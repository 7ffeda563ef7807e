// Whole WebSockets, in every cut: handshake, messages, control frames, faults.
#include "websocket/websocket.h"

#include <gtest/gtest.h>

#include "dissectors/websocket/frames.h"

namespace wirelens::websocket {
namespace {

using testing::flaws;
using testing::of_type;
using testing::play;
using testing::play_in_every_cut;
using testing::Records;
using testing::Script;

using Names = std::vector<std::string>;

/// "client text Hello; server ping; ...": who, what, preview, in order.
std::string told(const Records& records) {
  std::string all;
  for (const auto& each : of_type(records, "websocket_message")) {
    if (!all.empty()) all += "; ";
    all += each["from"].get<std::string>() + " " + each.value("opcode", "?");
    if (each.contains("close_code")) all += " " + std::to_string(each["close_code"].get<int>());
    if (each.contains("preview")) all += " " + each["preview"].get<std::string>();
    if (!each["complete"].get<bool>()) all += "!";
  }
  return all;
}
nlohmann::json session(const Records& records) {
  const Records found = of_type(records, "websocket");
  EXPECT_EQ(found.size(), 1u);
  return found.empty() ? nlohmann::json() : found[0];
}

TEST(WebSocket, ConversationFromHandshakeToClose) {
  const Records records =
      play_in_every_cut(Script()
                            .client(ask("Sec-WebSocket-Protocol: soap, chat\r\n"))
                            .server(accept("Sec-WebSocket-Protocol: chat\r\n"))
                            .client(by_client("Hello"))
                            .server(by_server("there"))
                            .client(by_client("\x03\xe8"
                                              "bye",
                                              8))
                            .server(by_server("\x03\xe8", 8))
                            .end(),
                        kProtocols);
  EXPECT_EQ(told(records),
            "client text Hello; server text there; client close 1000 bye; server close 1000");
  EXPECT_EQ(flaws(records), Names{});
  const auto whole = session(records);
  EXPECT_EQ(whole["host"], "a.test");
  EXPECT_EQ(whole["path"], "/chat");
  EXPECT_EQ(whole["subprotocol"], "chat");
  EXPECT_EQ(whole["messages"]["client"], 1);
  EXPECT_EQ(whole["bytes"]["server"], 5);
  EXPECT_EQ(whole["close_code"], 1000);
  EXPECT_EQ(whole["close_reason"], "bye");
  EXPECT_EQ(whole["closed_by"], "client");
  EXPECT_FALSE(whole.contains("midstream"));
  EXPECT_EQ(of_type(records, "websocket_message")[0]["packet"], 3);
}

// RFC 6455 section 5.4: control frames may be injected in the middle of a fragmented message.
TEST(WebSocket, FragmentsWithControlFramesBetween) {
  const Records records =
      play_in_every_cut(opened()
                            .server(wire({.opcode = 1, .payload = "Hel", .final = false}))
                            .server(by_server("are you there", 9))
                            .client(by_client("are you there", 10))
                            .server(wire({.opcode = 0, .payload = "", .final = false}) +
                                    wire({.opcode = 0, .payload = "lo"}))
                            .end(),
                        kProtocols);
  EXPECT_EQ(told(records),
            "server ping are you there; client pong are you there; server text Hello");
  const auto message = of_type(records, "websocket_message")[2];
  EXPECT_EQ(message["fragments"], 3);
  EXPECT_EQ(message["packet"], 3);
  const auto whole = session(records);
  EXPECT_EQ(whole["pings"], 1);
  EXPECT_EQ(whole["pongs"], 1);
  EXPECT_DOUBLE_EQ(whole["ping_rtt"]["mean"].get<double>(), 0.01);
  EXPECT_EQ(flaws(records), Names{});
}

TEST(WebSocket, PongAnswersTheLatestPingOfItsPayload) {
  const Records records = play_in_every_cut(opened()
                                                .server(by_server("1", 9))
                                                .server(by_server("2", 9))
                                                .client(by_client("2", 10))
                                                .client(by_client("1", 10))
                                                .client(by_client("unasked", 10))
                                                .end(),
                                            kProtocols);
  EXPECT_EQ(session(records)["ping_rtt"]["samples"], 1);
  EXPECT_DOUBLE_EQ(session(records)["ping_rtt"]["max"].get<double>(), 0.01);
}

TEST(WebSocket, LongMessagesAreCountedAndNotKept) {
  const std::string text(70'000, 'x');
  const Records records =
      play(opened().client(by_client(text)).server(by_server(text, 2)).end(), kProtocols);
  const auto messages = of_type(records, "websocket_message");
  ASSERT_EQ(messages.size(), 2u);
  for (const auto& each : messages) {
    EXPECT_EQ(each["bytes"], 70'000);
    EXPECT_EQ(each["preview"], std::string(64, 'x'));
  }
  EXPECT_EQ(flaws(records), Names{});
}

TEST(WebSocket, PreviewHidesSecrets) {
  const std::string text = R"({"user":"ada","password":"hunter2","n":1})";
  const auto hidden = play(opened().client(by_client(text)).end(), kProtocols);
  EXPECT_EQ(told(hidden), R"(client text {"user":"ada","password":"[redacted]","n":1})");
  testing::Setting setting;
  setting.dissect.show_secrets = true;
  const auto shown = play(opened().client(by_client(text)).end(), kProtocols, setting);
  EXPECT_EQ(told(shown), "client text " + text);
}

TEST(WebSocket, BadAccept) {
  const Script script = Script()
                            .client(ask())
                            .server(accept("", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="))
                            .server(by_server("x"))
                            .end();
  EXPECT_EQ(flaws(play_in_every_cut(script, kProtocols)), Names{"websocket.bad_accept"});
}

struct Fault {
  std::string frames;
  Direction from;
  Names flaws;
};
void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.flaws.front();
}

std::vector<Fault> faults() {
  const Direction client = Direction::from_client, server = Direction::from_server;
  const std::string long_control = by_server(std::string(126, 'p'), 9);
  return {
      {by_server("in the clear"), client, {"websocket.unmasked_client_frame"}},
      {by_client("masked"), server, {"websocket.masked_server_frame"}},
      {by_server("\xc3("), server, {"websocket.invalid_utf8"}},
      {by_server("cut \xc3"), server, {"websocket.invalid_utf8"}},
      {by_client("\xed\xa0\x80 surrogate"), client, {"websocket.invalid_utf8"}},
      {wire({.opcode = 1, .payload = "x", .reserved = 4}), server, {"websocket.reserved_bits"}},
      {wire({.opcode = 9, .payload = "x", .reserved = 1}), server, {"websocket.reserved_bits"}},
      {by_server("x", 3), server, {"websocket.bad_opcode"}},
      {by_server("x", 11), server, {"websocket.bad_opcode"}},
      {long_control, server, {"websocket.control_too_long"}},
      {wire({.opcode = 9, .payload = "x", .final = false}),
       server,
       {"websocket.fragmented_control"}},
      {by_server("x", 0), server, {"websocket.unexpected_continuation"}},
      {wire({.opcode = 1, .payload = "x", .final = false}) + by_server("y"),
       server,
       {"websocket.unfinished_message"}},
      {by_server("\x03", 8), server, {"websocket.bad_close"}},
      {by_server("\x03\xed", 8), server, {"websocket.bad_close"}},  // 1005 is never sent
      {by_server("\x03\xe8\xff", 8), server, {"websocket.invalid_utf8"}},
      {by_server("\x03\xe8", 8) + by_server("more"), server, {"websocket.frame_after_close"}},
      {std::string("\x81\x7e\x00\x01x", 5), server, {"websocket.length_not_minimal"}},
  };
}

class EachFault : public ::testing::TestWithParam<Fault> {};

TEST_P(EachFault, HasItsName) {
  const Fault& fault = GetParam();
  const Script script = opened().say(fault.from, fault.frames).end();
  EXPECT_EQ(flaws(play_in_every_cut(script, kProtocols)), fault.flaws)
      << ::testing::PrintToString(fault.frames);
}
INSTANTIATE_TEST_SUITE_P(WebSocket, EachFault, ::testing::ValuesIn(faults()));

TEST(WebSocket, ManyFragmentsAreOneFlaw) {
  std::string frames = wire({.opcode = 2, .payload = "", .final = false});
  for (int i = 0; i < 3000; ++i) frames += wire({.opcode = 0, .payload = "", .final = false});
  const Records records =
      play(opened().server(frames + wire({.opcode = 0, .payload = "end"})).end(), kProtocols);
  EXPECT_EQ(flaws(records), Names{"websocket.many_fragments"});
  EXPECT_EQ(of_type(records, "websocket_message")[0]["fragments"], 3002);
}

TEST(WebSocket, EndsInTheMiddleOfAMessage) {
  const Records records = play_in_every_cut(
      opened().server(by_server("whole") + by_server("cut off here").substr(0, 8)).end(),
      kProtocols);
  EXPECT_EQ(told(records), "server text whole; server text cut of!");
  EXPECT_FALSE(session(records).contains("closed_by"));
}

TEST(WebSocket, GarbageIsToldAndPassedOver) {
  const std::string impossible("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10);
  const Records records = play_in_every_cut(
      opened()
          .server(by_server("before") + impossible + std::string(40, '\x33'))
          .server(by_server("found again, after all") + by_server("and again, and again"))
          .end(),
      kProtocols);
  EXPECT_EQ(told(records),
            "server text before; server text found again, after all; "
            "server text and again, and again");
  EXPECT_EQ(flaws(records), Names{"websocket.framing_lost"});
}

}  // namespace
}  // namespace wirelens::websocket
