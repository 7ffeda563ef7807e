// detect/tcp/port_scan.cc - one host that tries port after port of another.
#include "detect/by_server.h"
#include "detect/distinct.h"
#include "detect/doorkeeper.h"
#include "detect/tcp/rules.h"

namespace wirelens::detect {
namespace {

constexpr Threshold kThresholds[] = {
    {"targets", 15, "ports", "tried by one host without success, at least"},
    {"failed_share", 0.5, "of its tries", "at least so many failed"},
};
constexpr const EventType* kTakes[] = {&kEventType<Connection>};

class PortScan final : public Judge {
 public:
  explicit PortScan(const Circumstances& circumstances)
      : least_(circumstances.threshold("targets")),
        share_(circumstances.threshold("failed_share")) {}

  void hear(const Event& event) override {
    const auto& connection = *event.as<Connection>();
    if (connection.interim || connection.transport != "tcp" || !connection.client_known) return;
    if (connection.history.empty() || connection.history.front() != 'S') return;
    const Peers& peers = *event.peers();
    const Peers key = {peers.client.host(), peers.server.host()};
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
    tally.targets.add(peers.server.port);
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
    draft.subject = fmt::format("{} → {}", client, tally.first.server.host_text());
    draft.server = tally.first.server.host_text();
    draft.why = fmt::format(
        "{} tried {} ports of {} within {}, and {} led nowhere: {} refused, {} open and reset at "
        "once, the rest without an answer.",
        client, count_text(tally.targets.count()), draft.server,
        duration_text(tally.evidence.span()),
        counted(tally.failed, "try") == "1 try" ? "one" : count_text(tally.failed) + " tries",
        count_text(tally.refused), count_text(tally.open));
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

const Rule kPortScan = {
    .id = "tcp.port_scan",
    .severity = Severity::medium,
    .title = "Port scan",
    .about =
        "One host tried many ports of another, and hardly any was open: somebody looks for "
        "services.",
    .fix =
        "find out who runs that host and whether the scan is yours (monitoring, an audit); else "
        "block it, and close what need not be open",
    .source = "RFC 9293 section 3.10.7; Jung et al., Fast Portscan Detection, 2004",
    .thresholds = kThresholds,
    .takes = kTakes,
    .make = make<PortScan>,
};

}  // namespace wirelens::detect
