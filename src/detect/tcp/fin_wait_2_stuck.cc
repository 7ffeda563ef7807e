// detect/tcp/fin_wait_2_stuck.cc - an end that has closed, and whose peer does not.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"

namespace wirelens::detect {
namespace {

constexpr Threshold kThresholds[] = {
    {"seconds", 60, "seconds", "without a packet since, at least"},
    {"sockets", 1, "sockets", "in that state at one end, at least"},
};
constexpr const EventType* kTakes[] = {&kEventType<Connection>};
constexpr std::string_view kFollows[] = {"tcp.close_wait_leak"};

class FinWait2Stuck final : public Judge {
 public:
  explicit FinWait2Stuck(const Circumstances& circumstances)
      : idle_(circumstances.seconds("seconds")), least_(circumstances.threshold("sockets")) {}

  void hear(const Event& event) override {
    const auto& connection = *event.as<Connection>();
    if (connection.interim || !connection.idle || *connection.idle < idle_) return;
    if (connection.one_sided || connection.midstream) return;
    if (connection.client_state == "fin_wait_2") note(event, event.peers()->client.host(), 1);
    if (connection.server_state == "fin_wait_2") note(event, event.peers()->server, 0);
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
    draft.severity = Severity::low;
    draft.why = fmt::format(
        "{} closed {} and waits in FIN_WAIT_2 for up to {}: the peer acknowledged the FIN and "
        "never sent its own.",
        name, counted(tally.times, "connection"), duration_text(tally.worst));
    draft.measured = {{"sockets", static_cast<double>(tally.times)},
                      {"longest_seconds", seconds(tally.worst)}};
    return draft;
  }

  Duration idle_;
  double least_;
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kFinWait2Stuck = {
    .id = "tcp.fin_wait_2_stuck",
    .severity = Severity::low,
    .title = "Sockets stuck in FIN_WAIT_2",
    .about =
        "An end has closed and waits for the FIN of its peer, which never comes. Linux gives up "
        "after 60 s (tcp_fin_timeout) once the application has let go of the socket; what the peer "
        "sends later is answered by a reset.",
    .fix =
        "make the peer close (see tcp.close_wait_leak); do not use shutdown() without a deadline "
        "for the answer",
    .source = "RFC 9293 section 3.6",
    .thresholds = kThresholds,
    .takes = kTakes,
    .make = make<FinWait2Stuck>,
    .follows = kFollows,
};

}  // namespace wirelens::detect
