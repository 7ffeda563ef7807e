// HTTP/2: exchanges as they should be, and the record of the connection.
#include "http2/http2.h"

#include <gtest/gtest.h>

#include "dissectors/http2/frames.h"
#include "http1/http1.h"
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
using wirelens::testing::Setting;

Script begun() {
  Script script;
  script.client(preface() + settings()).server(settings() + settings_ack());
  script.client(settings_ack());
  return script;
}

TEST(Http2, AnExchange) {
  Script script;
  script.client(preface() + settings() + headers(1, get("/index.html")));
  script.server(settings() + settings_ack());
  script.server(headers(1, ok() + plain(kContentType, "text/html"), flag::kEndHeaders));
  script.server(data(1, "hello", flag::kEndStream)).end();
  const Records records = play_in_every_cut(script, kProtocol);
  EXPECT_TRUE(flaws(records).empty());
  const Records requests = of_type(records, "http_request");
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0]["path"], "/index.html");
  EXPECT_EQ(requests[0]["stream"], 1);
  const Records exchanges = of_type(records, "http");
  ASSERT_EQ(exchanges.size(), 1u);
  const json& http = exchanges[0];
  EXPECT_EQ(http["version"], "2");
  EXPECT_EQ(http["stream"], 1);
  EXPECT_EQ(http["method"], "GET");
  EXPECT_EQ(http["scheme"], "http");
  EXPECT_EQ(http["host"], "a.test");
  EXPECT_EQ(http["path"], "/index.html");
  EXPECT_EQ(http["status"], 200);
  EXPECT_EQ(http["content_type"], "text/html");
  EXPECT_EQ(http["response_headers"], json::parse(R"([["content-type","text/html"]])"));
  EXPECT_EQ(http["request_headers"], json::array());
  EXPECT_EQ(http["response_body_bytes"], 5);
  EXPECT_EQ(http["response_body_wire_bytes"], 5);
  EXPECT_FALSE(http.contains("request_body_bytes"));
  EXPECT_EQ(http["request_packet"], 1);
  EXPECT_EQ(http["response_packet"], 3);
  EXPECT_EQ(http["complete"], true);
  EXPECT_EQ(http["reused"], false);
  EXPECT_DOUBLE_EQ(http["timing"]["wait"], 0.02);
  EXPECT_DOUBLE_EQ(http["timing"]["receive"], 0.01);
  const json sum = of_type(records, "http2").at(0);
  EXPECT_EQ(sum["begun"], "prior_knowledge");
  EXPECT_EQ(sum["streams"], 1);
  EXPECT_EQ(sum["client"]["frames"], json::parse(R"({"headers":1,"settings":1})"));
  EXPECT_EQ(sum["server"]["frames"], json::parse(R"({"data":1,"headers":1,"settings":2})"));
  EXPECT_EQ(sum["client"]["settings_acknowledged"], true);
  EXPECT_EQ(sum["server"]["settings_acknowledged"], false);
}

TEST(Http2, StreamsInterleave) {
  Script script = begun();
  script.client(headers(1, post("/up"), flag::kEndHeaders) + headers(3, get("/a")) +
                headers(5, get("/b")));
  script.server(headers(5, ok(), flag::kEndHeaders) + data(5, "bb"));
  script.client(data(1, "xxx", flag::kEndStream));
  script.server(headers(3, plain(kStatus, "404")) + data(5, "b", flag::kEndStream) +
                headers(1, indexed(9)));
  const Records records = play_in_every_cut(script.end(), kProtocol);
  EXPECT_TRUE(flaws(records).empty());
  const Records exchanges = of_type(records, "http");
  ASSERT_EQ(exchanges.size(), 3u);
  EXPECT_EQ(exchanges[0]["stream"], 3);
  EXPECT_EQ(exchanges[0]["status"], 404);
  EXPECT_EQ(exchanges[1]["stream"], 5);
  EXPECT_EQ(exchanges[1]["response_body_bytes"], 3);
  EXPECT_EQ(exchanges[2]["stream"], 1);
  EXPECT_EQ(exchanges[2]["status"], 204);
  EXPECT_EQ(exchanges[2]["request_body_bytes"], 3);
  EXPECT_EQ(exchanges[2]["complete"], true);
  EXPECT_EQ(of_type(records, "http2").at(0)["largest_concurrent"], 3);
}

