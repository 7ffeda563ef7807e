// detect/tcp/retransmission_timeout.cc - senders that wait for a timer before they send again.
#include "detect/table.h"
#include "detect/tcp/rules.h"
#include "detect/words.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using tcp::Incident;

class RetransmissionTimeout final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"seconds", 0.2, "seconds", "lost to timeouts in all, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Incident>};
  static constexpr std::string_view kFollows[] = {"tcp.path_mtu_blackhole", "tcp.half_open"};

  explicit RetransmissionTimeout(const Circumstances& circumstances)
      : least_(circumstances.seconds("seconds")) {}

  void hear(const Event& event) override {
    const auto& incident = *event.as<Incident>();
    if (incident.kind != Incident::Kind::resent || incident.resend != Incident::Resend::timeout) {
      return;
    }
    Tally& tally = tallies_.at(event.peers()->server);
    if (tally.timeouts++ == 0) tally.first_client = event.peers()->client;
    ++(incident.from == Direction::from_client ? tally.from_client : tally.from_server);
    tally.lost += incident.duration;
    tally.worst = std::max(tally.worst, incident.duration);
    tally.evidence.add(event.connection(), incident.at.packet, incident.at.time);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (tally->lost >= least_) out.add(draft(*server, *tally));
    }
  }

 private:
  struct Tally {
    std::uint64_t timeouts = 0;
    std::uint64_t from_client = 0;
    std::uint64_t from_server = 0;
    Duration lost{};
    Duration worst{};
    PeerAddress first_client;
    Evidence evidence;
    std::int64_t weight() const { return lost.count(); }
  };

  static Draft draft(const PeerAddress& server, const Tally& tally) {
    const std::uint64_t connections = tally.evidence.connections_total();
    Draft draft;
    draft.severity = severity_of_wait(tally.lost);
    draft.cost = tally.lost;
    draft.blame = Blame::network;
    draft.subject = connections == 1
                        ? fmt::format("{} → {}", tally.first_client.host_text(), server.text())
                        : server.text();
    draft.why = fmt::format(
        "{} with {} resent by a timer {}, after waits of up to {}: {} by the server, {} by the "
        "client. Nothing came back that could have called for them sooner, so packets or their "
        "ACKs were lost on the path.",
        counted(connections, "connection"), server.text(),
        tally.timeouts == 1 ? "once" : fmt::format("{} times", count_text(tally.timeouts)),
        duration_text(tally.worst), count_text(tally.from_server), count_text(tally.from_client));
    draft.measured = {{"timeouts", static_cast<double>(tally.timeouts)},
                      {"by_server", static_cast<double>(tally.from_server)},
                      {"by_client", static_cast<double>(tally.from_client)},
                      {"longest_seconds", seconds(tally.worst)}};
    draft.evidence = tally.evidence;
    if (connections == 1) draft.client = tally.first_client.host_text();
    draft.server = server.text();
    return draft;
  }

  Duration least_;
  Table<PeerAddress, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kRetransmissionTimeout = {
    .id = "tcp.retransmission_timeout",
    .severity = Severity::high,
    .title = "Waiting for retransmission timeouts",
    .about =
        "A sender had no sign of what became of its data and waited for its timer (200 ms and "
        "more, doubling each time) before it sent again. Loss at the end of a message, of "
        "small messages, or of whole windows brings that about.",
    .fix =
        "find where packets are dropped (overloaded link, queue, Wi-Fi, policer: compare "
        "captures at both ends); let senders use RACK and tail loss probes",
    .source = "RFC 6298 section 5",
    .thresholds = RetransmissionTimeout::kThresholds,
    .takes = RetransmissionTimeout::kTakes,
    .make = make<RetransmissionTimeout>,
    .follows = RetransmissionTimeout::kFollows,
};

}  // namespace wirelens::detect
