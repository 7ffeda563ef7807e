// detect/tcp/connection_refused.cc - a host is there, but nobody listens on the port.
#include "detect/distinct.h"
#include "detect/table.h"
#include "detect/tcp/rules.h"
#include "detect/words.h"

namespace wirelens::detect {
namespace {

/// A retry or two is what clients do while a service restarts.
constexpr std::uint64_t kFew = 3;
constexpr std::uint64_t kMany = 10;
constexpr std::uint64_t kCrowd = 100;

class ConnectionRefused final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"connections", 1, "connections", "refused at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Connection>};
  static constexpr std::string_view kFollows[] = {"tcp.port_scan", "tcp.host_sweep"};

  explicit ConnectionRefused(const Circumstances& circumstances)
      : least_(circumstances.threshold("connections")) {}

  void hear(const Event& event) override {
    const auto& connection = *event.as<Connection>();
    if (connection.close != Close::refused) {
      if (connection.handshake_rtt) note_opened(event.peers()->server);
      return;
    }
    Tally& tally = tallies_.at(event.peers()->server);
    if (tally.refused++ == 0) tally.first_client = event.peers()->client;
    tally.clients.add(event.peers()->client.host());
    tally.evidence.add(connection.id, connection.first_packet, event.time());
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->refused) >= least_) out.add(draft(*server, *tally));
    }
  }

 private:
  struct Tally {
    std::uint64_t refused = 0;
    std::uint64_t opened = 0;  ///< after the first refusal
    PeerAddress first_client;
    Distinct clients;
    Evidence evidence;
    std::uint64_t weight() const { return refused; }
  };

  void note_opened(const PeerAddress& server) {
    if (tallies_.size() == 0) return;
    if (Tally* tally = tallies_.find(server)) ++tally->opened;
  }

  static Draft draft(const PeerAddress& server, const Tally& tally) {
    const std::uint64_t clients = std::min(tally.clients.count(), tally.refused);
    Draft draft;
    draft.severity = tally.refused < kFew ? Severity::low : Severity::medium;
    if (tally.refused >= kMany && tally.opened == 0) draft.severity = Severity::high;
    draft.subject = fmt::format("{} → {}", client_text(clients, tally.first_client), server.text());
    draft.why = fmt::format(
        "{} refused {} of {}: each SYN was answered by a reset, so the host is up and reached, but "
        "nothing listened on port {}. {}",
        server.host_text(), counted(tally.refused, "connection"),
        client_text(clients, tally.first_client), server.port,
        tally.opened > 0 ? fmt::format("{} to the same port succeeded afterwards.",
                                       counted(tally.opened, "connection"))
                         : "None to the same port succeeded afterwards.");
    if (clients >= kCrowd && clients * 10 >= tally.refused * 9 && tally.opened == 0) {
      draft.why +=
          " Hardly any address came twice: they may be invented, a flood of SYNs that misses its "
          "service.";
    }
    draft.measured = {{"refused", static_cast<double>(tally.refused)},
                      {"opened_afterwards", static_cast<double>(tally.opened)},
                      {"clients", static_cast<double>(clients)}};
    draft.evidence = tally.evidence;
    if (clients == 1) draft.client = tally.first_client.host_text();
    draft.server = server.text();
    return draft;
  }

  double least_;
  Table<PeerAddress, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kConnectionRefused = {
    .id = "tcp.connection_refused",
    .severity = Severity::high,
    .title = "Connections refused",
    .about =
        "A SYN was answered by a reset: the host runs, but no program listens on that port "
        "(it crashed, is not started yet, listens on another address), or a firewall rejects.",
    .fix =
        "start the service or look why it stopped; check address and port on both sides, and "
        "let clients retry with a growing delay while it restarts",
    .source = "RFC 9293 section 3.10.7.1",
    .thresholds = ConnectionRefused::kThresholds,
    .takes = ConnectionRefused::kTakes,
    .make = make<ConnectionRefused>,
    .absorbed_by = ConnectionRefused::kFollows,
};

}  // namespace wirelens::detect