TEST(Http2, ContinuationPaddingAndPriority) {
  const std::string block = get("/long") + plain("x-a", std::string(40, 'a'));
  Script script = begun();
  script.client(frame(FrameType::headers, flag::kEndStream | flag::kPadded | flag::kPriority, 1,
                      "\x03" + big_endian(0x80000000, 4) + "\x10" + block.substr(0, 10) +
                          std::string(3, '\0')) +
                frame(FrameType::continuation, 0, 1, block.substr(10, 20)) +
                frame(FrameType::continuation, flag::kEndHeaders, 1, block.substr(30)));
  script.server(headers(1, ok(), flag::kEndHeaders) + data(1,
                                                           "\x04"
                                                           "hi" +
                                                               std::string(4, '\0'),
                                                           flag::kPadded | flag::kEndStream));
  const Records records = play_in_every_cut(script.end(), kProtocol);
  EXPECT_TRUE(flaws(records).empty());
  const json http = of_type(records, "http").at(0);
  EXPECT_EQ(http["path"], "/long");
  EXPECT_EQ(http["request_headers"][0][1], std::string(40, 'a'));
  EXPECT_EQ(http["response_body_wire_bytes"], 2);
  EXPECT_EQ(of_type(records, "http2").at(0)["server"]["data_bytes"], 7);
}

TEST(Http2, InterimResponsesAndTrailers) {
  Script script = begun();
  script.client(headers(1, post("/"), flag::kEndHeaders) + data(1, "ab") +
                headers(1, plain("x-sum", "7")));
  script.server(headers(1, plain(kStatus, "103") + plain("link", "</a>"), flag::kEndHeaders));
  script.server(headers(1, ok(), flag::kEndHeaders) + data(1, "cd") +
                headers(1, plain("x-sum", "9")));
  const Records records = play_in_every_cut(script.end(), kProtocol);
  EXPECT_TRUE(flaws(records).empty());
  const json http = of_type(records, "http").at(0);
  EXPECT_EQ(http["status"], 200);
  EXPECT_EQ(http["response_packet"], 6);
  EXPECT_EQ(http["complete"], true);
  EXPECT_EQ(http["request_body_bytes"], 2);
}

TEST(Http2, PushedStreams) {
  Script script = begun();
  script.client(headers(1, get("/")));
  script.server(
      frame(FrameType::push_promise, flag::kEndHeaders, 1, big_endian(2, 4) + get("/style.css")));
  script.server(headers(1, ok()) + headers(2, ok(), flag::kEndHeaders) +
                data(2, "css", flag::kEndStream));
  const Records records = play_in_every_cut(script.end(), kProtocol);
  EXPECT_TRUE(flaws(records).empty());
  const Records exchanges = of_type(records, "http");
  ASSERT_EQ(exchanges.size(), 2u);
  EXPECT_FALSE(exchanges[0].contains("pushed"));
  EXPECT_EQ(exchanges[1]["pushed"], true);
  EXPECT_EQ(exchanges[1]["path"], "/style.css");
  EXPECT_EQ(exchanges[1]["complete"], true);
  EXPECT_EQ(of_type(records, "http2").at(0)["pushed"], 1);
}

TEST(Http2, ResetsGoawayAndPings) {
  Script script = begun();
  script.client(headers(1, get("/slow")) + frame(FrameType::ping, 0, 0, "12345678"));
  script.server(frame(FrameType::ping, flag::kAck, 0, "12345678"));
  script.client(reset(1, 8));
  script.server(headers(1, ok()));  // sent before the reset came
  script.server(frame(FrameType::goaway, 0, 0, big_endian(1, 4) + big_endian(11, 4) + "calm"));
  const Records records = play_in_every_cut(script.end(), kProtocol);
  EXPECT_TRUE(flaws(records).empty());
  const Records exchanges = of_type(records, "http");
  ASSERT_EQ(exchanges.size(), 1u);
  EXPECT_EQ(exchanges[0]["reset"], "CANCEL");
  EXPECT_EQ(exchanges[0]["reset_by"], "client");
  EXPECT_EQ(exchanges[0]["complete"], false);
  const json sum = of_type(records, "http2").at(0);
  EXPECT_EQ(sum["client"]["resets"], 1);
  EXPECT_EQ(sum["client"]["reset_codes"], json::parse(R"([["CANCEL",1]])"));
  EXPECT_DOUBLE_EQ(sum["client"]["ping_rtt"], 0.01);
  EXPECT_EQ(sum["goaway"][0]["error"], "ENHANCE_YOUR_CALM");
  EXPECT_EQ(sum["goaway"][0]["debug"], "calm");
}

