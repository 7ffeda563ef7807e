// detect/tcp/syn_ack_retransmission.cc - the server answers a SYN twice: its answer, or the ACK of
// it, was lost or dropped.
#include "detect/table.h"
#include "detect/tcp/rules.h"
#include "detect/words.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using tcp::Incident;

class SynAckRetransmission final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"times", 1, "SYN-ACKs", "sent again in connections that were opened in the end, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Connection>, &kEventType<Incident>};
  static constexpr std::string_view kFollows[] = {"tcp.syn_flood", "tcp.capture_loss"};

  explicit SynAckRetransmission(const Circumstances& circumstances)
      : least_(circumstances.threshold("times")) {}

  void hear(const Event& event) override {
    if (const auto* incident = event.as<Incident>()) {
      if (incident->kind != Incident::Kind::syn_ack_resent || !event.connection()) return;
      Waiting& waiting = waiting_.at(*event.connection());
      ++waiting.times;
      waiting.lost = std::max(waiting.lost, incident->duration);
      waiting.at = incident->at;
      return;
    }
    const auto& connection = *event.as<Connection>();
    if (waiting_.size() == 0) return;
    const Waiting* waiting = waiting_.find(connection.id);
    if (waiting == nullptr) return;
    // One that never opened belongs to a flood, a scan, or a client that is gone.
    if (connection.handshake_rtt || connection.sent.bytes > 0) count(event, *waiting);
    waiting_.erase(connection.id);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) >= least_) out.add(draft(*server, *tally));
    }
  }

 private:
  struct Waiting {
    std::uint64_t times = 0;
    Duration lost{};
    Stamp at;
    std::uint64_t weight() const { return times; }
  };
  struct Tally {
    std::uint64_t times = 0;
    Duration lost{};
    PeerAddress first_client;
    Evidence evidence;
    std::uint64_t weight() const { return times; }
  };

  void count(const Event& event, const Waiting& waiting) {
    const auto& connection = *event.as<Connection>();
    Tally& tally = tallies_.at(event.peers()->server);
    if (tally.times == 0) tally.first_client = event.peers()->client;
    tally.times += waiting.times;
    tally.lost += waiting.lost;
    tally.evidence.add(connection.id, waiting.at.packet, waiting.at.time);
  }

  static Draft draft(const PeerAddress& server, const Tally& tally) {
    const std::uint64_t connections = tally.evidence.connections_total();
    Draft draft;
    draft.severity = severity_of_wait(tally.lost);
    draft.blame = Blame::network;
    draft.cost = tally.lost;
    draft.subject = connections == 1
                        ? fmt::format("{} → {}", tally.first_client.host_text(), server.text())
                        : server.text();
    draft.why = fmt::format(
        "{} sent its SYN-ACK again {} in {} opened in the end. The first answer, or the "
        "ACK that completes the handshake, did not arrive: lost on the path, or dropped because "
        "the accept queue was full.",
        server.text(), tally.times == 1 ? "once" : fmt::format("{} times", count_text(tally.times)),
        counted(connections, "connection") + (connections == 1 ? " that was" : " that were"));
    draft.measured = {{"times", static_cast<double>(tally.times)},
                      {"connections", static_cast<double>(connections)}};
    draft.evidence = tally.evidence;
    if (connections == 1) draft.client = tally.first_client.host_text();
    draft.server = server.text();
    return draft;
  }

  double least_;
  Table<ConnectionId, Waiting> waiting_{4096};
  Table<PeerAddress, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kSynAckRetransmission = {
    .id = "tcp.syn_ack_retransmission",
    .severity = Severity::high,
    .title = "SYN-ACKs sent again",
    .about =
        "A server had to answer a SYN more than once before the connection opened. That costs "
        "a second, then three, at the start of a connection.",
    .fix =
        "look for loss towards the clients; on the server for a full accept queue (ss -ltn, "
        "nstat TcpExtListenOverflows): raise the backlog and net.core.somaxconn, accept faster",
    .source = "RFC 9293 section 3.8.1; RFC 6298 section 5",
    .thresholds = SynAckRetransmission::kThresholds,
    .takes = SynAckRetransmission::kTakes,
    .make = make<SynAckRetransmission>,
    .follows = SynAckRetransmission::kFollows,
};

}  // namespace wirelens::detect
