// websocket/rules/no_heartbeat.cc - WebSockets that are silent for so long that they may be dead.
#include "detect/by_server.h"
#include "websocket/course.h"
#include "websocket/rules/rules.h"

namespace wirelens::websocket {
namespace {

using namespace detect;  // rules speak of little else

class NoHeartbeat final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"silence", 50, "seconds", "without a frame of either side, on a WebSocket without pings"},
      {"connections", 1, "connections", "of one server that were so silent, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Course>};

  explicit NoHeartbeat(const Circumstances& circumstances)
      : long_(circumstances.seconds("silence")), least_(circumstances.threshold("connections")) {}

  void hear(const Event& event) override {
    const auto& course = *event.as<Course>();
    if (!event.peers() || course.pings > 0 || course.lossy || course.longest_silence < long_) {
      return;
    }
    ServerTally& tally = tallies_.at(event.peers()->server);
    tally.note(event, course.silence_after.packet, course.silence_after.time);
    tally.evidence.time(course.silence_after.time + course.longest_silence);
    tally.worst = std::max(tally.worst, course.longest_silence);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) < least_) continue;
      Draft draft = draft_of(*server, *tally);
      draft.severity = Severity::low;
      draft.why = fmt::format(
          "{} to {} carried no frame for up to {}, and neither side ever sent a ping. Proxies and "
          "load balancers end connections that say nothing (often after 60 s), and until the next "
          "message nobody knows whether the other end is still there.",
          counted(tally->times, "WebSocket"), draft.server, duration_text(tally->worst));
      draft.measured = {{"connections", static_cast<double>(tally->times)},
                        {"longest_silence_seconds", seconds(tally->worst)}};
      out.add(std::move(draft));
    }
  }

 private:
  Duration long_;
  double least_;
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kNoHeartbeat = {
    .id = "websocket.no_heartbeat",
    .severity = Severity::low,
    .title = "WebSockets without a heartbeat",
    .about =
        "A WebSocket has long silences and no pings. Whatever lies between the ends may forget it, "
        "and an end that is gone is noticed only when something is sent.",
    .fix =
        "let the server send a ping every 20 to 30 s and close when no pong comes (ws: "
        "socket.ping(), Go gorilla: WriteControl and SetReadDeadline, Socket.IO: pingInterval)",
    .source = "RFC 6455 section 5.5.2",
    .thresholds = NoHeartbeat::kThresholds,
    .takes = NoHeartbeat::kTakes,
    .make = make<NoHeartbeat>,
};

}  // namespace wirelens::websocket