TEST(Http2, UnknownFramesArePassedOver) {
  Script script = begun();
  script.client(frame(FrameType{0xfe}, 0xff, 0, "grease") + headers(1, get("/")) +
                frame(FrameType::priority_update, 0, 0, big_endian(1, 4) + "u=2"));
  script.server(headers(1, ok()));
  const Records records = play_in_every_cut(script.end(), kProtocol);
  EXPECT_TRUE(flaws(records).empty());
  EXPECT_EQ(of_type(records, "http").size(), 1u);
  EXPECT_EQ(of_type(records, "http2").at(0)["client"]["frames"]["unknown"], 1);
  EXPECT_EQ(of_type(records, "http2").at(0)["client"]["frames"]["priority_update"], 1);
}

TEST(Http2, SecretsAreTakenOut) {
  Script script = begun();
  script.client(headers(1, get("/?token=abc") + plain("authorization", "Bearer abc") +
                               plain("cookie", "id=1") + plain("cookie", "theme=dark")));
  script.server(headers(1, ok() + plain("set-cookie", "id=2; Path=/")));
  const json hidden = of_type(play(script, kProtocol), "http").at(0);
  EXPECT_EQ(hidden["path"], "/?token=[redacted]");
  EXPECT_EQ(hidden["request_headers"],
            json::parse(R"([["authorization","Bearer [redacted]"],["cookie","id=[redacted]"],
                            ["cookie","theme=[redacted]"]])"));
  EXPECT_EQ(hidden["response_headers"][0][1], "id=[redacted]; Path=/");
  Setting open;
  open.dissect.show_secrets = true;
  EXPECT_EQ(of_type(play(script, kProtocol, open), "http").at(0)["path"], "/?token=abc");
}

TEST(Http2, GrpcCalls) {
  const std::string message = std::string("\0\0\0\0\3abc", 8);
  Script script = begun();
  script.client(headers(1, post("/shop.Cart/Add") + plain("content-type", "application/grpc+proto"),
                        flag::kEndHeaders) +
                data(1, message.substr(0, 3)) +
                data(1, message.substr(3) + message, flag::kEndStream));
  script.server(headers(1, ok() + plain("content-type", "application/grpc"), flag::kEndHeaders) +
                data(1, "\1" + std::string(4, '\0')) +
                headers(1, plain("grpc-status", "5") + plain("grpc-message", "no such cart")));
  script.client(headers(3, post("/shop.Cart/Get") + plain("content-type", "application/grpc")));
  script.server(
      headers(3, ok() + plain("content-type", "application/grpc") + plain("grpc-status", "12")));
  const Records records = play_in_every_cut(script.end(), kProtocol);
  EXPECT_TRUE(flaws(records).empty());
  const Records calls = of_type(records, "grpc");
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0]["service"], "shop.Cart");
  EXPECT_EQ(calls[0]["method"], "Add");
  EXPECT_EQ(calls[0]["status"], 5);
  EXPECT_EQ(calls[0]["status_name"], "NOT_FOUND");
  EXPECT_EQ(calls[0]["message"], "no such cart");
  EXPECT_EQ(calls[0]["request_messages"], 2);
  EXPECT_EQ(calls[0]["response_messages"], 1);
  EXPECT_EQ(calls[0]["compressed_messages"], 1);
  EXPECT_EQ(calls[1]["status_name"], "UNIMPLEMENTED");
  EXPECT_EQ(calls[1]["response_messages"], 0);
}

TEST(Http2, BodiesAreKeptWhenAskedFor) {
  Setting bodies;
  bodies.dissect.bodies = 4;
  Script script = begun();
  script.client(headers(1, post("/") + plain("content-type", "application/x-www-form-urlencoded"),
                        flag::kEndHeaders) +
                data(1, "a=", 0) + data(1, "b", flag::kEndStream));
  script.server(headers(1, ok(), flag::kEndHeaders) + data(1, "hello", flag::kEndStream));
  const json http = of_type(play_in_every_cut(script, kProtocol, bodies), "http").at(0);
  EXPECT_EQ(http["request_body"], "a=b");
  EXPECT_EQ(http["response_body"], "hell");
}

