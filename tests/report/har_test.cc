// report/har_test.cc - every document is judged field by field against HAR 1.2, whatever was told.
#include "report/har.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "event/exchange.h"
#include "support/scratch_file.h"

namespace wirelens {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr Timestamp kStart = timestamp_ns(1'795'208'444'000'000'000);  // 2026-11-20 21:00:44

/// HAR 1.2: the members that must be there, and of what type.
void expect_members(const json& object, std::initializer_list<std::pair<const char*, char>> all,
                    const char* where) {
  ASSERT_TRUE(object.is_object()) << where;
  for (const auto& [name, type] : all) {
    ASSERT_TRUE(object.contains(name)) << where << '.' << name;
    const json& value = object[name];
    const bool fits = type == 's'   ? value.is_string()
                      : type == 'n' ? value.is_number()
                      : type == 'i' ? value.is_number_integer()
                      : type == 'l' ? value.is_array()
                                    : value.is_object();
    EXPECT_TRUE(fits) << where << '.' << name << " is " << value.dump();
  }
}

void expect_pairs(const json& list, const char* where) {
  for (const json& pair : list) expect_members(pair, {{"name", 's'}, {"value", 's'}}, where);
}

/// Names that HAR 1.2 does not know begin with an underscore.
void expect_known(const json& object, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : object.items()) {
    const bool is_known = std::find(known.begin(), known.end(), name) != known.end();
    EXPECT_TRUE(is_known || name.starts_with('_')) << name;
  }
}

void expect_entry(const json& entry) {
  expect_members(entry,
                 {{"startedDateTime", 's'},
                  {"time", 'n'},
                  {"request", 'o'},
                  {"response", 'o'},
                  {"cache", 'o'},
                  {"timings", 'o'},
                  {"connection", 's'}},
                 "entry");
  expect_known(entry, {"startedDateTime", "time", "request", "response", "cache", "timings",
                       "connection", "serverIPAddress", "pageref"});
  const json& request = entry["request"];
  expect_members(request,
                 {{"method", 's'},
                  {"url", 's'},
                  {"httpVersion", 's'},
                  {"cookies", 'l'},
                  {"headers", 'l'},
                  {"queryString", 'l'},
                  {"headersSize", 'i'},
                  {"bodySize", 'i'}},
                 "request");
  expect_known(request, {"method", "url", "httpVersion", "cookies", "headers", "queryString",
                         "headersSize", "bodySize", "postData"});
  expect_pairs(request["headers"], "request.headers");
  expect_pairs(request["queryString"], "request.queryString");
  expect_pairs(request["cookies"], "request.cookies");
  const json& response = entry["response"];
  expect_members(response,
                 {{"status", 'i'},
                  {"statusText", 's'},
                  {"httpVersion", 's'},
                  {"cookies", 'l'},
                  {"headers", 'l'},
                  {"content", 'o'},
                  {"redirectURL", 's'},
                  {"headersSize", 'i'},
                  {"bodySize", 'i'}},
                 "response");
  expect_pairs(response["headers"], "response.headers");
  expect_pairs(response["cookies"], "response.cookies");
  expect_members(response["content"], {{"size", 'i'}, {"mimeType", 's'}}, "content");

  const json& timings = entry["timings"];
  expect_members(timings,
                 {{"send", 'n'},
                  {"wait", 'n'},
                  {"receive", 'n'},
                  {"blocked", 'n'},
                  {"dns", 'n'},
                  {"connect", 'n'},
                  {"ssl", 'n'}},
                 "timings");
  double sum = 0;
  for (const char* each : {"blocked", "dns", "connect", "send", "wait", "receive"}) {
    const auto value = timings[each].get<double>();
    EXPECT_TRUE(value >= 0 || value == -1) << each;
    if (value > 0) sum += value;
  }
  for (const char* each : {"send", "wait", "receive"}) EXPECT_GE(timings[each].get<double>(), 0);
  EXPECT_LE(timings["ssl"].get<double>(), timings["connect"].get<double>());
  EXPECT_NEAR(entry["time"].get<double>(), sum, 1e-6);
}

