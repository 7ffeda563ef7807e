// What rules keep does not grow with what an attacker sends.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <array>
#include <cstring>
#include <string>

#include "all.h"
#include "detect/detector.h"
#include "event/exchange.h"
#include "event/flaw.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using tcp::Incident;

PeerAddress address(std::uint8_t net, std::uint32_t host, std::uint16_t port) {
  PeerAddress end;
  end.address = {net, static_cast<std::uint8_t>(host >> 16), static_cast<std::uint8_t>(host >> 8),
                 static_cast<std::uint8_t>(host)};
  end.port = port;
  return end;
}

class Nowhere final : public EventSink {
 public:
  void write(const Event&) override {}
};

/// Tells one rule of connections, incidents, exchanges and flaws of ever new hosts, names and
/// paths; each comes twice, so that no doorkeeper keeps it out.
class Crowd {
 public:
  explicit Crowd(const Rule* rule)
      : rule_(rule), detector_({.rules = {&rule_, 1}, .settings = {}}, nowhere_) {}

  void come(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i, ++number_) visit();
  }

 private:
  static constexpr std::array kClosings = {Close::unanswered, Close::refused, Close::fin,
                                           Close::reset_by_client, Close::reset_by_server};
  static constexpr std::array<std::string_view, 4> kHistories = {"S", "h", "ShADadFf", "ShR"};

  void visit() {
    const std::uint32_t who = number_ / 2;
    const Peers peers{address(10, who, static_cast<std::uint16_t>(number_)),
                      address(11, who, static_cast<std::uint16_t>(who))};
    now_ += std::chrono::milliseconds(3);
    tell_connection(peers);
    tell_incidents(peers);
    tell_exchange(peers, who);
    FlawSeen flaw;
    flaw.name = "http.length_and_coding";
    flaw.packet = number_ + 1;
    flaw.from = Direction::from_client;
    detector_.write(Event(now_, number_, flaw, &peers));
  }
  void tell_connection(const Peers& peers) {
    Connection record;
    record.transport = "tcp";
    record.id = number_;
    record.first_packet = number_ + 1;
    record.client_known = true;
    record.history = kHistories[number_ / 2 % kHistories.size()];
    record.close = kClosings[number_ / 2 % kClosings.size()];
    if (number_ % 3 != 0) record.handshake_rtt = std::chrono::milliseconds(1);
    record.client_state = "close_wait";
    record.server_state = "fin_wait_2";
    record.idle = std::chrono::seconds(100);
    record.duration = std::chrono::seconds(100);
    record.sent.packets = 20;
    record.sent.bytes = 100;
    record.received.spurious = 3;
    record.received.capture_duplicates = 30;
    detector_.write(Event(now_, number_, record, &peers));
  }
  void tell_incidents(const Peers& peers) {
    for (int kind = 0; kind <= static_cast<int>(Incident::Kind::unanswered_probe); ++kind) {
      Incident incident;
      incident.kind = static_cast<Incident::Kind>(kind);
      incident.resend = Incident::Resend::timeout;
      incident.bare = incident.answers_data = true;
      incident.at = {number_ + 1, now_};
      incident.duration = std::chrono::seconds(20);
      incident.length = 1448;
      incident.value = 9;
      detector_.write(Event(now_, number_, incident, &peers));
    }
  }
  void tell_exchange(const Peers& peers, std::uint32_t who) {
    const std::string host = fmt::format("a{}.b{}.test", who, who);
    const std::string path = fmt::format("/{}", who);
    const std::string location = fmt::format("http://{}/{}", host, who + 1);
    const HeaderField sent[] = {{"Accept-Encoding", "gzip"}};
    const HeaderField answered[] = {{"Location", location}, {"Content-Length", "100000"}};
    Exchange exchange;
    exchange.version = "1.1";
    exchange.method = number_ % 3 == 0 ? "POST" : "GET";
    exchange.host = host;
    exchange.path = path;
    exchange.status = std::array<std::uint16_t, 3>{200, 301, 503}[number_ / 2 % 3];
    exchange.request_headers = sent;
    exchange.response_headers = answered;
    exchange.request_body_wire_bytes = 10;
    exchange.response_body_wire_bytes = 50'000;
    exchange.content_type = "text/html";
    exchange.request_packet = exchange.response_packet = number_ + 1;
    exchange.timing.blocked = exchange.timing.wait = std::chrono::seconds(6);
    exchange.complete = number_ % 4 != 0;
    detector_.write(Event(now_, number_, exchange, &peers));
  }

  const Rule* rule_;
  Nowhere nowhere_;
  Detector detector_;
  std::uint32_t number_ = 0;
  Timestamp now_ = timestamp_ns(1'800'000'000'000'000'000);
};

std::size_t heap() {
  return mallinfo2().uordblks;
}

/// Half the entries of a table come and go, and names are of unlike length.
constexpr std::size_t kSwing = std::size_t{1} << 20;
constexpr std::size_t kMost = std::size_t{8} << 20;

TEST(Memory, OfARuleIsBoundedWhateverComes) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's heap is its own";
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "a sanitizer's heap is its own";
#endif
#endif
  for (const Rule* rule : all_rules()) {
    const std::size_t before = heap();
    Crowd crowd(rule);
    crowd.come(6'000);
    const std::size_t filled = heap();
    crowd.come(9'000);
    EXPECT_LT(heap(), filled + kSwing) << rule->id << " grows with what it hears";
    EXPECT_LT(heap(), before + kMost) << rule->id;
  }
}

}  // namespace
}  // namespace wirelens::detect