TEST(Http2, WindowsThatRunOut) {
  Script script;
  script.client(preface() + settings({{http2::Setting::initial_window_size, 10}}));
  script.server(settings() + settings_ack());
  script.client(headers(1, get("/")) + settings_ack());
  script.server(headers(1, ok(), flag::kEndHeaders) + data(1, "0123456789"));
  script.pause(std::chrono::milliseconds(490)).client(window_update(1, 10));
  script.server(data(1, "0123456789"));
  // The second time the server has nothing to send when the window opens.
  script.client(window_update(1, 10));
  script.pause(std::chrono::seconds(1)).server(data(1, "", flag::kEndStream)).end();
  const Records records = play_in_every_cut(script, kProtocol);
  EXPECT_TRUE(flaws(records).empty());
  const json sum = of_type(records, "http2").at(0);
  EXPECT_FALSE(sum["client"].contains("stream_stalls"));
  EXPECT_EQ(sum["server"]["stream_stalls"]["count"], 1);
  EXPECT_DOUBLE_EQ(sum["server"]["stream_stalls"]["time"], 0.5);
  EXPECT_FALSE(sum["server"].contains("connection_stalls"));
}

TEST(Http2, TheConnectionsWindowRunsOut) {
  Script script = begun();
  script.client(headers(1, get("/")) + window_update(1, 100000));
  script.server(headers(1, ok(), flag::kEndHeaders));
  for (int i = 0; i < 4; ++i) script.server(data(1, std::string(i < 3 ? 16384 : 16383, 'x')));
  script.pause(std::chrono::milliseconds(90)).client(window_update(0, 5));
  script.server(data(1, "x", flag::kEndStream)).end();
  const json sum = of_type(play(script, kProtocol), "http2").at(0);
  EXPECT_EQ(sum["server"]["connection_stalls"]["count"], 1);
  EXPECT_DOUBLE_EQ(sum["server"]["connection_stalls"]["time"], 0.1);
  EXPECT_FALSE(sum["server"].contains("stream_stalls"));
}

// RFC 7540 section 3.2: the request is stream 1, and its HTTP2-Settings are the client's first.
TEST(Http2, AnUpgradeBringsSettings) {
  constexpr const Protocol* kBoth[] = {&http1::kProtocol, &kProtocol};
  const auto upgrade = [&](std::string_view field) {
    Script script;
    script.client(
        "GET /page HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        "Upgrade: h2c\r\nHTTP2-Settings: " +
        std::string(field) + "\r\n\r\n");
    script.server(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" +
        settings());
    script.server(headers(1, ok(), flag::kEndHeaders) + data(1, "hello", flag::kEndStream));
    return script.end();
  };
  // MAX_CONCURRENT_STREAMS 100, INITIAL_WINDOW_SIZE 2^25, ENABLE_PUSH 0: as curl sends it.
  const Records records = play_in_every_cut(upgrade("AAMAAABkAAQCAAAAAAIAAAAA"), kBoth);
  EXPECT_TRUE(flaws(records).empty());
  const json sum = of_type(records, "http2").at(0);
  EXPECT_EQ(sum["begun"], "upgrade");
  EXPECT_EQ(sum["client"]["settings"]["max_concurrent_streams"], 100);
  EXPECT_EQ(sum["client"]["settings"]["initial_window_size"], 1 << 25);
  EXPECT_EQ(sum["client"]["settings"]["enable_push"], 0);
  EXPECT_FALSE(sum["client"]["frames"].contains("settings")) << "it was no frame";
  EXPECT_EQ(of_type(records, "http").back()["path"], "/page");
  // Padded is as good; text that is no base64url, or no whole settings, is a flaw.
  EXPECT_TRUE(flaws(play(upgrade("AAMAAABkAAQAAP__"), kBoth)).empty());
  EXPECT_EQ(flaws(play(upgrade("AAMAAABk+AQA"), kBoth)),
            std::vector<std::string>{"http2.setting_value"});
  EXPECT_EQ(flaws(play(upgrade("AAMAAABkAA=="), kBoth)),
            std::vector<std::string>{"http2.setting_value"});
}

}  // namespace
}  // namespace wirelens::http2
