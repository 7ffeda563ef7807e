// http1/rules/no_keep_alive.cc - a connection for each request: every one pays for a handshake.
#include "detect/by_server.h"
#include "event/exchange.h"
#include "http1/rules/fields.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

constexpr Threshold kThresholds[] = {
    {"connections", 20, "connections",
     "of one client to one server with one exchange each, at least"},
    {"reused_share", 0.2, "of its exchanges",
     "at most so many came on a connection that was there"},
};
constexpr const EventType* kTakes[] = {&kEventType<Exchange>};

class NoKeepAlive final : public Judge {
 public:
  explicit NoKeepAlive(const Circumstances& circumstances)
      : least_(circumstances.threshold("connections")),
        reused_(circumstances.threshold("reused_share")) {}

  void hear(const Event& event) override {
    const auto& exchange = *event.as<Exchange>();
    if (!event.peers() || exchange.stream || !exchange.method || !exchange.status) return;
    Tally& tally = tallies_.at(Peers{event.peers()->client.host(), event.peers()->server});
    if (exchange.reused) {
      ++tally.reused;
      return;
    }
    const Duration connect = exchange.timing.connect.value_or(Duration::zero());
    // The first handshake has to be paid in any case.
    const Duration saved = tally.server.times > 0 ? connect : Duration::zero();
    tally.server.note(event, exchange.request_packet.value_or(0), event.time(), saved);
    const bool old = exchange.version == "1.0";
    tally.server.counts[0] += says_close(exchange.request_headers) || old;
    tally.server.counts[1] += says_close(exchange.response_headers);
    if (exchange.host) tally.host = *exchange.host;
  }

  void judge(Findings& out) override {
    for (const auto& [key, tally] : tallies_.heaviest()) {
      const auto single = static_cast<double>(tally->server.times);
      const auto all = single + static_cast<double>(tally->reused);
      if (single >= least_ && static_cast<double>(tally->reused) <= reused_ * all) {
        out.add(draft(*key, *tally));
      }
    }
  }

 private:
  struct Tally {
    ServerTally server;
    std::uint64_t reused = 0;
    std::string host;
    std::uint64_t weight() const { return server.times; }
  };

  static Draft draft(const Peers& key, const Tally& tally) {
    const ServerTally& count = tally.server;
    Draft draft;
    draft.client = key.client.host_text();
    draft.server = key.server.text();
    draft.subject = fmt::format("{} → {}", draft.client, draft.server);
    draft.severity = severity_of_wait(count.cost);
    draft.cost = count.cost;
    draft.evidence = count.evidence;
    const std::string_view who = count.counts[0] * 2 > count.times   ? "The client asks for it"
                                 : count.counts[1] * 2 > count.times ? "The server asks for it"
                                                                     : "Neither asks for it";
    draft.why = fmt::format(
        "{} opened {} to {} ({}) within {} and used nearly each for one request; {} came on a "
        "connection that was there. {}; the handshakes after the first took {}.",
        draft.client, counted(count.times, "connection"), draft.server,
        tally.host.empty() ? "no Host" : tally.host, duration_text(count.evidence.span()),
        counted(tally.reused, "request"),
        who == "Neither asks for it" ? std::string(who)
                                     : fmt::format("{} (Connection: close)", who),
        duration_text(count.cost));
    draft.measured = {{"connections", static_cast<double>(count.times)},
                      {"reused", static_cast<double>(tally.reused)},
                      {"closed_by_request", static_cast<double>(count.counts[0])},
                      {"closed_by_response", static_cast<double>(count.counts[1])}};
    return draft;
  }

  double least_;
  double reused_;
  Table<Peers, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kNoKeepAlive = {
    .id = "http.no_keep_alive",
    .severity = Severity::high,
    .title = "A connection for each request",
    .about =
        "A client opens a new connection for each request. Every one costs a round trip (with TLS "
        "two or three) before the request can be sent, starts slowly again, and leaves a socket in "
        "TIME_WAIT.",
    .fix =
        "share one HTTP client with a connection pool in the application; remove Connection: "
        "close; let proxies keep upstream connections (nginx: keepalive in upstream, "
        "proxy_http_version 1.1)",
    .source = "RFC 9112 section 9.3",
    .thresholds = kThresholds,
    .takes = kTakes,
    .make = make<NoKeepAlive>,
};

}  // namespace wirelens::http1
