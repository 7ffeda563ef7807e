// A wait that a capture beside a proxy shows on both sides is priced once.
#include "http1/rules/legs.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "detect/detector.h"
#include "event/finding.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using std::chrono::milliseconds;

PeerAddress host(std::uint8_t number, std::uint16_t port) {
  PeerAddress address;
  address.address = {10, 0, 0, number};
  address.port = port;
  return address;
}

class Costs final : public EventSink {
 public:
  void write(const Event& event) override {
    if (const auto* finding = event.as<Finding>()) {
      of[std::string(finding->subject)] = finding->cost_seconds.value_or(Duration::zero());
    }
  }
  std::map<std::string, Duration> of;
};

/// One exchange on each side of a proxy: the one behind it begins later and ends sooner.
class Proxy {
 public:
  explicit Proxy(const detect::Rule& rule)
      : rule_(&rule), detector_({.rules = {&rule_, 1}, .settings = {}}, costs) {}

  void pass(Timestamp asked) {
    tell({host(2, 40'000), host(3, 8080)}, 1, asked + milliseconds(5), milliseconds(50));
    tell({host(1, 50'000), host(2, 80)}, 2, asked, milliseconds(60));
  }
  void end() { detector_.write(Event(Timestamp{}, std::nullopt, CaptureEnd{})); }

  Costs costs;

 private:
  void tell(const Peers& peers, ConnectionId connection, Timestamp asked, Duration wait) {
    Exchange exchange;
    exchange.version = "1.1";
    exchange.method = "GET";
    exchange.host = "shop.test";
    exchange.path = "/news";
    exchange.status = 304;
    exchange.request_packet = ++packet_;
    exchange.timing.wait = wait;
    exchange.complete = true;
    detector_.write(Event(asked, connection, exchange, &peers));
  }

  const detect::Rule* rule_;
  detect::Detector detector_;
  std::uint64_t packet_ = 0;
};

TEST(Legs, PriceAPollOnceThatBothSidesOfAProxyShow) {
  Proxy proxy(kShortPolling);
  constexpr int kPolls = 20;
  for (int i = 0; i < kPolls; ++i) proxy.pass(timestamp_ns(1'000'000'000LL * (i + 1)));
  proxy.end();
  ASSERT_EQ(proxy.costs.of.size(), 2u);
  Duration sum{};
  for (const auto& [subject, cost] : proxy.costs.of) sum += cost;
  EXPECT_EQ(sum, (kPolls - 1) * milliseconds(60));  // the first is no poll yet
}

TEST(Legs, FindOnlyWhatLiesWithin) {
  Legs legs;
  Exchange exchange;
  exchange.path = "/a";
  exchange.timing.wait = milliseconds(50);
  const Peers behind{host(2, 40'000), host(3, 8080)}, before{host(1, 50'000), host(2, 80)};
  const auto at = [&](int start, const Peers& peers) {
    return Event(timestamp_ns(start * 1'000'000LL), 1, exchange, &peers);
  };
  legs.note(at(1'000, behind), exchange, 7, milliseconds(50));
  EXPECT_EQ(legs.behind(at(1'010, before), exchange).path, 0u) << "asked later";
  EXPECT_EQ(legs.behind(at(980, before), exchange).path, 0u) << "answered sooner";
  EXPECT_EQ(legs.behind(at(1'000, behind), exchange).path, 0u) << "the same server";
  exchange.timing.wait = milliseconds(80);
  exchange.path = "/b";
  EXPECT_EQ(legs.behind(at(990, before), exchange).path, 0u) << "something else";
  exchange.path = "/a";
  EXPECT_EQ(legs.behind(at(990, before), exchange).price, milliseconds(50));
  EXPECT_EQ(legs.behind(at(990, before), exchange).path, 0u) << "once";
}

}  // namespace
}  // namespace wirelens::http1
