// detect/tcp/spurious_retransmission.cc - data sent again that had arrived long before: a sender
// without patience.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"

namespace wirelens::detect {
namespace {

class SpuriousRetransmission final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"segments", 2, "segments",
       "sent again though they had arrived, to or from one server, at least"},
      {"share", 0.005, "of its packets", "at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Connection>};

  explicit SpuriousRetransmission(const Circumstances& circumstances)
      : least_(circumstances.threshold("segments")), share_(circumstances.threshold("share")) {}

  void hear(const Event& event) override {
    const auto& connection = *event.as<Connection>();
    const std::uint64_t spurious = connection.sent.spurious + connection.received.spurious;
    if (spurious == 0) return;
    ServerTally& tally = tallies_.at(event.peers()->server);
    tally.note(event, connection.first_packet, event.time());
    tally.evidence.connection(connection.id);
    tally.counts[0] += spurious;
    tally.counts[1] += connection.sent.packets + connection.received.packets;
    tally.counts[2] += connection.received.spurious;
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      const auto spurious = static_cast<double>(tally->counts[0]);
      if (spurious >= least_ && spurious >= share_ * static_cast<double>(tally->counts[1])) {
        out.add(draft(*server, *tally));
      }
    }
  }

 private:
  static Draft draft(const PeerAddress& server, const ServerTally& tally) {
    Draft draft = draft_of(server, tally);
    draft.severity = Severity::low;
    draft.blame = Blame::network;
    draft.why = fmt::format(
        "{} of {} in {} with {} ({}) were sent again though they had arrived: the receiver says so "
        "by D-SACK, or had acknowledged them. The path reorders or delays packets, or doubles "
        "them, for longer than the senders allow for; nothing was lost.",
        counted(tally.counts[0], "segment"), counted(tally.counts[1], "packet"),
        counted(tally.connections(), "connection"), server.text(),
        share_text(tally.counts[0], tally.counts[1]));
    draft.measured = {{"segments", static_cast<double>(tally.counts[0])},
                      {"by_server", static_cast<double>(tally.counts[2])},
                      {"packets", static_cast<double>(tally.counts[1])}};
    return draft;
  }

  double least_;
  double share_;
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kSpuriousRetransmission = {
    .id = "tcp.spurious_retransmission",
    .severity = Severity::low,
    .title = "Needless retransmissions",
    .about =
        "Segments are sent again although the first copy arrived. Reordering on the way looks like "
        "loss, or delay jumps above the retransmission timeout; the sender also slows down for no "
        "reason.",
    .fix =
        "find what reorders or stalls (several links without flow hashing, Wi-Fi, a shaper with "
        "deep queues); RACK in the sender tolerates more",
    .source = "RFC 2883; RFC 8985",
    .thresholds = SpuriousRetransmission::kThresholds,
    .takes = SpuriousRetransmission::kTakes,
    .make = make<SpuriousRetransmission>,
};

}  // namespace wirelens::detect
