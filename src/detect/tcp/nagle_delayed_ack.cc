// detect/tcp/nagle_delayed_ack.cc - small writes that wait for an ACK which the other end delays.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using tcp::Incident;

class NagleDelayedAck final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"stalls", 3, "stalls", "in one direction to one server, at least"},
      {"seconds", 0.1, "seconds", "lost to them in all, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Incident>};

  explicit NagleDelayedAck(const Circumstances& circumstances)
      : least_(circumstances.threshold("stalls")), seconds_(circumstances.seconds("seconds")) {}

  void hear(const Event& event) override {
    const auto& incident = *event.as<Incident>();
    if (incident.kind != Incident::Kind::late_ack) return;
    ServerTally& tally = tallies_.at(event.peers()->server);
    tally.note(event, incident.at.packet, incident.at.time, incident.duration);
    tally.evidence.packet(incident.since_packet);
    ++tally.counts[index(incident.from)];
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) >= least_ && tally->cost >= seconds_) {
        out.add(draft(*server, *tally));
      }
    }
  }

 private:
  static Draft draft(const PeerAddress& server, const ServerTally& tally) {
    Draft draft = draft_of(server, tally);
    draft.severity = severity_of_wait(tally.cost);
    draft.cost = tally.cost;
    const bool client = tally.counts[0] >= tally.counts[1];
    draft.why = fmt::format(
        "In {} with {} a small write waited {} for an ACK that the other end delayed, up to {} "
        "each; {} by the {}. The sender had a small segment in flight and went on the moment its "
        "ACK came: Nagle's algorithm against delayed ACKs, not the network.",
        counted(tally.connections(), "connection"), server.text(), times_text(tally.times),
        duration_text(tally.worst), count_text(std::max(tally.counts[0], tally.counts[1])),
        client ? "client" : "server");
    draft.measured = {{"stalls", static_cast<double>(tally.times)},
                      {"by_client", static_cast<double>(tally.counts[0])},
                      {"by_server", static_cast<double>(tally.counts[1])},
                      {"longest_seconds", seconds(tally.worst)}};
    return draft;
  }

  double least_;
  Duration seconds_;
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kNagleDelayedAck = {
    .id = "tcp.nagle_delayed_ack",
    .severity = Severity::high,
    .title = "Small writes wait for delayed ACKs",
    .about =
        "A program writes a message in two small pieces. The kernel holds the second back until "
        "the first is acknowledged (Nagle), and the receiver delays that ACK by 40 to 200 ms "
        "because it has nothing to answer yet.",
    .fix = "write each message with one call (writev, a buffer), or set TCP_NODELAY on the sender",
    .source = "RFC 9293 sections 3.7.4 and 3.8.6.3; RFC 896",
    .thresholds = NagleDelayedAck::kThresholds,
    .takes = NagleDelayedAck::kTakes,
    .make = make<NagleDelayedAck>,
};

}  // namespace wirelens::detect