class HarTest : public testing::Test {
 protected:
  HarTest() : report_(std::move(*Output::open(file_.path(), Output::Visible::when_whole))) {}

  template <class T>
  void tell(const T& record, std::optional<ConnectionId> connection, Duration after = 0ms) {
    report_.write(Event(kStart + after, connection, record));
  }
  void end(ConnectionId id, std::string_view client = "10.0.0.1") {
    wirelens::Connection record;
    record.id = id;
    record.client = {client, 40'000};
    record.server = {"10.0.0.2", 80};
    tell(record, std::nullopt);
  }
  json done() {
    report_.finish();
    EXPECT_FALSE(report_.failure());
    std::ifstream in(file_.path());
    json document = json::parse(in);
    const json& log = document["log"];
    expect_members(log, {{"version", 's'}, {"creator", 'o'}, {"entries", 'l'}, {"pages", 'l'}},
                   "log");
    for (const json& entry : log["entries"]) expect_entry(entry);
    for (const json& page : log["pages"]) {
      expect_members(page,
                     {{"startedDateTime", 's'}, {"id", 's'}, {"title", 's'}, {"pageTimings", 'o'}},
                     "page");
    }
    return log;
  }

  ScratchFile file_{""};
  HarReport report_;
};

Exchange get(std::string_view host, std::string_view path, std::uint16_t status = 200) {
  Exchange exchange;
  exchange.version = "1.1";
  exchange.method = "GET";
  exchange.scheme = "http";
  exchange.host = host;
  exchange.path = path;
  exchange.status = status;
  exchange.reason = "OK";
  exchange.complete = true;
  exchange.timing.send = 1ms;
  exchange.timing.wait = 20ms;
  exchange.timing.receive = 3ms;
  return exchange;
}

struct Message {
  static constexpr std::string_view kName = "websocket_message";
  static constexpr std::string_view kAbout = "As the WebSocket dissector tells it.";
  std::string_view from;
  std::string_view opcode;
  std::uint64_t bytes = 0;
  std::string_view preview;
  static constexpr auto fields() {
    return std::tuple(field("from", &Message::from, ""), field("opcode", &Message::opcode, ""),
                      field("bytes", &Message::bytes, ""), field("preview", &Message::preview, ""));
  }
};

struct StreamMessage {
  static constexpr std::string_view kName = "websocket_message";
  static constexpr std::string_view kAbout = "One over HTTP/2 (RFC 8441).";
  std::uint64_t stream = 0;
  std::string_view from;
  std::string_view opcode;
  std::string_view preview;
  static constexpr auto fields() {
    return std::tuple(
        field("stream", &StreamMessage::stream, ""), field("from", &StreamMessage::from, ""),
        field("opcode", &StreamMessage::opcode, ""), field("preview", &StreamMessage::preview, ""));
  }
};

TEST_F(HarTest, NothingIsADocument) {
  EXPECT_TRUE(done()["entries"].empty());
}

TEST_F(HarTest, TimingsGoByTheBook) {
  Exchange first = get("shop.test", "/");
  first.timing.dns = 2ms;
  first.timing.connect = 30ms;
  first.timing.tls = 20ms;
  tell(first, 7, 100ms);
  Exchange second = get("shop.test", "/cart");
  second.reused = true;
  second.timing.blocked = 5ms;
  tell(second, 7, 200ms);
  end(7);
  const json log = done();
  const json& entry = log["entries"][0];
  EXPECT_EQ(entry["timings"]["ssl"], 20);
  EXPECT_EQ(entry["timings"]["connect"], 30);
  EXPECT_EQ(entry["timings"]["blocked"], -1);
  EXPECT_EQ(entry["time"], 2 + 30 + 1 + 20 + 3) << "ssl is in connect already";
  EXPECT_EQ(entry["startedDateTime"], "2026-11-20T21:00:44.068000000Z")
      << "the name look-up and the handshakes come before the request";
  EXPECT_EQ(entry["serverIPAddress"], "10.0.0.2");
  EXPECT_EQ(entry["connection"], "7");
  const json& reused = log["entries"][1]["timings"];
  EXPECT_EQ(reused["connect"], -1);
  EXPECT_EQ(reused["ssl"], -1);
  EXPECT_EQ(reused["dns"], -1);
  EXPECT_EQ(reused["blocked"], 5);
}

TEST_F(HarTest, HeadersCookiesAndQuery) {
  const HeaderField request[] = {{"Host", "shop.test"}, {"Cookie", "id=[redacted]; theme=dark"}};
  const HeaderField response[] = {
      {"Set-Cookie", "id=[redacted]; Path=/; Secure; HttpOnly; SameSite=Lax"},
      {"Location", "/next"}};
  Exchange exchange = get("shop.test", "/find?q=a%20b+c&empty=&flag&%zz=1#part");
  exchange.request_headers = request;
  exchange.response_headers = response;
  tell(exchange, 0);
  end(0);
  const json log = done();
  const json& entry = log["entries"][0];
  EXPECT_EQ(entry["request"]["url"], "http://shop.test/find?q=a%20b+c&empty=&flag&%zz=1#part");
  const json& query = entry["request"]["queryString"];
  ASSERT_EQ(query.size(), 4u);
  EXPECT_EQ(query[0]["value"], "a b c");
  EXPECT_EQ(query[3]["name"], "%zz");
  EXPECT_EQ(entry["request"]["cookies"][1]["value"], "dark");
  const json& cookie = entry["response"]["cookies"][0];
  EXPECT_EQ(cookie["name"], "id");
  EXPECT_EQ(cookie["path"], "/");
  EXPECT_EQ(cookie["sameSite"], "Lax");
  EXPECT_TRUE(cookie["secure"].get<bool>());
  EXPECT_TRUE(cookie["httpOnly"].get<bool>());
  EXPECT_EQ(entry["response"]["redirectURL"], "/next");
}

TEST_F(HarTest, BodiesThatAreNoTextAreBase64) {
  Exchange text = get("a.test", "/text");
  text.response_body = "caf\xC3\xA9\n";
  text.response_body_bytes = 6;
  tell(text, 0);
  Exchange binary = get("a.test", "/binary");
  binary.response_body = std::string_view("\xFF\x00\x01", 3);
  binary.response_body_bytes = 300;
  binary.response_body_wire_bytes = 100;
  tell(binary, 0);
  end(0);
  const json log = done();
  const json& first = log["entries"][0]["response"]["content"];
  EXPECT_EQ(first["text"], "caf\xC3\xA9\n");
  EXPECT_FALSE(first.contains("encoding"));
  const json& second = log["entries"][1]["response"]["content"];
  EXPECT_EQ(second["text"], "/wAB");
  EXPECT_EQ(second["encoding"], "base64");
  EXPECT_EQ(second["compression"], 200);
  EXPECT_EQ(second["comment"], "the first 3 of 300 bytes");
}

TEST_F(HarTest, WhatIsUnknownStaysValid) {
  tell(Exchange{}, 3);  // neither request nor response
  Exchange nameless = get("", "*");
  nameless.host.reset();
  nameless.status.reset();
  tell(nameless, 3);
  end(3);
  tell(get("\xFF\"<\x1B", "/\xC3"), 4);  // its connection never ends
  const json log = done();
  EXPECT_EQ(log["entries"][0]["response"]["status"], 0);
  EXPECT_EQ(log["entries"][1]["request"]["url"], "http://10.0.0.2/*");
  EXPECT_FALSE(log["entries"][2].contains("serverIPAddress"));
}

TEST_F(HarTest, WebSocketMessagesAreWhereChromeLooks) {
  const HeaderField wish[] = {{"Upgrade", "WebSocket"}};
  Exchange upgrade = get("chat.test", "/live", 101);
  upgrade.request_headers = wish;
  tell(upgrade, 5);
  tell(Message{"client", "text", 5, "hello"}, 5, 1500ms);
  tell(Message{"server", "binary", 900, "\xFF"}, 5, 1600ms);
  tell(get("chat.test", "/"), 6);
  tell(Message{"server", "text", 1, "x"}, 99);  // of no exchange that is known
  end(5);
  end(6);
  const json log = done();
  const json& messages = log["entries"][0]["_webSocketMessages"];
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0]["type"], "send");
  EXPECT_EQ(messages[0]["opcode"], 1);
  EXPECT_EQ(messages[0]["data"], "hello");
  EXPECT_DOUBLE_EQ(messages[0]["time"].get<double>(), 1795208445.5);
  EXPECT_EQ(messages[1]["type"], "receive");
  EXPECT_EQ(messages[1]["data"], "/w==") << "what is no text is base64";
  EXPECT_EQ(messages[1]["_bytes"], 900);
  EXPECT_EQ(log["entries"][0]["_resourceType"], "websocket");
  EXPECT_EQ(log["entries"][0]["request"]["url"], "ws://chat.test/live");
  EXPECT_FALSE(log["entries"][1].contains("_webSocketMessages"));
  EXPECT_TRUE(log.contains("comment"));
}

