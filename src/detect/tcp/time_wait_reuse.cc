// detect/tcp/time_wait_reuse.cc - SYNs to ports that rest in TIME_WAIT, and are not taken.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using tcp::Incident;

class TimeWaitReuse final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"syns", 1, "SYNs", "that found their ports at rest and were refused, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Incident>};
  static constexpr std::string_view kFollows[] = {"tcp.port_exhaustion", "tcp.time_wait_storm"};

  explicit TimeWaitReuse(const Circumstances& circumstances)
      : least_(circumstances.threshold("syns")) {}

  void hear(const Event& event) override {
    const auto& incident = *event.as<Incident>();
    if (incident.kind == Incident::Kind::reopened) {
      if (tallies_.size() == 0) return;
      if (ServerTally* tally = tallies_.find(event.peers()->server)) ++tally->counts[0];
      return;
    }
    if (incident.kind != Incident::Kind::syn_at_rest) return;
    tallies_.at(event.peers()->server)
        .note(event, incident.at.packet, incident.at.time, incident.duration);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) >= least_) out.add(draft(*server, *tally));
    }
  }

 private:
  static Draft draft(const PeerAddress& server, const ServerTally& tally) {
    Draft draft = draft_of(server, tally);
    draft.severity = tally.times >= 10 ? Severity::medium : Severity::low;
    draft.why = fmt::format(
        "{} to {} used ports on which an earlier connection still rested in TIME_WAIT, and looked "
        "older than that one's last packet, so they were not taken: the client is answered by an "
        "old ACK or not at all, and has to try again after a second.",
        counted(tally.times, "SYN"), server.text());
    draft.measured = {{"syns", static_cast<double>(tally.times)},
                      {"taken", static_cast<double>(tally.counts[0])}};
    return draft;
  }

  double least_;
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kTimeWaitReuse = {
    .id = "tcp.time_wait_reuse",
    .severity = Severity::medium,
    .title = "Ports used again too soon",
    .about =
        "A client opens a connection from a port whose last connection with the same server is "
        "still in TIME_WAIT there. If timestamp or sequence number do not show that it is newer "
        "(NAT, clients that share an address, random timestamps), it is not accepted.",
    .fix =
        "reuse connections; give clients behind NAT more addresses or ports; keep TCP timestamps "
        "on",
    .source = "RFC 6191; RFC 9293 section 3.6.1",
    .thresholds = TimeWaitReuse::kThresholds,
    .takes = TimeWaitReuse::kTakes,
    .make = make<TimeWaitReuse>,
    .follows = TimeWaitReuse::kFollows,
};

}  // namespace wirelens::detect
