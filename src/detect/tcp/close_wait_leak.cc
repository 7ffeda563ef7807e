// detect/tcp/close_wait_leak.cc - an application that does not close what its peer has closed.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"

namespace wirelens::detect {
namespace {

constexpr Threshold kThresholds[] = {
    {"seconds", 10, "seconds", "without a packet since, at least"},
    {"sockets", 1, "sockets", "in that state at one end, at least"},
};
constexpr const EventType* kTakes[] = {&kEventType<Connection>};

class CloseWaitLeak final : public Judge {
 public:
  explicit CloseWaitLeak(const Circumstances& circumstances)
      : idle_(circumstances.seconds("seconds")), least_(circumstances.threshold("sockets")) {}

  void hear(const Event& event) override {
    const auto& connection = *event.as<Connection>();
    if (connection.interim || !connection.idle || *connection.idle < idle_) return;
    if (connection.one_sided || connection.midstream) return;
    if (connection.client_state == "close_wait") note(event, event.peers()->client.host(), 1);
    if (connection.server_state == "close_wait") note(event, event.peers()->server, 0);
  }

  void judge(Findings& out) override {
    for (const auto& [holder, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) >= least_) out.add(draft(*holder, *tally));
    }
  }

 private:
  void note(const Event& event, const PeerAddress& holder, std::uint64_t is_client) {
    const auto& connection = *event.as<Connection>();
    ServerTally& tally = tallies_.at(holder);
    tally.note(event, connection.first_packet, event.time());
    tally.evidence.connection(connection.id);
    tally.worst = std::max(tally.worst, *connection.idle);
    tally.counts[0] += is_client;
  }

  Draft draft(const PeerAddress& holder, const ServerTally& tally) const {
    const bool client = tally.counts[0] > 0;
    const std::string name = client ? holder.host_text() : holder.text();
    Draft draft = draft_of(tally.first.server, tally);
    draft.subject = name;
    draft.severity = tally.times >= 20 ? Severity::high : Severity::medium;
    draft.why = fmt::format(
        "{} holds {} in CLOSE_WAIT: its kernel acknowledged the peer's FIN, and for up to {} the "
        "application neither sent nor closed. The network has done its part.",
        name, counted(tally.times, "socket"), duration_text(tally.worst));
    draft.measured = {{"sockets", static_cast<double>(tally.times)},
                      {"longest_seconds", seconds(tally.worst)}};
    return draft;
  }

  Duration idle_;
  double least_;
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kCloseWaitLeak = {
    .id = "tcp.close_wait_leak",
    .severity = Severity::high,
    .title = "Sockets left in CLOSE_WAIT",
    .about =
        "The peer has closed (its FIN was acknowledged by the kernel), but the application that "
        "holds the socket never closes its side. Each one is a leaked descriptor; when they run "
        "out the service stops accepting.",
    .fix =
        "close the socket when read() returns 0 or an error, also on the paths for timeouts and "
        "exceptions; find who holds them with ss -tp state close-wait",
    .source = "RFC 9293 section 3.6",
    .thresholds = kThresholds,
    .takes = kTakes,
    .make = make<CloseWaitLeak>,
};

}  // namespace wirelens::detect
