// detect/tcp/reset_injected.cc - resets that their sender never sent: somebody on the path cuts
// connections.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using tcp::Incident;

class ResetInjected final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"connections", 1, "connections", "that went on after a reset, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<FlawSeen>, &kEventType<Incident>};

  explicit ResetInjected(const Circumstances& circumstances)
      : least_(circumstances.threshold("connections")) {}

  void hear(const Event& event) override {
    if (!event.connection()) return;
    if (const auto* incident = event.as<Incident>()) {
      if (incident->kind == Incident::Kind::reset) {
        const bool other = incident->usual_ttl != 0 && incident->ttl != incident->usual_ttl;
        resets_.at(*event.connection()) = {incident->at, incident->ttl, incident->usual_ttl, other};
      } else if (incident->kind == Incident::Kind::after_reset) {
        const Reset* reset = resets_.find(*event.connection());
        if (reset && reset->other_ttl) count(event, *reset);
      }
      return;
    }
    if (event.as<FlawSeen>()->name != "tcp.rst_ignored") return;
    if (const Reset* reset = resets_.find(*event.connection())) count(event, *reset);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) >= least_) out.add(draft(*server, *tally));
    }
  }

 private:
  struct Reset {
    Stamp at;
    std::uint8_t ttl = 0;
    std::uint8_t usual_ttl = 0;
    bool other_ttl = false;
    std::uint64_t weight() const { return at.packet; }
  };

  void count(const Event& event, const Reset& reset) {
    ServerTally& tally = tallies_.at(event.peers()->server);
    tally.note(event, reset.at.packet, reset.at.time);
    tally.counts[0] += reset.other_ttl;
    tally.counts[1] = reset.ttl;
    tally.counts[2] = reset.usual_ttl;
    resets_.erase(*event.connection());
  }

  static Draft draft(const PeerAddress& server, const ServerTally& tally) {
    Draft draft = draft_of(server, tally);
    draft.severity = Severity::high;
    draft.blame = Blame::network;
    draft.why = fmt::format(
        "In {} with {} a reset came that its sender knew nothing of: it went on afterwards as if "
        "nothing had been.{} Somebody on the path forges resets to cut connections off.",
        counted(tally.connections(), "connection"), server.text(),
        tally.counts[0] > 0
            ? fmt::format(" The reset had {} hops left where its sender's packets have {}.",
                          tally.counts[1], tally.counts[2])
            : std::string());
    draft.measured = {{"connections", static_cast<double>(tally.connections())},
                      {"other_hop_count", static_cast<double>(tally.counts[0])}};
    if (tally.counts[0] > 0) {
      draft.measured.push_back({"reset_ttl", static_cast<double>(tally.counts[1])});
      draft.measured.push_back({"usual_ttl", static_cast<double>(tally.counts[2])});
    }
    return draft;
  }

  double least_;
  Table<ConnectionId, Reset> resets_{4096};  // the latest
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kResetInjected = {
    .id = "tcp.reset_injected",
    .severity = Severity::high,
    .title = "Forged resets",
    .about =
        "A reset arrives in the name of an end that goes on talking: a firewall, a censor or an "
        "attacker on the path sent it. Its hop count often gives it away.",
    .fix =
        "find the box by its hop count and its policy; encrypt, so that content does not trigger "
        "it; accept only exact resets (RFC 5961)",
    .source = "RFC 5961 section 3; RFC 3360",
    .thresholds = ResetInjected::kThresholds,
    .takes = ResetInjected::kTakes,
    .make = make<ResetInjected>,
};

}  // namespace wirelens::detect
