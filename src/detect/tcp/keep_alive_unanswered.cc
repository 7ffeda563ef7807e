// detect/tcp/keep_alive_unanswered.cc - probes of an idle connection that nobody answers.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using tcp::Incident;

class KeepAliveUnanswered final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"probes", 3, "keep-alives", "in a row without any packet of the other end, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Incident>};

  explicit KeepAliveUnanswered(const Circumstances& circumstances)
      : least_(circumstances.threshold("probes")) {}

  void hear(const Event& event) override {
    const auto& incident = *event.as<Incident>();
    if (incident.kind != Incident::Kind::unanswered_probe) return;
    if (static_cast<double>(incident.value) < least_) return;
    ServerTally& tally = tallies_.at(event.peers()->server);
    tally.note(event, incident.at.packet, incident.at.time);
    tally.counts[0] = std::max<std::uint64_t>(tally.counts[0], incident.value);
    ++tally.counts[incident.from == Direction::from_client ? 1 : 2];
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) out.add(draft(*server, *tally));
  }

 private:
  static Draft draft(const PeerAddress& server, const ServerTally& tally) {
    Draft draft = draft_of(server, tally);
    draft.severity = Severity::medium;
    draft.blame = Blame::network;
    const bool client = tally.counts[1] >= tally.counts[2];
    draft.why = fmt::format(
        "{} with {} probed by the {}: up to {} keep-alives in a row without any answer, not even a "
        "reset. The other end is gone or cut off; what is sent on such a connection is lost.",
        counted(tally.connections(), "connection"), server.text(), client ? "client" : "server",
        count_text(tally.counts[0]));
    draft.measured = {{"probes_in_a_row", static_cast<double>(tally.counts[0])},
                      {"connections", static_cast<double>(tally.connections())}};
    return draft;
  }

  double least_;
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kKeepAliveUnanswered = {
    .id = "tcp.keep_alive_unanswered",
    .severity = Severity::medium,
    .title = "Keep-alives without an answer",
    .about =
        "A host probes an idle connection and hears nothing: its peer lost power or network, or a "
        "middlebox dropped the state. The connection is dead, and its owner does not know yet.",
    .fix =
        "let the application notice dead peers by itself (heartbeats, TCP_USER_TIMEOUT) and "
        "connect again; look for what cut the path",
    .source = "RFC 9293 section 3.8.4",
    .thresholds = KeepAliveUnanswered::kThresholds,
    .takes = KeepAliveUnanswered::kTakes,
    .make = make<KeepAliveUnanswered>,
};

}  // namespace wirelens::detect
