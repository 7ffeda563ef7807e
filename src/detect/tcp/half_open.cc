// detect/tcp/half_open.cc - one end speaks on a connection of which the other knows nothing any
// more.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using tcp::Incident;

constexpr Duration kIdle = std::chrono::seconds(10);

class HalfOpen final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"connections", 1, "connections", "whose data was answered by a reset without ACK, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Incident>};

  explicit HalfOpen(const Circumstances& circumstances)
      : least_(circumstances.threshold("connections")) {}

  void hear(const Event& event) override {
    const auto& incident = *event.as<Incident>();
    // A host that knows no such connection answers with a reset without ACK (RFC 9293 section
    // 3.5.2); after a silence it is reset_after_idle's.
    if (incident.kind != Incident::Kind::reset || incident.after_fin || !incident.bare) return;
    if (!incident.answers_data || incident.duration >= kIdle) return;
    if (incident.usual_ttl != 0 && incident.ttl != incident.usual_ttl) return;
    if (incident.unseen) {  // who closed before, and was missed, answers so as well
      ++unseen_;
      return;
    }
    ServerTally& tally = tallies_.at(event.peers()->server);
    tally.note(event, incident.at.packet, incident.at.time);
    tally.counts[0] += incident.from == Direction::from_server;
    tally.counts[1] += incident.value;
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) >= least_) out.add(draft(*server, *tally));
    }
    if (unseen_ > 0) {
      out.not_observable("whether ends that reset had closed before: packets are missing",
                         "tcp.half_open is not judged there", unseen_);
    }
  }

 private:
  static Draft draft(const PeerAddress& server, const ServerTally& tally) {
    Draft draft = draft_of(server, tally);
    draft.severity = Severity::medium;
    const bool by_server = tally.counts[0] * 2 > tally.times;
    draft.why = fmt::format(
        "{} with {}: the {} spoke on, and the {} answered with a reset that says it knows no such "
        "connection, though neither had closed it{}. It restarted, or lost its state while the "
        "path was down.",
        counted(tally.times, "connection"), server.text(), by_server ? "client" : "server",
        by_server ? "server" : "client",
        tally.counts[1] > 0
            ? fmt::format(" (after {} by timeout)", counted(tally.counts[1], "retransmission"))
            : std::string());
    draft.measured = {{"connections", static_cast<double>(tally.times)},
                      {"by_server", static_cast<double>(tally.counts[0])},
                      {"timeouts_before", static_cast<double>(tally.counts[1])}};
    return draft;
  }

  double least_;
  std::uint64_t unseen_ = 0;  // resets behind a hole of the capture
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kHalfOpen = {
    .id = "tcp.half_open",
    .severity = Severity::medium,
    .title = "Half-open connections",
    .about =
        "One end of a connection has lost it (crash, restart, aborted while the line was down) and "
        "the other still believes in it. It finds out only when it sends: its data is answered by "
        "a reset.",
    .fix =
        "look why the end that reset forgot the connection (restart, crash, failover); use "
        "keep-alives or heartbeats so that the other notices before it has something to say",
    .source = "RFC 9293 section 3.5.1",
    .thresholds = HalfOpen::kThresholds,
    .takes = HalfOpen::kTakes,
    .make = make<HalfOpen>,
};

}  // namespace wirelens::detect
