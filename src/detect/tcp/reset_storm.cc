// detect/tcp/reset_storm.cc - one server whose connections end in resets, by dozens.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"

namespace wirelens::detect {
namespace {

class ResetStorm final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"resets", 20, "connections", "with one server that were opened and then reset, at least"},
      {"share", 0.5, "of its connections", "were reset, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Connection>};
  static constexpr std::string_view kFollows[] = {"tcp.reset_after_idle", "tcp.half_open",
                                                  "tcp.reset_injected"};

  explicit ResetStorm(const Circumstances& circumstances)
      : least_(circumstances.threshold("resets")), share_(circumstances.threshold("share")) {}

  void hear(const Event& event) override {
    const auto& connection = *event.as<Connection>();
    if (!connection.handshake_rtt) return;
    const bool by_client = connection.close == Close::reset_by_client;
    if (!by_client && connection.close != Close::reset_by_server) {
      if (tallies_.size() == 0) return;
      if (ServerTally* tally = tallies_.find(event.peers()->server)) ++tally->counts[2];
      return;
    }
    ServerTally& tally = tallies_.at(event.peers()->server);
    tally.note(event, connection.first_packet, event.time());
    tally.evidence.connection(connection.id);
    ++tally.counts[by_client ? 0 : 1];
    tally.counts[3] += connection.sent.bytes + connection.received.bytes == 0;
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      const auto resets = static_cast<double>(tally->times);
      const double all = resets + static_cast<double>(tally->counts[2]);
      // Scanners and health checks open, and reset without a word.
      if (resets >= least_ && resets >= share_ * all && tally->counts[3] * 2 < tally->times) {
        out.add(draft(*server, *tally));
      }
    }
  }

 private:
  static Draft draft(const PeerAddress& server, const ServerTally& tally) {
    Draft draft = draft_of(server, tally);
    draft.severity = tally.times >= 100 ? Severity::high : Severity::medium;
    draft.why = fmt::format(
        "{} of {} with {} were reset instead of closed, within {}: {} by clients, {} by the "
        "server. Data that was under way is lost with each.",
        count_text(tally.times), counted(tally.times + tally.counts[2], "connection"),
        server.text(), duration_text(tally.evidence.span()), count_text(tally.counts[0]),
        count_text(tally.counts[1]));
    draft.measured = {{"resets", static_cast<double>(tally.times)},
                      {"by_client", static_cast<double>(tally.counts[0])},
                      {"by_server", static_cast<double>(tally.counts[1])},
                      {"not_reset", static_cast<double>(tally.counts[2])}};
    return draft;
  }

  double least_;
  double share_;
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kResetStorm = {
    .id = "tcp.reset_storm",
    .severity = Severity::high,
    .title = "Connections end in resets",
    .about =
        "Most connections with a server are cut off by resets: processes that crash or are killed, "
        "a listener that sheds load, clients that give up, or a middlebox that cuts.",
    .fix =
        "by the server: look for crashes, memory kills, SO_LINGER with 0 and unread input at "
        "close(); by the clients: look at their timeouts",
    .source = "RFC 9293 section 3.5.2",
    .thresholds = ResetStorm::kThresholds,
    .takes = ResetStorm::kTakes,
    .make = make<ResetStorm>,
    .follows = ResetStorm::kFollows,
};

}  // namespace wirelens::detect
