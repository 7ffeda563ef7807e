// What is heard, counted, bounded, ordered and told.
#include "detect/detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "all.h"
#include "event/exchange.h"
#include "event/finding.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using tcp::Incident;

PeerAddress address(std::uint32_t host, std::uint16_t port) {
  PeerAddress end;
  end.address = {10, static_cast<std::uint8_t>(host >> 16), static_cast<std::uint8_t>(host >> 8),
                 static_cast<std::uint8_t>(host)};
  end.port = port;
  return end;
}

/// A run without packets: events are told, findings are kept.
class Story final : public EventSink {
 public:
  explicit Story(std::vector<Setting> settings = {}, bool live = false)
      : settings_(std::move(settings)),
        detector_({.rules = all_rules(), .settings = settings_, .live = live}, *this) {}

  void write(const Event& event) override {
    if (const auto* end = event.as<CaptureEnd>()) not_observable = end->not_observable.size();
    const auto* finding = event.as<Finding>();
    if (!finding) return void(++others);
    rules.emplace_back(finding->rule);
    severities.push_back(finding->severity);
    interim += finding->interim.value_or(false);
    last_why = finding->why;
    follows.emplace_back(finding->follows.value_or(""));
    for (const Measure& each : finding->measured) measured[std::string(each.name)] = each.value;
    if (finding->cost_seconds) cost = *finding->cost_seconds;
  }

  void incident(Incident::Kind kind, const Peers& peers, Duration duration = {},
                Direction from = Direction::from_client) {
    Incident incident;
    incident.kind = kind;
    incident.from = from;
    incident.at = {++packet, now};
    incident.duration = duration;
    incident.value = 5;
    incident.resend = Incident::Resend::timeout;
    incident.length = 100;
    detector_.write(Event(now, packet, incident, &peers));
  }
  void connection(Connection record, const Peers& peers) {
    record.transport = "tcp";
    record.id = record.first_packet = ++packet;
    detector_.write(Event(now, std::nullopt, record, &peers));
  }
  void exchange(const Exchange& record, const Peers& peers) {
    detector_.write(Event(now, ++packet, record, &peers));
  }
  void end() { detector_.write(Event(now, std::nullopt, CaptureEnd{})); }

  Timestamp now = timestamp_ns(1'800'000'000'000'000'000);
  std::uint64_t packet = 0;
  std::uint64_t others = 0;
  std::size_t not_observable = 0;
  int interim = 0;
  std::vector<std::string> rules;
  std::vector<Severity> severities;
  std::vector<std::string> follows;
  std::string last_why;
  std::map<std::string, double> measured;
  Duration cost{};

 private:
  std::vector<Setting> settings_;
  Detector detector_;
};

Peers peers_from(std::uint16_t port, std::uint32_t host = 1) {
  return {address(host, port), address(9, 8080)};
}

TEST(Detector, PassesRecordsOnAndKeepsIncidents) {
  Story run;
  run.connection({}, peers_from(1));
  run.incident(Incident::Kind::opened, peers_from(1));
  run.end();
  EXPECT_EQ(run.others, 2u);  // connection, capture_end
  EXPECT_THAT(run.rules, testing::IsEmpty());
}

