// detect/tcp/time_wait_storm.cc - sockets in TIME_WAIT by thousands, simulated for each end that
// closes first.
//
// Each such end keeps a ring of as many slices as fit into --time-wait; a slice counts the sockets
// that came to rest in it. What was reused before its time leaves its slice early.
#include <array>

#include "detect/firsts.h"
#include "detect/table.h"
#include "detect/tcp/resting.h"
#include "detect/tcp/rules.h"
#include "detect/words.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using tcp::Incident;

class TimeWaitStorm final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"sockets", 1000, "sockets", "in TIME_WAIT at once at one end, towards one server, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Incident>};
  static constexpr std::string_view kFollows[] = {"http.no_keep_alive"};

  explicit TimeWaitStorm(const Circumstances& circumstances)
      : least_(circumstances.threshold("sockets")), time_wait_(circumstances.time_wait) {}

  void hear(const Event& event) override {
    const auto& incident = *event.as<Incident>();
    const bool rests = incident.kind == Incident::Kind::time_wait;
    if (!rests && incident.kind != Incident::Kind::reopened) return;
    const Pair pair = ends_of(*event.peers(), incident.from == Direction::from_client);
    Tally* tally = tallies_.find(pair.key, pair.digest);
    if (!rests) {
      if (tally == nullptr) return firsts_.forget(pair.digest);
      tally->resting.leave(incident.at.time, incident.duration, time_wait_);
      return;
    }
    const Rests now{incident.at, event.connection()};
    if (tally == nullptr) tally = begin(pair, now);
    if (tally != nullptr) add(*tally, now);
  }

  void judge(Findings& out) override {
    for (const auto& [key, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->peak) >= least_) out.add(draft(*key, *tally));
    }
  }

 private:
  static constexpr std::size_t kFew = 3;

  struct Rests {
    Stamp at;
    std::optional<ConnectionId> connection;
  };
  struct Tally {
    Resting resting;
    std::uint64_t total = 0;
    std::uint32_t peak = 0;
    Evidence evidence;
    std::uint64_t weight() const { return peak; }
  };

  /// Who closed, as `client`, and the server, which is blank if it is the closer itself.
  static Pair ends_of(const Peers& peers, bool client_closed) {
    if (client_closed) return pair_of(peers);
    const Peers key{peers.server, {}};
    return {key, digest_of(key)};
  }
  /// A tally begins, with the first ones, when there are more than a few; until then nullptr.
  Tally* begin(const Pair& pair, const Rests& now) {
    Few<Rests, kFew>* few = firsts_.find(pair.digest);
    const std::size_t before = few != nullptr ? few->all().size() : 0;
    if (before < kFew && static_cast<double>(before + 1) < least_) {
      if (few == nullptr) few = firsts_.leave(pair.digest, {});
      few->add(now);
      return nullptr;
    }
    Tally& tally = tallies_.at(pair.key, pair.digest);
    if (few == nullptr) return &tally;
    for (const Rests& each : few->all()) add(tally, each);
    firsts_.forget(pair.digest);
    return &tally;
  }
  void add(Tally& tally, const Rests& one) const {
    tally.resting.enter(one.at.time, time_wait_);
    ++tally.total;
    tally.peak = std::max(tally.peak, tally.resting.alive());
    tally.evidence.add(one.connection, one.at.packet, one.at.time);
  }

  Draft draft(const Peers& key, const Tally& tally) const {
    const bool client = key.server != PeerAddress{};
    const Duration span = tally.evidence.span();
    Draft draft;
    draft.severity =
        tally.peak >= kEphemeralPorts / 2 && client ? Severity::high : Severity::medium;
    if (!client) draft.severity = Severity::low;
    const std::string closer = client ? key.client.host_text() : key.client.text();
    draft.subject = client ? fmt::format("{} → {}", closer, key.server.text()) : closer;
    if (client) {
      draft.why = fmt::format(
          "{} opened {} to {} in {} and closed each one first: {} sockets in TIME_WAIT at once "
          "(they rest {}), {} of its {} ports.",
          closer, counted(tally.total, "connection"), key.server.text(), duration_text(span),
          count_text(tally.peak), duration_text(time_wait_),
          share_text(tally.peak, kEphemeralPorts), count_text(kEphemeralPorts));
      draft.why += outlook(tally, span);
    } else {
      draft.why = fmt::format(
          "{} closed {} in {} before its clients did: {} sockets in TIME_WAIT at once. On a server "
          "they cost memory, not ports, but each stands for a connection that was not reused.",
          closer, counted(tally.total, "connection"), duration_text(span), count_text(tally.peak));
    }
    draft.measured = {{"sockets", static_cast<double>(tally.peak)},
                      {"connections", static_cast<double>(tally.total)},
                      {"share_of_ports", static_cast<double>(tally.peak) / kEphemeralPorts}};
    draft.evidence = tally.evidence;
    if (client) draft.client = closer;
    draft.server = client ? key.server.text() : closer;
    return draft;
  }

  /// When the ports run out if it goes on at this rate.
  std::string outlook(const Tally& tally, Duration span) const {
    if (span <= Duration::zero()) return {};
    const double rate = static_cast<double>(tally.total) / seconds(span);
    const double steady = rate * seconds(time_wait_);
    if (steady <= kEphemeralPorts) {
      return fmt::format(" At {:.0f} a second they level off at about {}.", rate,
                         count_text(static_cast<std::uint64_t>(steady)));
    }
    return fmt::format(
        " At {:.0f} a second none is left after {}.", rate,
        duration_text(Duration(static_cast<std::int64_t>(kEphemeralPorts / rate * 1e9))));
  }

  double least_;
  Duration time_wait_;
  Firsts<Few<Rests, kFew>> firsts_;
  Table<Peers, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kTimeWaitStorm = {
    .id = "tcp.time_wait_storm",
    .severity = Severity::high,
    .title = "TIME_WAIT storm",
    .about =
        "The end that closes first keeps its socket in TIME_WAIT for a minute, so that late "
        "packets do no harm. A client that opens and closes a connection for each request has "
        "thousands of them, and each holds a port.",
    .fix =
        "reuse connections: keep-alive and a pool on the client; until then widen "
        "net.ipv4.ip_local_port_range and allow net.ipv4.tcp_tw_reuse. Do not shorten TIME_WAIT "
        "itself",
    .source = "RFC 9293 section 3.6.1; RFC 6191",
    .thresholds = TimeWaitStorm::kThresholds,
    .takes = TimeWaitStorm::kTakes,
    .make = make<TimeWaitStorm>,
    .follows = TimeWaitStorm::kFollows,
};

}  // namespace wirelens::detect
