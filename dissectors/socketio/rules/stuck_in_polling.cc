// socketio/rules/stuck_in_polling.cc - sessions that would go over to WebSocket and never do.
#include <map>

#include "detect/by_server.h"
#include "event/exchange.h"
#include "socketio/packet.h"
#include "socketio/records.h"
#include "socketio/rules/rules.h"

namespace wirelens::socketio {
namespace {

using namespace detect;  // rules speak of little else

constexpr std::size_t kSessions = 1024;

class StuckInPolling final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"seconds", 10, "seconds", "that a session went on by polling, at least"},
      {"polls", 10, "requests", "of it in that time, at least"},
      {"sessions", 1, "sessions", "of one server, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>, &kEventType<SessionSeen>};
  static constexpr std::string_view kFollows[] = {"websocket.upgrade_refused"};

  explicit StuckInPolling(const Circumstances& circumstances)
      : long_(circumstances.seconds("seconds")),
        polls_(circumstances.threshold("polls")),
        least_(circumstances.threshold("sessions")) {}

  void hear(const Event& event) override {
    if (!event.peers()) return;
    if (const auto* session = event.as<SessionSeen>()) return note_session(event, *session);
    const auto& exchange = *event.as<Exchange>();
    const std::string_view path = exchange.path.value_or("");
    if (path.find("EIO=") == path.npos) return;
    const auto sid = parameter(path, "sid");
    if (!sid || sid->empty()) return;
    Polling* session = sessions_.find(sid->substr(0, kLongest));
    if (session == nullptr) return;  // it began before the capture: nobody knows what was offered
    if (parameter(path, "transport") == "websocket") {
      ++(exchange.status == 101 ? session->upgrades : session->refusals);
      return;
    }
    session->server.note(event, exchange.request_packet.value_or(0), event.time());
  }

  void judge(Findings& out) override {
    std::map<std::string, Sum> by_server;
    for (const auto& [sid, session] : sessions_.heaviest()) {
      const ServerTally& tally = session->server;
      if (session->upgrades > 0 || tally.evidence.span() < long_) continue;
      if (static_cast<double>(tally.times) < polls_) continue;
      Sum& sum = by_server[tally.first.server.text()];
      if (sum.sessions++ == 0) sum.first = tally.first;
      sum.requests += tally.times;
      sum.refusals += session->refusals;
      sum.longest = std::max(sum.longest, tally.evidence.span());
      sum.evidence.add(tally.evidence);
    }
    for (const auto& [server, sum] : by_server) {
      if (static_cast<double>(sum.sessions) >= least_) out.add(draft(server, sum));
    }
  }

 private:
  static constexpr std::size_t kLongest = 64;  ///< bytes of a session's id that count
  struct Polling {
    ServerTally server;
    std::uint64_t upgrades = 0;
    std::uint64_t refusals = 0;
    std::uint64_t weight() const { return server.times; }
  };
  struct Sum {
    Peers first;
    std::uint64_t sessions = 0;
    std::uint64_t requests = 0;
    std::uint64_t refusals = 0;
    Duration longest{};
    Evidence evidence;
  };

  void note_session(const Event& event, const SessionSeen& seen) {
    if (!seen.sid || seen.sid->empty()) return;
    const std::string_view sid = seen.sid->substr(0, kLongest);
    if (seen.transport == "websocket") {
      // A handshake that is refused is told of as well.
      if (seen.packets == 0 && !seen.upgraded.value_or(false)) return;
      if (Polling* session = sessions_.find(sid)) ++session->upgrades;
    } else if (seen.offers_websocket.value_or(false)) {
      sessions_.at(sid).server.first = *event.peers();
    }
  }

  static Draft draft(const std::string& server, const Sum& sum) {
    Draft draft;
    draft.server = server;
    draft.evidence = sum.evidence;
    if (sum.sessions == 1) draft.client = sum.first.client.host_text();
    draft.subject = sum.sessions == 1 ? fmt::format("{} → {}", draft.client, server) : server;
    draft.severity = sum.sessions >= 10 ? Severity::medium : Severity::low;
    draft.why = fmt::format(
        "The server offers WebSocket, but {} stayed with polling for up to {}: {} in place of one "
        "connection. {}",
        counted(sum.sessions, "Socket.IO session"), duration_text(sum.longest),
        counted(sum.requests, "request"),
        sum.refusals > 0
            ? fmt::format("The upgrade was tried {} and refused.", times_text(sum.refusals))
            : std::string("No upgrade was tried where this was captured: the client is set to "
                          "polling, or something before it refuses WebSockets."));
    draft.measured = {{"sessions", static_cast<double>(sum.sessions)},
                      {"requests", static_cast<double>(sum.requests)},
                      {"upgrades_refused", static_cast<double>(sum.refusals)},
                      {"longest_seconds", seconds(sum.longest)}};
    return draft;
  }

  Duration long_;
  double polls_;
  double least_;
  Table<std::string, Polling> sessions_{kSessions};
};

}  // namespace

const Rule kStuckInPolling = {
    .id = "websocket.stuck_in_polling",
    .severity = Severity::medium,
    .title = "Socket.IO stuck in polling",
    .about =
        "A Socket.IO session begins by polling and should go over to a WebSocket within a second. "
        "This one never did: each message costs a request with all its headers.",
    .fix =
        "let the proxy pass the upgrade (nginx: proxy_http_version 1.1; proxy_set_header Upgrade "
        "$http_upgrade; proxy_set_header Connection \"upgrade\"), keep sessions on one server "
        "(sticky sessions), and allow websocket in the client's transports",
    .source = "Engine.IO protocol 4, upgrade; RFC 6455 section 4",
    .thresholds = StuckInPolling::kThresholds,
    .takes = StuckInPolling::kTakes,
    .make = make<StuckInPolling>,
    .follows = StuckInPolling::kFollows,
};

}  // namespace wirelens::socketio
