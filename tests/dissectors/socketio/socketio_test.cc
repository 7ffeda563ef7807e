// Engine.IO payloads and Socket.IO packets, alone and within HTTP/1 and WebSocket.
#include "socketio/socketio.h"

#include <gtest/gtest.h>

#include "dissectors/websocket/frames.h"
#include "http1/http1.h"
#include "socketio/jsonp.h"
#include "socketio/packet.h"
#include "socketio/payload.h"
#include "support/dissect.h"

namespace wirelens::socketio {
namespace {

using testing::flaws;
using testing::of_type;
using testing::play_in_every_cut;
using testing::Records;
using testing::Script;
using websocket::by_client;
using websocket::by_server;

using Names = std::vector<std::string>;
constexpr const Protocol* kProtocols[] = {&http1::kProtocol, &websocket::kProtocol, &kProtocol};

// ---- packets ------------------------------------------------------------------------------------

// The examples of Socket.IO protocol 5, section "Packet encoding".
TEST(SocketIoPacket, Examples) {
  const auto event = parse_packet(R"(2["hello",1])");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, SocketType::event);
  EXPECT_EQ(event->name_space, "/");
  EXPECT_EQ(event->ack, std::nullopt);
  EXPECT_EQ(first_text(event->data), "hello");

  const auto asked = parse_packet(R"(2/admin,456["project:delete",123])");
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->name_space, "/admin");
  EXPECT_EQ(asked->ack, 456u);
  EXPECT_EQ(first_text(asked->data), "project:delete");

  const auto ack = parse_packet("3/admin,456[]");
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->type, SocketType::ack);
  EXPECT_EQ(ack->ack, 456u);

  const auto binary = parse_packet(R"(51-/admin,789["hello",{"_placeholder":true,"num":0}])");
  ASSERT_TRUE(binary);
  EXPECT_EQ(binary->attachments, 1u);
  EXPECT_EQ(binary->name_space, "/admin");
  EXPECT_EQ(binary->ack, 789u);

  EXPECT_EQ(parse_packet(R"(0/admin?token=1,{"a":1})")->name_space, "/admin");
  EXPECT_EQ(parse_packet("1/admin,")->type, SocketType::disconnect);
  EXPECT_EQ(parse_packet("0/admin")->name_space, "/admin");
}

TEST(SocketIoPacket, NonsenseIsNoPacket) {
  for (const char* text : {"", "7[]", "x", "2", "2{}", "2/ns", "5[\"a\"]", "5x-[]", "5-[]",
                           "299999999999999999999[\"a\"]", "3/admin,456"}) {
    EXPECT_FALSE(parse_packet(text)) << text;
  }
}

