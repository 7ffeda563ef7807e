// detect/tcp/path_mtu_blackhole.cc - full-sized segments that never arrive while small ones do.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using tcp::Incident;

class PathMtuBlackhole final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"timeouts", 3, "timeouts", "of one large segment in a row, at least"},
      {"bytes", 1000, "bytes", "of payload in it, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Incident>, &kEventType<Connection>};

  explicit PathMtuBlackhole(const Circumstances& circumstances)
      : least_(circumstances.threshold("timeouts")), bytes_(circumstances.threshold("bytes")) {}

  void hear(const Event& event) override {
    if (const auto* incident = event.as<Incident>()) return note(event, *incident);
    const auto& connection = *event.as<Connection>();
    if (stuck_.size() == 0) return;
    const Stuck* stuck = stuck_.find(connection.id);
    if (stuck == nullptr) return;
    const Stuck last = *stuck;
    stuck_.erase(connection.id);
    const Sent& sent = last.from == Direction::from_client ? connection.sent : connection.received;
    // Small segments and the handshake came through in both directions, and what was stuck did not
    // arrive in the end.
    const bool alive = connection.handshake_rtt && connection.close != Close::fin &&
                       connection.sent.packets > 2 && connection.received.packets > 1;
    if (last.timeouts < least_ || last.bytes < bytes_ || !alive || sent.missing_bytes > 0) return;
    ServerTally& tally = tallies_.at(event.peers()->server);
    tally.note(event, last.packet, event.time(), last.lost);
    tally.evidence.connection(connection.id);
    tally.counts[0] = std::max<std::uint64_t>(tally.counts[0], last.length);
    tally.counts[1] += last.from == Direction::from_server;
    tally.counts[2] += static_cast<std::uint64_t>(last.timeouts);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) out.add(draft(*server, *tally));
  }

 private:
  struct Stuck {
    Direction from = Direction::from_client;
    std::int64_t offset = -1;
    double timeouts = 0;
    double bytes = 0;
    std::uint32_t length = 0;
    std::uint64_t packet = 0;
    Duration lost{};
    std::uint64_t weight() const { return packet; }
  };

  void note(const Event& event, const Incident& incident) {
    if (incident.kind != Incident::Kind::resent || !event.connection()) return;
    if (incident.resend != Incident::Resend::timeout) return;
    Stuck& stuck = stuck_.at(*event.connection());
    if (stuck.offset != incident.offset || stuck.from != incident.from) {
      if (stuck.timeouts >= least_) return;  // what proved it stays
      stuck = {.from = incident.from, .offset = incident.offset};
    }
    if (++stuck.timeouts == 1) stuck.packet = incident.at.packet;
    stuck.length = std::max(stuck.length, incident.length);
    stuck.bytes = stuck.length;
    stuck.lost += incident.duration;
  }

  static Draft draft(const PeerAddress& server, const ServerTally& tally) {
    const bool by_server = tally.counts[1] * 2 > tally.times;
    Draft draft = draft_of(server, tally);
    draft.severity = Severity::high;
    draft.blame = Blame::network;
    draft.cost = tally.cost;
    draft.why = fmt::format(
        "{} with {}: the handshake and small packets came through, but segments of {} bytes from "
        "the {} did not, however often they were resent ({} by timeout). Somewhere the path takes "
        "less than the ends agreed on, and the ICMP message that would say so does not come back.",
        counted(tally.times, "connection"), server.text(), count_text(tally.counts[0]),
        by_server ? "server" : "client", counted(tally.counts[2], "time"));
    draft.measured = {{"connections", static_cast<double>(tally.times)},
                      {"segment_bytes", static_cast<double>(tally.counts[0])},
                      {"timeouts", static_cast<double>(tally.counts[2])}};
    return draft;
  }

  double least_;
  double bytes_;
  Table<ConnectionId, Stuck> stuck_{1024};
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kPathMtuBlackhole = {
    .id = "tcp.path_mtu_blackhole",
    .severity = Severity::high,
    .title = "Path MTU black hole",
    .about =
        "Connections open and small messages pass, then the first large segment vanishes each time "
        "it is sent. A tunnel or VPN on the path takes smaller packets, and a firewall drops the "
        "ICMP \"fragmentation needed\" that should tell the sender.",
    .fix =
        "let ICMP type 3 code 4 (IPv6: type 2) through; clamp the MSS at the tunnel (TCPMSS "
        "--clamp-mss-to-pmtu); set net.ipv4.tcp_mtu_probing=1",
    .source = "RFC 1191; RFC 4821; RFC 2923 section 2.1",
    .thresholds = PathMtuBlackhole::kThresholds,
    .takes = PathMtuBlackhole::kTakes,
    .make = make<PathMtuBlackhole>,
};

}  // namespace wirelens::detect
