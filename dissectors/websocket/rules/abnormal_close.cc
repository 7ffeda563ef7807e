// websocket/rules/abnormal_close.cc - WebSockets that end without a close frame: what scripts see
// as 1006.
#include "detect/by_server.h"
#include "websocket/course.h"
#include "websocket/rules/rules.h"

namespace wirelens::websocket {
namespace {

using namespace detect;  // rules speak of little else

/// Who is silent for so long before the end was probably forgotten by somebody between.
constexpr Duration kIdle = std::chrono::seconds(20);
/// So many that the server's side ends are no accident.
constexpr std::uint64_t kMany = 5;

/// A stream of HTTP/2 that ends says nothing about its connection: those are left out.
class AbnormalClose final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"connections", 1, "connections", "of one server that ended so, at least"},
      {"share", 0.1, "of its connections", "at least so many ended so"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Course>,
                                                &kEventType<wirelens::Connection>};
  static constexpr std::string_view kFollows[] = {"websocket.no_heartbeat",
                                                  "websocket.pong_missing", "tcp.reset_after_idle",
                                                  "tcp.half_open", "tcp.retransmission_timeout"};

  explicit AbnormalClose(const Circumstances& circumstances)
      : least_(circumstances.threshold("connections")), share_(circumstances.threshold("share")) {}

  void hear(const Event& event) override {
    if (!event.peers()) return;
    if (const auto* course = event.as<Course>()) return note(event, *course);
    const auto& connection = *event.as<wirelens::Connection>();
    Pending* pending = pending_.find(connection.id);
    if (pending == nullptr) return;
    if (connection.close) judge_end(event, *pending, *connection.close);
    pending_.erase(connection.id);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      const auto times = static_cast<double>(tally->server.times);
      const double all = times + static_cast<double>(tally->closed);
      if (times >= least_ && times >= share_ * all) out.add(draft(*server, *tally));
    }
  }

 private:
  struct Pending {
    Stamp last;
    Stamp ended;
    std::uint64_t weight() const { return last.packet; }
  };
  struct Tally {
    ServerTally server;
    std::uint64_t closed = 0;  ///< that ended as they should
    std::uint64_t by_server = 0;
    std::uint64_t by_client = 0;
    std::uint64_t idle = 0;
    Duration shortest_idle = Duration::max();
    std::uint64_t weight() const { return server.times + closed / 16; }
  };

  void note(const Event& event, const Course& course) {
    if (course.in_stream || course.lossy || !event.connection()) return;
    if (course.closed) {
      ++tallies_.at(event.peers()->server).closed;
      return;
    }
    Pending& pending = pending_.at(*event.connection());
    pending.last = course.last;
    pending.ended = course.ended;
  }

  void judge_end(const Event& event, const Pending& pending, Close close) {
    if (close != Close::fin && close != Close::reset_by_client && close != Close::reset_by_server) {
      return;  // it may go on
    }
    Tally& tally = tallies_.at(event.peers()->server);
    tally.server.note(event, pending.last.packet, pending.last.time);
    tally.server.evidence.connection(event.as<wirelens::Connection>()->id);
    tally.server.evidence.packet(pending.ended.packet);
    tally.server.evidence.time(pending.ended.time);
    const bool server = ended_by_server(event.as<wirelens::Connection>()->history);
    ++(server ? tally.by_server : tally.by_client);
    const Duration idle = pending.ended.time - pending.last.time;
    if (idle < kIdle) return;
    ++tally.idle;
    tally.shortest_idle = std::min(tally.shortest_idle, idle);
  }

  static Draft draft(const PeerAddress& server, const Tally& tally) {
    const std::uint64_t times = tally.server.times;
    Draft draft = draft_of(server, tally.server);
    const bool idle = tally.idle * 2 >= times && tally.idle > 0;
    const bool by_server = tally.by_server > tally.by_client;
    // Browsers and telephones go away like that every day.
    draft.severity = idle || (by_server && times >= kMany) ? Severity::medium : Severity::low;
    draft.blame = idle ? Blame::network : Blame::endpoint;
    draft.why = fmt::format(
        "{} to {} ended without a close frame ({} begun by the server's side, {} by the "
        "client's); {} closed as they should. Scripts see code 1006 and no reason.",
        counted(times, "WebSocket"), draft.server, count_text(tally.by_server),
        count_text(tally.by_client), count_text(tally.closed));
    if (idle) {
      draft.why += fmt::format(
          " {} had been silent for {} or more: something between the two, or a time limit of the "
          "server, ends connections that say nothing.",
          tally.idle == times ? "All of them" : counted(tally.idle, "of them"),
          duration_text(tally.shortest_idle));
    } else {
      draft.why += by_server
                       ? " Look for a crash or a restart of the server, or of a proxy before it."
                       : " Clients that go away, or whose program ends, look like that.";
    }
    draft.measured = {{"connections", static_cast<double>(times)},
                      {"closed_properly", static_cast<double>(tally.closed)},
                      {"after_silence", static_cast<double>(tally.idle)},
                      {"by_server", static_cast<double>(tally.by_server)}};
    return draft;
  }

  double least_;
  double share_;
  Table<std::uint64_t, Pending> pending_{4096};
  Table<PeerAddress, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kAbnormalClose = {
    .id = "websocket.abnormal_close",
    .severity = Severity::medium,
    .title = "WebSockets that break off (1006)",
    .about =
        "A WebSocket's TCP connection ended, and neither side had sent a close frame. Whoever "
        "listens is told 1006: no reason, and no knowing what arrived.",
    .fix =
        "send a ping every 20 to 30 s so that nothing between takes the connection for dead; raise "
        "the idle limit of proxies (nginx: proxy_read_timeout); close with 1001 when a server "
        "shuts down, and let clients reconnect with a pause that grows",
    .source = "RFC 6455 sections 7.1.5 and 7.4.1",
    .thresholds = AbnormalClose::kThresholds,
    .takes = AbnormalClose::kTakes,
    .make = make<AbnormalClose>,
    .follows = AbnormalClose::kFollows,
};

}  // namespace wirelens::websocket