TEST(SocketIoPacket, NamesAreUnescaped) {
  EXPECT_EQ(first_text(R"(["a\"b\\c\u00e9\n"])"), "a\"b\\c\xc3\xa9\n");
  EXPECT_EQ(first_text(R"([ "x", 1])"), "x");
  EXPECT_EQ(first_text(R"(["cut off)"), "cut off");
  EXPECT_EQ(first_text(R"(["cut \)"), "cut ");
  EXPECT_EQ(first_text(R"(["cut \u00)"), "cut u00");
  EXPECT_EQ(first_text("[1]"), std::nullopt);
  EXPECT_EQ(first_text("[]"), std::nullopt);
}

TEST(SocketIoPacket, Announcement) {
  const Announcement open =
      parse_open(R"({"sid":"lv_VI97HAXpY6yYWAAAB","nested":{"sid":"no"},"upgrades":["websocket"],)"
                 R"("pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})");
  EXPECT_EQ(open.sid, "lv_VI97HAXpY6yYWAAAB");
  EXPECT_EQ(open.ping_interval, 25000u);
  EXPECT_EQ(open.ping_timeout, 20000u);
  EXPECT_TRUE(open.offers_websocket);
  EXPECT_FALSE(parse_open("{").sid);
  EXPECT_FALSE(parse_open(R"({"sid)").sid);
  EXPECT_FALSE(parse_open(R"({"a":")").sid);
}

TEST(SocketIoPacket, Parameters) {
  const std::string_view target = "/socket.io/?EIO=4&transport=polling&t=x&sid=abc#f";
  EXPECT_EQ(parameter(target, "EIO"), "4");
  EXPECT_EQ(parameter(target, "sid"), "abc");
  EXPECT_EQ(parameter(target, "j"), std::nullopt);
  EXPECT_EQ(parameter("/socket.io/", "EIO"), std::nullopt);
}

// ---- payloads -----------------------------------------------------------------------------------

Names packets_of(unsigned version, std::string_view body) {
  Payload payload(version, as_bytes(body));
  Names all;
  while (const auto packet = payload.next()) {
    all.push_back(packet->binary ? "binary " + std::to_string(packet->size)
                                 : std::string(packet->text));
  }
  if (payload.broken()) all.push_back("!");
  return all;
}

// Engine.IO protocol 4, "Payload encoding", and what protocol 3 had in its place.
TEST(SocketIoPayload, OfEachProtocol) {
  EXPECT_EQ(packets_of(4,
                       "4hello\x1e"
                       "2\x1e"
                       "4world"),
            (Names{"4hello", "2", "4world"}));
  EXPECT_EQ(packets_of(4,
                       "4hello\x1e"
                       "bAQIDBA=="),
            (Names{"4hello", "binary 4"}));
  EXPECT_EQ(packets_of(3, "6:4hello2:4€"), (Names{"4hello", "4€"}));
  EXPECT_EQ(packets_of(3, "3:4😀1:2"), (Names{"4😀", "2"}));
  EXPECT_EQ(packets_of(3, "10:b4AQIDBA==2:40"), (Names{"binary 4", "40"}));
  EXPECT_EQ(packets_of(3, std::string("\x00\x06\xff"
                                      "4hello\x01\x05\xff\x04\x01\x02\x03\x04",
                                      17)),
            (Names{"4hello", "binary 4"}));
}

TEST(SocketIoPayload, BrokenOnes) {
  EXPECT_EQ(packets_of(4,
                       "4a\x1e\x1e"
                       "2"),
            (Names{"4a", "!"}));
  EXPECT_EQ(packets_of(3, "6:4hel"), Names{"!"});
  EXPECT_EQ(packets_of(3, "x"), Names{"!"});
  EXPECT_EQ(packets_of(3, "0:"), Names{"!"});
  EXPECT_EQ(packets_of(3, "2:😀"), Names{"😀"});
  EXPECT_EQ(packets_of(3, "1:😀"), Names{"!"});
  EXPECT_EQ(packets_of(3, std::string("\x00\x09\xff"
                                      "4",
                                      4)),
            Names{"!"});
  EXPECT_EQ(packets_of(3, std::string("\x01\xff", 2)), Names{"!"});
}

// engine.io's transports/polling-jsonp.js: what it writes, and what it makes of a form.
TEST(SocketIoJsonp, ScriptsAndForms) {
  EXPECT_EQ(payload_of_script(R"x(___eio[0]("12:4\"hi\"\n\\ \u20ac\ud83d\ude00");)x"),
            "12:4\"hi\"\n\\ \u20ac\U0001F600");
  EXPECT_EQ(payload_of_script(R"(___eio[17]("1:2");)"), "1:2");
  EXPECT_EQ(payload_of_script(R"(___eio[0]("cut of)"), "cut of");
  EXPECT_EQ(payload_of_script(R"(___eio[0]("cut\)"), "cut");
  EXPECT_EQ(payload_of_script(R"(___eio[0]("\ud83d alone");)"), "\uFFFD alone");
  EXPECT_EQ(payload_of_script(R"(___eio[0]("\u12");)"), "u12");
  EXPECT_EQ(payload_of_script("___eio[0]"), std::nullopt);
  EXPECT_EQ(payload_of_script("1:2"), std::nullopt);

  EXPECT_EQ(payload_of_form("d=10%3A42%5B%22say%22%5D"), "10:42[\"say\"]");
  EXPECT_EQ(payload_of_form("x=1&d=a+b%2&y"), "a b%2");
  EXPECT_EQ(payload_of_form(R"(d=line\n\\n)"), "line\n\\n");
  EXPECT_EQ(payload_of_form("x=1"), std::nullopt);
  EXPECT_EQ(payload_of_form(""), std::nullopt);
}

// ---- conversations ------------------------------------------------------------------------------

std::string get(std::string_view query) {
  return "GET /socket.io/?" + std::string(query) + " HTTP/1.1\r\nHost: a.test\r\n\r\n";
}
std::string post(std::string_view query, std::string_view body) {
  return "POST /socket.io/?" + std::string(query) +
         " HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}
std::string ok(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}
/// "client event /chat say 7": who, what, where, name, ack.
Names told(const Records& records) {
  Names all;
  for (const auto& each : of_type(records, "socketio")) {
    std::string text = each["from"].get<std::string>() + " " + each["kind"].get<std::string>() +
                       " " + each["namespace"].get<std::string>();
    if (each.contains("event")) text += " " + each["event"].get<std::string>();
    if (each.contains("ack")) text += " " + std::to_string(each["ack"].get<int>());
    if (each.contains("attachments")) text += " +" + each["attachments"].dump();
    all.push_back(text + (each["complete"].get<bool>() ? "" : "!"));
  }
  return all;
}

TEST(SocketIo, ByPolling) {
  const std::string session = "EIO=4&transport=polling&sid=abc";
  const Records records = play_in_every_cut(
      Script()
          .client(get("EIO=4&transport=polling"))
          .server(
              ok(R"(0{"sid":"abc","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":5})"))
          .client(post(session, "40"))
          .server(ok("ok"))
          .client(get(session))
          .server(ok("40{\"sid\":\"def\"}\x1e"
                     "2\x1e"
                     "42/chat,7[\"say\",\"hi\"]"))
          .client(post(session,
                       "43/chat,7[]\x1e"
                       "451-[\"file\",{\"_placeholder\":true}]\x1e"
                       "bAQID"))
          .server(ok("ok"))
          .end(),
      kProtocols);
  EXPECT_EQ(told(records),
            (Names{"client connect /", "server connect /", "server event /chat say 7",
                   "client ack /chat 7", "client binary_event / file +1"}));
  for (const auto& each : of_type(records, "socketio")) {
    EXPECT_EQ(each["sid"], "abc");
    EXPECT_EQ(each["transport"], "polling");
  }
  EXPECT_EQ(of_type(records, "socketio")[4]["attachment_bytes"], 3);
  const Records sessions = of_type(records, "socketio_session");
  ASSERT_EQ(sessions.size(), 1u);
  EXPECT_DOUBLE_EQ(sessions[0]["ping_interval"].get<double>(), 25.0);
  EXPECT_EQ(flaws(records), Names{});
}

std::string upgrade(std::string_view query) {
  std::string text = websocket::ask();
  return text.replace(text.find("/chat"), 5, "/socket.io/?" + std::string(query));
}

TEST(SocketIo, ByWebSocketAfterAnUpgrade) {
  const Records records =
      play_in_every_cut(Script()
                            .client(upgrade("EIO=4&transport=websocket&sid=abc"))
                            .server(websocket::accept())
                            .client(by_client("2probe"))
                            .server(by_server("3probe"))
                            .client(by_client("5"))
                            .server(by_server("2"))
                            .client(by_client("3"))
                            .client(by_client("452-[\"up\",{},{}]"))
                            .client(by_client("abc", 2))
                            .client(by_client("de", 2))
                            .server(by_server("461-0[{}]"))
                            .server(by_server("2"))
                            .server(by_server("1"))
                            .end(),
                        kProtocols);
  EXPECT_EQ(told(records), (Names{"client binary_event / up +2", "server binary_ack / 0 +1!"}));
  const auto packet = of_type(records, "socketio")[0];
  EXPECT_EQ(packet["sid"], "abc");
  EXPECT_TRUE(packet["upgraded"].get<bool>());
  EXPECT_EQ(packet["attachment_bytes"], 5);
  const auto session = of_type(records, "socketio_session")[0];
  EXPECT_TRUE(session["upgraded"].get<bool>());
  EXPECT_DOUBLE_EQ(session["probe_time"].get<double>(), 0.01);
  EXPECT_EQ(session["pings"], 2);
  EXPECT_EQ(session["pongs"], 1);
  EXPECT_DOUBLE_EQ(session["longest_ping_gap"].get<double>(), 0.06);
  EXPECT_EQ(session["closed_by"], "server");
}

TEST(SocketIo, OldBinaryMessagesHaveTheirTypeInFront) {
  const Records records =
      play_in_every_cut(Script()
                            .client(upgrade("EIO=3&transport=websocket"))
                            .server(websocket::accept())
                            .server(by_server(R"(0{"sid":"x","pingInterval":10,"pingTimeout":5})"))
                            .server(by_server("451-[\"b\",{}]") + by_server("\x04"
                                                                            "abcd",
                                                                            2))
                            .end(),
                        kProtocols);
  EXPECT_EQ(told(records), Names{"server binary_event / b +1"});
  EXPECT_EQ(of_type(records, "socketio")[0]["attachment_bytes"], 4);
  EXPECT_FALSE(of_type(records, "socketio")[0]["upgraded"].get<bool>());
}

TEST(SocketIo, BadPacketsAndPayloads) {
  const std::string session = "EIO=4&transport=polling&sid=abc";
  EXPECT_EQ(flaws(play_in_every_cut(Script().client(post(session, "9what")).server(ok("ok")).end(),
                                    kProtocols)),
            Names{"socketio.bad_packet"});
  EXPECT_EQ(flaws(play_in_every_cut(Script()
                                        .client(post(session,
                                                     "40\x1e\x1e"
                                                     "2"))
                                        .server(ok("ok"))
                                        .end(),
                                    kProtocols)),
            Names{"socketio.bad_payload"});
}

TEST(SocketIo, RefusalsAreNoPackets) {
  const Records records =
      play_in_every_cut(Script()
                            .client(get("EIO=4&transport=polling&sid=gone"))
                            .server("HTTP/1.1 400 Bad Request\r\nContent-Length: 41\r\n\r\n"
                                    R"({"code":1,"message":"Session ID unknown"})")
                            .end(),
                        kProtocols);
  EXPECT_EQ(told(records), Names{});
  EXPECT_EQ(flaws(records), Names{});
}

TEST(SocketIo, APayloadWithAHole) {
  const std::string body =
      "42[\"one\"]\x1e"
      "42[\"two\",\"" +
      std::string(100, 'x') + "\"]";
  const Records records = play_in_every_cut(Script()
                                                .client(get("EIO=4&transport=polling&sid=abc"))
                                                .server(ok(body).substr(0, ok(body).size() - 60))
                                                .gap(Direction::from_server, 60)
                                                .end(),
                                            kProtocols);
  EXPECT_EQ(told(records), (Names{"server event / one", "server event / two!"}));
  EXPECT_EQ(flaws(records), Names{});
}

}  // namespace
}  // namespace wirelens::socketio
