// 101 and CONNECT: who reads on, and from which byte.
#include <gtest/gtest.h>

#include "http1/http1.h"
#include "support/dissect.h"

namespace wirelens::http1 {
namespace {

using testing::of_type;
using testing::play_lines;
using testing::Script;

/// A protocol that writes down what it gets.
struct Heard {
  static constexpr std::string_view kName = "heard";
  static constexpr std::string_view kAbout = "Bytes that another protocol was given.";
  std::string_view bytes;
  std::string_view from;
  std::optional<std::string_view> path;
  static constexpr auto fields() {
    return std::tuple(field("bytes", &Heard::bytes, "what"), field("from", &Heard::from, "who"),
                      field("path", &Heard::path, "of the exchange that it belongs to"));
  }
};

class Listener final : public Dissector {
 public:
  explicit Listener(const Exchange* exchange) : exchange_(exchange) {}
  Dissection read(Context& context, Input& in) override {
    while (co_await in.more()) {
      const auto byte = co_await in.take(1);
      context.emit(in.last_stamp().time, Heard{as_text(*byte), name_of(in.from()), path()});
    }
  }
  Dissection resume(Context& context, Input& in) override { return read(context, in); }
  void finish(Context&) override {}

 private:
  std::optional<std::string_view> path() const {
    if (!exchange_) return std::nullopt;
    return exchange_->path;
  }
  const Exchange* exchange_;
};

std::unique_ptr<Dissector> open(Context& context, Conversation& conversation) {
  return std::unique_ptr<Dissector>(new (context.memory()) Listener(conversation.exchange()));
}
constexpr std::string_view kMediaTypes[] = {"text/event-stream"};
const Protocol kEvents = {"events", Transport::tcp, nullptr, open, {}, nullptr, {}, kMediaTypes};
const Protocol kWebsocket = {"websocket", Transport::tcp, nullptr, open, {}};
const Protocol kTls = {
    "tls",
    Transport::tcp,
    [](Direction, Bytes first) { return first[0] == 0x16 ? Fit::certain : Fit::no; },
    open,
    {}};
const Protocol* const kProtocols[] = {&kProtocol, &kWebsocket, &kTls, &kEvents};

/// What each side said behind the hand-over, "client:... server:...", and the exchanges before it.
std::string told(const Script& script, const testing::Cuts& cuts) {
  std::string exchanges, client, server;
  for (const std::string& line : play_lines(script, kProtocols, {}, cuts)) {
    const auto record = nlohmann::json::parse(line);
    if (record["type"] == "http") {
      exchanges += record.value("method", "-") + " " +
                   (record.contains("status") ? std::to_string(record["status"].get<int>()) : "-") +
                   (record["complete"].get<bool>() ? "; " : "!; ");
    }
    if (record["type"] == "heard") {
      (record["from"] == "client" ? client : server) += record["bytes"].get<std::string>();
    }
  }
  return exchanges + "client:" + client + " server:" + server;
}
std::string told_in_every_cut(const Script& script) {
  const std::string whole = told(script, {});
  const std::size_t size = script.size();
  testing::Cuts all;
  for (std::size_t i = 1; i < size; ++i) {
    EXPECT_EQ(told(script, {i}), whole) << "cut at " << i;
    all.insert(i);
  }
  EXPECT_EQ(told(script, all), whole) << "byte by byte";
  return whole;
}

constexpr std::string_view kUpgrade =
    "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, "
    "Upgrade\r\n\r\n";
constexpr std::string_view kSwitching =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n";

TEST(Http1HandOver, UpgradeToAKnownProtocol) {
  EXPECT_EQ(told_in_every_cut(Script()
                                  .client(kUpgrade)
                                  .server(std::string(kSwitching) + "greet")
                                  .client("frame")
                                  .server("!")),
            "GET 101; client:frame server:greet!");
}

TEST(Http1HandOver, TheNextProtocolKnowsItsExchange) {
  const Script script = Script().client(kUpgrade).server(std::string(kSwitching) + "!");
  const auto lines = play_lines(script, kProtocols);
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    const auto record = nlohmann::json::parse(line);
    return record["type"] == "heard" && record["path"] == "/chat";
  }));
}

