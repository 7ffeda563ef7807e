// detect/tcp/host_sweep.cc - one host that tries the same port of host after host.
#include "detect/by_server.h"
#include "detect/distinct.h"
#include "detect/doorkeeper.h"
#include "detect/tcp/rules.h"

namespace wirelens::detect {
namespace {

constexpr Threshold kThresholds[] = {
    {"targets", 15, "hosts", "tried by one host without success, at least"},
    {"failed_share", 0.5, "of its tries", "at least so many failed"},
};
constexpr const EventType* kTakes[] = {&kEventType<Connection>};

class HostSweep final : public Judge {
 public:
  explicit HostSweep(const Circumstances& circumstances)
      : least_(circumstances.threshold("targets")),
        share_(circumstances.threshold("failed_share")) {}

  void hear(const Event& event) override {
    const auto& connection = *event.as<Connection>();
    if (connection.interim || connection.transport != "tcp" || !connection.client_known) return;
    if (connection.history.empty() || connection.history.front() != 'S') return;
    const Peers& peers = *event.peers();
    const Peers key = {peers.client.host(), PeerAddress{{}, peers.server.port, 0, 0}};
    const bool empty = connection.sent.bytes + connection.received.bytes == 0;
    const bool failed = connection.close == Close::refused ||
                        connection.close == Close::unanswered ||
                        (empty && connection.close == Close::reset_by_client);
    if (!failed) {
      if (tallies_.size() == 0) return;
      if (Tally* tally = tallies_.find(key)) ++tally->succeeded;
      return;
    }
    if (!doorkeeper_.knows(key)) return;
    Tally& tally = tallies_.at(key);
    if (tally.failed++ == 0) tally.first = peers;
    tally.targets.add(peers.server.host());
    tally.open += connection.close == Close::reset_by_client;
    tally.refused += connection.close == Close::refused;
    tally.evidence.add(connection.id, connection.first_packet, event.time());
  }

  void judge(Findings& out) override {
    for (const auto& [key, tally] : tallies_.heaviest()) {
      const auto failed = static_cast<double>(tally->failed);
      const double all = failed + static_cast<double>(tally->succeeded);
      if (static_cast<double>(tally->targets.count()) >= least_ && failed >= share_ * all) {
        out.add(draft(*tally));
      }
    }
  }

 private:
  struct Tally {
    std::uint64_t failed = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t refused = 0;
    std::uint64_t open = 0;
    Peers first;
    Distinct targets;
    Evidence evidence;
    std::uint64_t weight() const { return failed; }
  };

  static Draft draft(const Tally& tally) {
    const std::string client = tally.first.client.host_text();
    Draft draft;
    draft.severity = Severity::medium;
    draft.subject = fmt::format("{} → port {} of {} hosts", client, tally.first.server.port,
                                count_text(tally.targets.count()));
    draft.why = fmt::format(
        "{} tried port {} of {} hosts within {}, and {} tries led nowhere: {} refused, {} open and "
        "reset at once, the rest without an answer.",
        client, tally.first.server.port, count_text(tally.targets.count()),
        duration_text(tally.evidence.span()), count_text(tally.failed), count_text(tally.refused),
        count_text(tally.open));
    draft.measured = {{"targets", static_cast<double>(tally.targets.count())},
                      {"failed", static_cast<double>(tally.failed)},
                      {"refused", static_cast<double>(tally.refused)},
                      {"open", static_cast<double>(tally.open)}};
    draft.evidence = tally.evidence;
    draft.client = client;
    return draft;
  }

  double least_;
  double share_;
  Doorkeeper doorkeeper_;
  Table<Peers, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kHostSweep = {
    .id = "tcp.host_sweep",
    .severity = Severity::medium,
    .title = "Host sweep",
    .about =
        "One host tried the same port of many hosts, and hardly any answered: somebody looks for a "
        "service, or a worm for its next victim.",
    .fix =
        "find out who runs that host and whether the scan is yours (monitoring, an audit); else "
        "block it, and close what need not be open",
    .source = "RFC 9293 section 3.10.7; Jung et al., Fast Portscan Detection, 2004",
    .thresholds = kThresholds,
    .takes = kTakes,
    .make = make<HostSweep>,
};

}  // namespace wirelens::detect
