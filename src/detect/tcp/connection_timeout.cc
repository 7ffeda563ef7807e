// detect/tcp/connection_timeout.cc - SYNs sent again and again, and nobody answers.
#include "detect/distinct.h"
#include "detect/table.h"
#include "detect/tcp/rules.h"
#include "detect/words.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using tcp::Incident;

class ConnectionTimeout final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"connections", 1, "connections", "whose SYN was sent again, at least"},
      {"seconds", 0.9, "seconds", "that each waited between its first SYN and its last, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Connection>, &kEventType<Incident>};
  static constexpr std::string_view kFollows[] = {"tcp.syn_flood", "tcp.port_scan",
                                                  "tcp.host_sweep"};

  explicit ConnectionTimeout(const Circumstances& circumstances)
      : least_(circumstances.threshold("connections")), waited_(circumstances.seconds("seconds")) {}

  void hear(const Event& event) override {
    if (const auto* incident = event.as<Incident>()) {
      const bool again = incident->kind == Incident::Kind::syn_ack_resent;
      if (!event.connection() || (incident->kind != Incident::Kind::syn_resent && !again)) return;
      if (again) return waiting_.erase(*event.connection());  // see syn_ack_retransmission.cc
      Waiting& waiting = waiting_.at(*event.connection());
      waiting.lost = std::max(waiting.lost, incident->duration);
      waiting.packet = incident->at.packet;
      return;
    }
    const auto& connection = *event.as<Connection>();
    if (connection.close == Close::unanswered) {
      if (connection.sent.retransmitted_packets > 0) count(event, connection);
    } else if (connection.handshake_rtt) {
      note_opened(event, connection);
    }
    if (waiting_.size() > 0) waiting_.erase(connection.id);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (tally->unanswered > 0 && static_cast<double>(tally->unanswered) >= least_) {
        out.add(draft(*server, *tally));
      } else if (static_cast<double>(tally->unanswered + tally->late) >= least_) {
        out.add(late_draft(*server, *tally));
      }
    }
  }

 private:
  struct Waiting {
    Duration lost{};
    std::uint64_t packet = 0;
    std::int64_t weight() const { return lost.count(); }
  };
  struct Tally {
    std::uint64_t unanswered = 0;
    std::uint64_t syns = 0;
    std::uint64_t opened = 0;  ///< after the first that was not answered, late ones among them
    std::uint64_t late = 0;    ///< opened, but not by the first SYN
    Duration lost{};
    PeerAddress first_client;
    Distinct clients;
    Evidence evidence;
    std::uint64_t weight() const { return unanswered + late; }
  };

  void note_opened(const Event& event, const Connection& connection) {
    const Waiting* waiting = waiting_.size() > 0 ? waiting_.find(connection.id) : nullptr;
    if (waiting != nullptr && waiting->lost >= waited_) {
      Tally& tally = tallies_.at(event.peers()->server);
      ++tally.late;
      ++tally.opened;
      Waiting whole = *waiting;
      whole.lost = std::max(whole.lost, *connection.handshake_rtt);  // since the first SYN
      add(event, connection, whole, tally);
    } else if (tallies_.size() > 0) {
      if (Tally* tally = tallies_.find(event.peers()->server)) ++tally->opened;
    }
  }

  void count(const Event& event, const Connection& connection) {
    const Waiting* waiting = waiting_.find(connection.id);
    if (waiting == nullptr || waiting->lost < waited_) return;
    Tally& tally = tallies_.at(event.peers()->server);
    ++tally.unanswered;
    tally.syns += connection.sent.packets;
    add(event, connection, *waiting, tally);
  }
  static void add(const Event& event, const Connection& connection, const Waiting& waiting,
                  Tally& tally) {
    if (tally.evidence.connections_total() == 0) tally.first_client = event.peers()->client;
    tally.clients.add(event.peers()->client.host());
    tally.evidence.add(connection.id, connection.first_packet, event.time());
    tally.lost += waiting.lost;
    tally.evidence.packet(waiting.packet);
    tally.evidence.time(event.time() + waiting.lost);
  }

  /// None stayed without an answer: it came late.
  static Draft late_draft(const PeerAddress& server, const Tally& tally) {
    const std::uint64_t clients = std::min(tally.clients.count(), tally.late);
    Draft draft;
    draft.title = "Connections open at the second try";
    draft.severity = severity_of_wait(tally.lost);
    draft.cost = tally.lost;
    draft.subject = fmt::format("{} → {}", client_text(clients, tally.first_client), server.text());
    draft.why = fmt::format(
        "{} of {} to {} opened only when the SYN had been sent again, a second later or more. The "
        "first SYN was lost on the path, or the server dropped it because the queue of connections "
        "that wait for accept() was full.",
        counted(tally.late, "connection"), client_text(clients, tally.first_client), server.text());
    draft.fix =
        "on the server watch for accept-queue overflows (nstat TcpExtListenOverflows), raise the "
        "listen backlog and net.core.somaxconn, and let the application accept sooner; if it "
        "counts none, look for loss on the path";
    draft.measured = {{"connections", static_cast<double>(tally.late)},
                      {"opened_since", static_cast<double>(tally.opened)},
                      {"clients", static_cast<double>(clients)}};
    draft.evidence = tally.evidence;
    if (clients == 1) draft.client = tally.first_client.host_text();
    draft.server = server.text();
    return draft;
  }

  static Draft draft(const PeerAddress& server, const Tally& tally) {
    const std::uint64_t clients =
        std::min(tally.clients.count(), tally.evidence.connections_total());
    Draft draft;
    draft.severity = tally.opened == 0 && tally.unanswered >= 3 ? Severity::high : Severity::medium;
    draft.blame = Blame::network;
    draft.cost = tally.lost;
    draft.subject = fmt::format("{} → {}", client_text(clients, tally.first_client), server.text());
    draft.why = fmt::format(
        "{} of {} to {} got no answer to {}. {} Nothing came back, not even a refusal: a filter "
        "drops the SYNs, the route leads nowhere, or the host is down.",
        counted(tally.unanswered, "connection"), client_text(clients, tally.first_client),
        server.text(), counted(tally.syns, "SYN"),
        tally.opened > 0 ? fmt::format("{} to the same port succeeded, so not every SYN is lost.",
                                       counted(tally.opened, "connection"))
                         : "None succeeded.");
    draft.measured = {{"connections", static_cast<double>(tally.unanswered)},
                      {"syns", static_cast<double>(tally.syns)},
                      {"opened_afterwards", static_cast<double>(tally.opened)},
                      {"clients", static_cast<double>(clients)}};
    draft.evidence = tally.evidence;
    if (clients == 1) draft.client = tally.first_client.host_text();
    draft.server = server.text();
    return draft;
  }

  double least_;
  Duration waited_;
  Table<ConnectionId, Waiting> waiting_{4096};  ///< SYN was sent again, their records are to come
  Table<PeerAddress, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kConnectionTimeout = {
    .id = "tcp.connection_timeout",
    .severity = Severity::high,
    .title = "Connections without an answer",
    .about =
        "A client sent its SYN again and again (after 1, 3, 7 ... seconds) and heard nothing. "
        "A firewall that drops, a wrong address or route, or a host that is down look so; "
        "a full accept queue, too, if others get through. Connections that open at the second or "
        "third try are told as well: each costs its user a second or more.",
    .fix =
        "check firewall, security group and route to that address and port; set a connect "
        "timeout of a few seconds in the client; on the server watch for accept-queue overflows "
        "(nstat TcpExtListenOverflows)",
    .source = "RFC 9293 section 3.8.3; RFC 6298 section 5.7",
    .thresholds = ConnectionTimeout::kThresholds,
    .takes = ConnectionTimeout::kTakes,
    .make = make<ConnectionTimeout>,
    .absorbed_by = ConnectionTimeout::kFollows,
};

}  // namespace wirelens::detect
