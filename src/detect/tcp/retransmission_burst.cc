// detect/tcp/retransmission_burst.cc - many segments lost close together: a queue that overflows,
// or a line that fails for a moment.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using tcp::Incident;

class RetransmissionBurst final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"segments", 8, "segments", "resent within a second on one connection, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Incident>};
  static constexpr std::string_view kAbsorbedBy[] = {"tcp.path_mtu_blackhole"};

  explicit RetransmissionBurst(const Circumstances& circumstances)
      : least_(circumstances.threshold("segments")) {}

  void hear(const Event& event) override {
    const auto& incident = *event.as<Incident>();
    if (incident.kind != Incident::Kind::resent || !event.connection()) return;
    if (incident.resend == Incident::Resend::spurious || incident.length == 0) return;
    Burst& burst = bursts_.at(*event.connection());
    if (burst.segments == 0 || incident.at.time - burst.since > std::chrono::seconds(1)) {
      burst = {.segments = 0, .since = incident.at.time, .first_packet = incident.at.packet};
    }
    if (static_cast<double>(++burst.segments) < least_) return;
    ServerTally& tally = tallies_.at(event.peers()->server);
    if (!burst.told) {
      burst.told = true;
      tally.note(event, burst.first_packet, burst.since);
      tally.counts[0] += burst.segments - 1;
    }
    tally.evidence.packet(incident.at.packet);
    tally.evidence.time(incident.at.time);
    ++tally.counts[0];
    tally.counts[1] = std::max<std::uint64_t>(tally.counts[1], burst.segments);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) out.add(draft(*server, *tally));
  }

 private:
  struct Burst {
    std::uint64_t segments = 0;
    Timestamp since{};
    std::uint64_t first_packet = 0;
    bool told = false;
    std::int64_t weight() const { return since.time_since_epoch().count(); }
  };

  static Draft draft(const PeerAddress& server, const ServerTally& tally) {
    Draft draft = draft_of(server, tally);
    draft.severity = tally.times >= 10 ? Severity::medium : Severity::low;
    draft.blame = Blame::network;
    draft.why = fmt::format(
        "{} in {} with {}: {} sent again, up to {} within a second. So many losses close together "
        "come from a queue that overflowed, a policer, or a line that failed for a moment.",
        counted(tally.times, "burst"), counted(tally.connections(), "connection"), server.text(),
        counted(tally.counts[0], "segment"), count_text(tally.counts[1]));
    draft.measured = {{"bursts", static_cast<double>(tally.times)},
                      {"segments", static_cast<double>(tally.counts[0])},
                      {"most_in_a_second", static_cast<double>(tally.counts[1])}};
    return draft;
  }

  double least_;
  Table<ConnectionId, Burst> bursts_{1024};  // those that resent last
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kRetransmissionBurst = {
    .id = "tcp.retransmission_burst",
    .severity = Severity::medium,
    .title = "Bursts of loss",
    .about =
        "Many segments of a connection are lost within moments and sent again. The transfer stalls "
        "and its rate is halved or worse.",
    .fix =
        "look at drop counters of switches, shapers and policers on the path, and at the sender's "
        "burst size (pacing, fq); on Wi-Fi at interference",
    .source = "RFC 5681 section 3; RFC 6675",
    .thresholds = RetransmissionBurst::kThresholds,
    .takes = RetransmissionBurst::kTakes,
    .make = make<RetransmissionBurst>,
    .absorbed_by = RetransmissionBurst::kAbsorbedBy,
};

}  // namespace wirelens::detect