TEST_F(HarTest, WebSocketOverHttp2IsToldBeforeItsExchange) {
  const auto message = [&](std::uint64_t stream, std::string_view preview) {
    tell(StreamMessage{stream, "client", "text", preview}, 5, 10ms);
  };
  message(1, "of stream one");
  message(3, "of stream three");
  message(7, "of nobody");
  const HeaderField wish[] = {{":protocol", "websocket"}};
  for (const std::uint64_t stream : {1u, 3u}) {
    Exchange connect = get("chat.test", "/live", 200);
    connect.method = "CONNECT";
    connect.stream = stream;
    connect.scheme = "https";
    connect.request_headers = wish;
    tell(connect, 5);
  }
  end(5);
  const json log = done();
  for (const auto& [entry, text] :
       {std::pair(0, "of stream one"), std::pair(1, "of stream three")}) {
    const json& messages = log["entries"][static_cast<std::size_t>(entry)]["_webSocketMessages"];
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_EQ(messages[0]["data"], text);
    EXPECT_EQ(log["entries"][0]["request"]["url"], "wss://chat.test/live");
  }
  EXPECT_EQ(log["comment"], "without 1 WebSocket messages whose exchange is not here");
}

TEST_F(HarTest, PagesAreDocumentsAndWhatRefersToThem) {
  Exchange page = get("shop.test", "/");
  page.content_type = "text/html; charset=utf-8";
  const HeaderField referer[] = {{"Referer", "http://shop.test/"}};
  Exchange image = get("img.test", "/logo.png");
  image.request_headers = referer;
  tell(image, 2, 50ms);
  end(2);
  tell(page, 1, 10ms);
  end(1);
  tell(image, 3, 90ms);
  end(3, "10.0.0.9");  // another client's page
  const json log = done();
  EXPECT_EQ(log["entries"][0]["pageref"], log["entries"][1]["pageref"]);
  EXPECT_NE(log["entries"][2]["pageref"], log["entries"][1]["pageref"]);
  ASSERT_EQ(log["pages"].size(), 2u);
  EXPECT_EQ(log["pages"][0]["title"], "http://shop.test/");
  EXPECT_EQ(log["pages"][0]["startedDateTime"], "2026-11-20T21:00:44.010000000Z");
}

TEST_F(HarTest, MemoryIsBounded) {
  const std::string long_path(1 << 20, 'a');
  for (ConnectionId id = 0; id < 40; ++id) tell(get("a.test", long_path), id);
  const json log = done();
  EXPECT_EQ(log["entries"].size(), 40u);
}

}  // namespace
}  // namespace wirelens
