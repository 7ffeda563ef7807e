// detect/tcp/reset_after_idle.cc - connections that are reset once they are used again after a
// silence: somebody had forgotten them.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using tcp::Incident;

class ResetAfterIdle final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"seconds", 10, "seconds", "of silence before the data that the reset answers, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Incident>};

  explicit ResetAfterIdle(const Circumstances& circumstances)
      : least_(circumstances.seconds("seconds")) {}

  void hear(const Event& event) override {
    const auto& incident = *event.as<Incident>();
    if (incident.kind != Incident::Kind::reset || incident.after_fin) return;
    if (!incident.answers_data || incident.duration < least_) return;
    ServerTally& tally = tallies_.at(event.peers()->server);
    if (tally.times == 0)
      shortest_of(tally) = static_cast<std::uint64_t>(incident.duration.count());
    shortest_of(tally) =
        std::min(shortest_of(tally), static_cast<std::uint64_t>(incident.duration.count()));
    tally.note(event, incident.at.packet, incident.at.time);
    tally.worst = std::max(tally.worst, incident.duration);
    tally.counts[1] += incident.usual_ttl != 0 && incident.ttl != incident.usual_ttl;
    tally.counts[2] += incident.from == Direction::from_server;
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) out.add(draft(*server, *tally));
  }

 private:
  static std::uint64_t& shortest_of(ServerTally& tally) { return tally.counts[0]; }

  static Draft draft(const PeerAddress& server, const ServerTally& tally) {
    const Duration shortest(static_cast<std::int64_t>(tally.counts[0]));
    const bool middlebox = tally.counts[1] * 2 > tally.times;
    Draft draft = draft_of(server, tally);
    draft.severity = tally.times >= 10 ? Severity::high : Severity::medium;
    draft.blame = middlebox ? Blame::network : Blame::endpoint;
    draft.why = fmt::format(
        "{} with {} that had been silent for {} {} reset as soon as data came. Nobody had said "
        "goodbye: {}",
        counted(tally.times, "connection"), server.text(),
        tally.times == 1 ? duration_text(shortest)
                         : fmt::format("at least {}", duration_text(shortest)),
        tally.times == 1 ? "was" : "were",
        middlebox
            ? "the resets bear another hop count than their sender's packets, so a middlebox "
              "on the path (load balancer, NAT, firewall) had dropped its state."
            : "the end that reset had dropped the connection without a FIN, or something that "
              "looks like it had.");
    draft.fix = fmt::format(
        "let the client close idle connections sooner than that (idle timeout of its pool below "
        "{}), or send TCP keep-alives more often; or raise the timeout of whoever forgets",
        duration_text(shortest));
    draft.measured = {{"resets", static_cast<double>(tally.times)},
                      {"shortest_idle_seconds", seconds(shortest)},
                      {"longest_idle_seconds", seconds(tally.worst)},
                      {"by_server", static_cast<double>(tally.counts[2])},
                      {"other_hop_count", static_cast<double>(tally.counts[1])}};
    return draft;
  }

  Duration least_;
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kResetAfterIdle = {
    .id = "tcp.reset_after_idle",
    .severity = Severity::high,
    .title = "Idle connections are reset when used",
    .about =
        "A load balancer, NAT, firewall or server forgets connections that were idle for long (350 "
        "s, 4 min, 60 s ...). The client does not know, sends its next request, and gets a reset "
        "in place of an answer.",
    .fix =
        "let the client close idle connections sooner than that (idle timeout of its pool), or "
        "send TCP keep-alives more often; or raise the timeout of whoever forgets",
    .source = "RFC 9293 section 3.5.1; RFC 5382 section 5",
    .thresholds = ResetAfterIdle::kThresholds,
    .takes = ResetAfterIdle::kTakes,
    .make = make<ResetAfterIdle>,
};

}  // namespace wirelens::detect