TEST(Http1HandOver, AMediaTypeMayBeAProtocol) {
  const auto answer = [](std::string_view type, std::string_view content) {
    return Script()
        .client("GET /feed HTTP/1.1\r\nHost: a\r\n\r\n")
        .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: " +
                std::string(type) + "\r\n\r\n" + std::string(content));
  };
  EXPECT_EQ(told_in_every_cut(
                answer("Text/Event-Stream; charset=utf-8", "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")),
            "GET 200; client: server:onetwo");
  EXPECT_EQ(told_in_every_cut(answer("events", "3\r\none\r\n0\r\n\r\n")),
            "GET 200; client: server:");
}

TEST(Http1HandOver, EventsAreReadWhileTheResponseLasts) {
  const Script script = Script()
                            .client("GET /feed HTTP/1.1\r\nHost: a\r\n\r\n")
                            .server("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nab");
  const auto lines = play_lines(script, kProtocols);
  ASSERT_GE(lines.size(), 3u);
  EXPECT_EQ(nlohmann::json::parse(lines[1])["type"], "heard");
  EXPECT_EQ(nlohmann::json::parse(lines[1])["path"], "/feed");
}

TEST(Http1HandOver, EarlyBytesWaitForTheDecision) {
  EXPECT_EQ(
      told_in_every_cut(Script().client(std::string(kUpgrade) + "\x81\x85wait").server(kSwitching)),
      "GET 101; client:\\x81\\x85wait server:");
}

TEST(Http1HandOver, RefusedUpgradeGoesOn) {
  EXPECT_EQ(told_in_every_cut(Script()
                                  .client(kUpgrade)
                                  .server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")
                                  .client("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
                                  .server("HTTP/1.1 204 No Content\r\n\r\n")),
            "GET 200; GET 204; client: server:");
}

TEST(Http1HandOver, ARequestBehindAnUpgradeIsRead) {
  EXPECT_EQ(
      told_in_every_cut(Script()
                            .client(std::string(kUpgrade) + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
                            .server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"
                                    "HTTP/1.1 204 No Content\r\n\r\n")),
      "GET 200; GET 204; client: server:");
}

TEST(Http1HandOver, UnknownProtocolIsOpaque) {
  EXPECT_EQ(
      told_in_every_cut(
          Script()
              .client("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
              .server("HTTP/1.1 101 Over\r\nUpgrade: x\r\n\r\nraw")
              .client("raw")),
      "GET 101; client: server:");
}

TEST(Http1HandOver, AResponseWaitsForTheRestOfItsRequest) {
  EXPECT_EQ(told_in_every_cut(Script()
                                  .client("POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
                                          "Connection: upgrade\r\nContent-Length: 4\r\n\r\nab")
                                  .server(std::string(kSwitching) + "hi")
                                  .client("cdframe")),
            "POST 101; client:frame server:hi");
}

constexpr std::string_view kConnect = "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n";

TEST(Http1HandOver, ConnectLetsTheNextBytesDecide) {
  EXPECT_EQ(told_in_every_cut(Script()
                                  .client(kConnect)
                                  .server("HTTP/1.1 200 Established\r\nContent-Length: 5\r\n\r\n")
                                  .client("\x16hello")
                                  .server("\x16"
                                          "done")),
            "CONNECT 200; client:\x16hello server:\x16"
            "done");
}

TEST(Http1HandOver, HttpInsideATunnel) {
  EXPECT_EQ(told_in_every_cut(Script()
                                  .client(kConnect)
                                  .server("HTTP/1.0 200 OK\r\n\r\n")
                                  .client("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                                  .server("HTTP/1.1 204 No Content\r\n\r\n")),
            "CONNECT 200; GET 204; client: server:");
}

TEST(Http1HandOver, RefusedConnectGoesOn) {
  EXPECT_EQ(told_in_every_cut(Script()
                                  .client(kConnect)
                                  .server("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
                                  .client(kConnect)
                                  .server("HTTP/1.1 200 OK\r\n\r\n")
                                  .client("\x16!")),
            "CONNECT 407; CONNECT 200; client:\x16! server:");
}

TEST(Http1HandOver, NobodyDecides) {
  const Script script =
      Script().client(std::string(kConnect) + std::string(Input::kMaxHeld + 1000, 'x')).end();
  EXPECT_EQ(told(script, {}), "CONNECT -!; client: server:");
}

}  // namespace
}  // namespace wirelens::http1
