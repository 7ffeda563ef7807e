// detect/tcp/port_exhaustion.cc - a client that has hardly any port left for one server.
//
// A port is taken from the handshake to the close, and rests in TIME_WAIT if its client closed
// first.
#include "detect/firsts.h"
#include "detect/table.h"
#include "detect/tcp/resting.h"
#include "detect/tcp/rules.h"
#include "detect/words.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using tcp::Incident;

class PortExhaustion final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"share", 0.8, "of the ports", "of one client address in use or at rest for one server"},
      {"ports", kEphemeralPorts, "ports", "that a client has (net.ipv4.ip_local_port_range)"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Incident>, &kEventType<Connection>};
  static constexpr std::string_view kFollows[] = {"tcp.time_wait_storm", "http.no_keep_alive"};

  explicit PortExhaustion(const Circumstances& circumstances)
      : share_(circumstances.threshold("share")),
        ports_(std::max(circumstances.threshold("ports"), 1.0)),
        time_wait_(circumstances.time_wait) {}

  void hear(const Event& event) override {
    if (const auto* incident = event.as<Incident>()) return hear(event, *incident);
    const auto& connection = *event.as<Connection>();
    // Both FINs: counted down when its TIME_WAIT began. Others were reset or forgotten.
    if (connection.close == Close::fin || !connection.handshake_rtt) return;
    const Pair& pair = pair_of(*event.peers());
    if (Tally* tally = pairs_.find(pair.key, pair.digest)) {
      if (tally->open > 0) --tally->open;
    } else {
      firsts_.forget(pair.digest);
    }
  }

  void judge(Findings& out) override {
    for (const auto& [key, tally] : pairs_.heaviest()) {
      if (tally->peak >= share_ * ports_) out.add(draft(*key, *tally));
    }
  }

 private:
  struct Tally {
    Resting resting;
    std::uint32_t open = 0;
    std::uint32_t peak = 0;
    std::uint32_t open_at_peak = 0;
    std::uint64_t total = 0;
    Evidence evidence;
    std::uint64_t weight() const { return peak; }
  };

  /// What became of the first connection of a pair.
  struct First {
    Timestamp rests{};  ///< since when, if it does
    bool open = true;
  };

  void hear(const Event& event, const Incident& incident) {
    const bool opens = incident.kind == Incident::Kind::opened;
    const bool rests = incident.kind == Incident::Kind::time_wait;
    const bool again = incident.kind == Incident::Kind::reopened;
    if (!opens && !rests && !again) return;
    const bool of_client = incident.from == Direction::from_client;
    const Pair& pair = pair_of(*event.peers());
    Tally* tally = pairs_.find(pair.key, pair.digest);
    if (tally == nullptr) tally = begin(pair, incident);
    if (tally == nullptr) return;
    if (opens) {
      ++tally->open;
      ++tally->total;
      note(event, incident, *tally);
    } else if (rests) {
      if (tally->open > 0) --tally->open;
      if (of_client) tally->resting.enter(incident.at.time, time_wait_);
    } else if (of_client) {
      tally->resting.leave(incident.at.time, incident.duration, time_wait_);
    }
  }

  /// A tally begins when a second connection of the pair opens; nullptr until then.
  Tally* begin(const Pair& pair, const Incident& incident) {
    First* first = firsts_.find(pair.digest);
    if (incident.kind != Incident::Kind::opened) {
      if (first == nullptr) return nullptr;
      const bool rests =
          incident.kind == Incident::Kind::time_wait && incident.from == Direction::from_client;
      *first = {rests ? incident.at.time : Timestamp{}, false};
      return nullptr;
    }
    if (first == nullptr) {
      firsts_.leave(pair.digest, {});
      return nullptr;
    }
    Tally& tally = pairs_.at(pair.key, pair.digest);
    tally.open = first->open;
    tally.total = 1;
    if (first->rests != Timestamp{}) tally.resting.enter(first->rests, time_wait_);
    firsts_.forget(pair.digest);
    return &tally;
  }

  void note(const Event& event, const Incident& incident, Tally& tally) const {
    const std::uint32_t taken = tally.open + tally.resting.alive();
    if (taken <= tally.peak) return;
    tally.peak = taken;
    tally.open_at_peak = tally.open;
    if (taken >= share_ * ports_) {
      tally.evidence.add(event.connection(), incident.at.packet, incident.at.time);
    }
  }

  Draft draft(const Peers& key, const Tally& tally) const {
    Draft draft;
    draft.severity = tally.peak >= 0.95 * ports_ ? Severity::critical : Severity::high;
    draft.client = key.client.host_text();
    draft.server = key.server.text();
    draft.subject = fmt::format("{} → {}", draft.client, draft.server);
    draft.why = fmt::format(
        "{} had {} of its {} ports taken for {} at once ({:.0f} %): {} in use and {} at rest in "
        "TIME_WAIT. When none is left, connect() fails (EADDRNOTAVAIL), and nothing of that shows "
        "on the wire.",
        draft.client, count_text(tally.peak), count_text(static_cast<std::uint64_t>(ports_)),
        draft.server, 100.0 * tally.peak / ports_, count_text(tally.open_at_peak),
        count_text(tally.peak - tally.open_at_peak));
    draft.measured = {{"ports_taken", static_cast<double>(tally.peak)},
                      {"in_use", static_cast<double>(tally.open_at_peak)},
                      {"resting", static_cast<double>(tally.peak - tally.open_at_peak)},
                      {"connections", static_cast<double>(tally.total)}};
    draft.evidence = tally.evidence;
    return draft;
  }

  double share_;
  double ports_;
  Duration time_wait_;
  Firsts<First> firsts_;
  Table<Peers, Tally> pairs_{kTallies};
};

}  // namespace

const Rule kPortExhaustion = {
    .id = "tcp.port_exhaustion",
    .severity = Severity::critical,
    .title = "Ports run out",
    .about =
        "A client address has only so many ports for one server address and port (28,232 on "
        "Linux). Those of connections that are open and of those that rest in TIME_WAIT are "
        "taken; when all are, no further connection can be opened for up to a minute.",
    .fix =
        "reuse connections (keep-alive, a pool); widen net.ipv4.ip_local_port_range; spread over "
        "more client or server addresses",
    .source = "RFC 6056 section 2; RFC 9293 section 3.6.1",
    .thresholds = PortExhaustion::kThresholds,
    .takes = PortExhaustion::kTakes,
    .make = make<PortExhaustion>,
    .follows = PortExhaustion::kFollows,
};

}  // namespace wirelens::detect