TEST(TimeWaitStorm, CountsWhatRestsAtOnce) {
  Story run;
  for (std::uint32_t i = 0; i < 24'113; ++i) {
    const Peers peers = peers_from(static_cast<std::uint16_t>(i));
    run.incident(Incident::Kind::opened, peers, milliseconds(4));
    run.incident(Incident::Kind::time_wait, peers);
    run.now += milliseconds(12) / 24;
  }
  run.end();
  EXPECT_THAT(run.rules, testing::Contains("tcp.time_wait_storm"));
  EXPECT_THAT(run.rules, testing::Contains("tcp.port_exhaustion"));
  EXPECT_EQ(run.measured["sockets"], 24'113);
  EXPECT_THAT(run.follows, testing::Contains("tcp.time_wait_storm"));
}

TEST(TimeWaitStorm, LetsSocketsGoAfterTheirTimeAndWhenTheyAreReused) {
  Story run({{"tcp.time_wait_storm", "sockets", 101}});
  for (std::uint32_t i = 0; i < 1000; ++i) {  // 100 at once: 1.6 a second, 60 s each
    run.incident(Incident::Kind::time_wait, peers_from(static_cast<std::uint16_t>(i)));
    run.now += milliseconds(625);
  }
  run.now += seconds(100);
  for (std::uint32_t i = 0; i < 1000; ++i) {  // reused at once: never more than one
    run.incident(Incident::Kind::time_wait, peers_from(7));
    run.now += milliseconds(1);
    run.incident(Incident::Kind::reopened, peers_from(7), milliseconds(1));
  }
  run.end();
  EXPECT_THAT(run.rules, testing::IsEmpty());
}

TEST(SynFlood, CostsNoMoreThanItsTablesWhateverComes) {
  Story run;
  Connection syn;
  syn.history = "S";
  syn.close = Close::unanswered;
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    run.connection(syn, {address(i, static_cast<std::uint16_t>(i)), address(9, 80)});
    run.now += Duration(10'000);
  }
  run.end();
  ASSERT_THAT(run.rules, testing::ElementsAre("tcp.syn_flood"));
  EXPECT_EQ(run.severities[0], Severity::critical);
  EXPECT_NEAR(run.measured["sources"], 200'000, 20'000);
  EXPECT_EQ(run.measured["syns"], 200'000);
}

TEST(Detector, TellsTheGravestFirstThenTheDearest) {
  Story run;
  const auto lose = [&](std::uint16_t server, Duration time) {
    run.incident(Incident::Kind::resent, {address(1, 5), address(9, server)}, time);
  };
  lose(1, seconds(1));
  lose(2, seconds(100));
  lose(3, seconds(2));
  run.end();
  EXPECT_THAT(run.severities, testing::ElementsAre(Severity::high, Severity::low, Severity::low));
  EXPECT_EQ(run.cost, seconds(1));
}

TEST(Detector, TellsWhatIsNewWhileARunIsLive) {
  Story run({}, true);
  for (int i = 0; i < 4; ++i) {  // 4 s: graver from 5 s on, which would be news
    run.incident(Incident::Kind::resent, peers_from(5), seconds(1));
    run.now += seconds(11);
  }
  EXPECT_EQ(run.interim, 1);
  run.end();
  EXPECT_EQ(run.rules.size(), 2u);  // once as news, once at the end
}

Exchange slow(std::string_view host, Duration wait) {
  Exchange record;
  record.method = "GET";
  record.host = host;
  record.path = "/checkout";
  record.status = std::uint16_t{200};
  record.complete = true;
  record.request_packet = record.response_packet = 1;
  record.timing.wait = wait;
  return record;
}

TEST(SlowResponse, SeenOnBothSidesOfAProxyCostsOnce) {
  const Peers behind{address(2, 40'000), address(3, 9000)};
  const Peers front{address(1, 50'000), address(2, 80)};
  Story run;
  run.now += milliseconds(1);
  run.exchange(slow("app:9000", seconds(3)), behind);  // the proxy names another host
  run.now -= milliseconds(1);
  run.exchange(slow("shop.test", seconds(3) + milliseconds(2)), front);
  run.end();
  EXPECT_THAT(run.rules, testing::ElementsAre("http.slow_response"));
  EXPECT_EQ(run.cost, seconds(3));
  EXPECT_EQ(run.measured["slow"], 1);
  EXPECT_THAT(run.last_why, testing::HasSubstr("10.0.0.3:9000 took 3.0 s"));
  EXPECT_THAT(run.last_why, testing::HasSubstr("10.0.0.2:80 waited for it as a proxy"));
}

TEST(SlowResponse, OfTwoServersIsTwoWhenNeitherWaitsForTheOther) {
  Story run;
  run.exchange(slow("app:9000", seconds(3)), {address(2, 40'000), address(3, 9000)});
  run.now += milliseconds(1);  // begins later, so it cannot have asked the other
  run.exchange(slow("shop.test", seconds(3)), {address(1, 50'000), address(2, 80)});
  run.end();
  EXPECT_EQ(run.rules.size(), 2u);
}

TEST(NoKeepAlive, NamesTheServerOnceIfThatIsItsName) {
  for (const std::string_view host : {"10.0.0.9:8080", "shop.test"}) {
    Story run;
    for (std::uint16_t i = 0; i < 24; ++i) run.exchange(slow(host, milliseconds(1)), peers_from(i));
    run.end();
    const bool named = run.last_why.find("(shop.test)") != std::string::npos;
    EXPECT_EQ(named, host == "shop.test") << run.last_why;
    EXPECT_EQ(run.last_why.find("8080 (10."), std::string::npos);
    EXPECT_EQ(run.measured["connections"], 24);
  }
}

TEST(Detector, ObeysSettings) {
  Story strict;
  strict.incident(Incident::Kind::resent, peers_from(5), seconds(1));
  strict.end();
  EXPECT_EQ(strict.rules.size(), 1u);
  Story lenient({{"tcp.retransmission_timeout", "seconds", 2}});
  lenient.incident(Incident::Kind::resent, peers_from(5), seconds(1));
  lenient.end();
  EXPECT_EQ(lenient.rules.size(), 0u);
}

}  // namespace
}  // namespace wirelens::detect
