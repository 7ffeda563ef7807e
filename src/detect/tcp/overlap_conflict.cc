// detect/tcp/overlap_conflict.cc - the same bytes of a stream sent twice with different content:
// evasion, or a broken host.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"

namespace wirelens::detect {
namespace {

class OverlapConflict final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"times", 1, "segments", "that contradict what was sent before, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<FlawSeen>};

  explicit OverlapConflict(const Circumstances& circumstances)
      : least_(circumstances.threshold("times")) {}

  void hear(const Event& event) override {
    const auto& flaw = *event.as<FlawSeen>();
    if (flaw.name != "tcp.overlap_conflict" || !event.peers()) return;
    ServerTally& tally = tallies_.at(event.peers()->server);
    tally.note(event, flaw.packet, event.time());
    tally.counts[0] += flaw.from == Direction::from_client;
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) >= least_) out.add(draft(*server, *tally));
    }
  }

 private:
  static Draft draft(const PeerAddress& server, const ServerTally& tally) {
    Draft draft = draft_of(server, tally);
    draft.severity = Severity::high;
    draft.why = fmt::format(
        "{} in {} with {} contradict bytes sent before in the same place: {} by clients, {} by the "
        "server. An honest sender repeats itself word for word. What the receiver took depends on "
        "its system; the records show the first copy.",
        counted(tally.times, "segment"), counted(tally.connections(), "connection"), server.text(),
        count_text(tally.counts[0]), count_text(tally.times - tally.counts[0]));
    draft.measured = {{"segments", static_cast<double>(tally.times)},
                      {"connections", static_cast<double>(tally.connections())},
                      {"by_client", static_cast<double>(tally.counts[0])}};
    return draft;
  }

  double least_;
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kOverlapConflict = {
    .id = "tcp.overlap_conflict",
    .severity = Severity::high,
    .title = "Segments contradict each other",
    .about =
        "Two segments claim the same place in a stream with different bytes. Attackers do that so "
        "that a monitor and the host read different things; broken middleboxes and faulty memory "
        "do it, too.",
    .fix =
        "treat the connection as hostile until explained: compare with the host's own log; let a "
        "normalising firewall or proxy settle overlaps",
    .source = "Ptacek and Newsham 1998; RFC 9293 section 3.10.7.4",
    .thresholds = OverlapConflict::kThresholds,
    .takes = OverlapConflict::kTakes,
    .make = make<OverlapConflict>,
};

}  // namespace wirelens::detect
