// http1/rules/no_keep_alive.cc - a connection for each request: every one pays for a handshake.
#include "detect/by_server.h"
#include "detect/firsts.h"
#include "event/exchange.h"
#include "http1/rules/fields.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

class NoKeepAlive final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"connections", 20, "connections",
       "of one client to one server with one exchange each, at least"},
      {"reused_share", 0.2, "of its exchanges",
       "at most so many came on a connection that was there"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>};

  explicit NoKeepAlive(const Circumstances& circumstances)
      : least_(circumstances.threshold("connections")),
        reused_(circumstances.threshold("reused_share")) {}

  void hear(const Event& event) override {
    const auto& exchange = *event.as<Exchange>();
    if (!event.peers() || exchange.stream || !exchange.method || !exchange.status) return;
    const Pair& pair = pair_of(*event.peers());
    Tally* tally = tallies_.find(pair.key, pair.digest);
    if (exchange.reused) {
      if (tally != nullptr) {
        ++tally->reused;
      } else if (First* first = firsts_.find(pair.digest)) {
        ++first->reused;
      }
      return;
    }
    const First now = {.packet = exchange.request_packet.value_or(0),
                       .time = event.time(),
                       .connection = event.connection(),
                       .peers = *event.peers(),
                       .reused = 0,
                       .closed_by_request = says_close(request_field(exchange, "connection")) ||
                                            exchange.version == "1.0",
                       .closed_by_response = says_close(response_field(exchange, "connection"))};
    if (tally == nullptr) tally = begin(event, pair);
    if (tally == nullptr) {
      firsts_.leave(pair.digest, now);
      return;
    }
    // The first handshake has to be paid in any case.
    add(event, *tally, now, exchange.timing.connect.value_or(Duration::zero()));
    if (exchange.host && tally->host.empty()) tally->host = *exchange.host;
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
  struct First {
    std::uint64_t packet = 0;
    Timestamp time{};
    std::optional<ConnectionId> connection;
    Peers peers;
    std::uint64_t reused = 0;  ///< exchanges behind it
    bool closed_by_request = false;
    bool closed_by_response = false;
  };
  struct Tally {
    ServerTally server;
    std::uint64_t reused = 0;
    std::string host;
    std::uint64_t weight() const { return server.times; }
  };

  /// A tally begins with the second connection of a pair, if the first was seen.
  Tally* begin(const Event& event, const Pair& pair) {
    const First* first = firsts_.find(pair.digest);
    if (first == nullptr) return nullptr;
    Tally& tally = tallies_.at(pair.key, pair.digest);
    add(event, tally, *first, Duration::zero());
    tally.reused = first->reused;
    firsts_.forget(pair.digest);
    return &tally;
  }
  static void add(const Event& event, Tally& tally, const First& one, Duration saved) {
    const Event then(&event.type(), one.time, one.connection, nullptr, &one.peers);
    tally.server.note(then, one.packet, one.time, saved);
    tally.server.counts[0] += one.closed_by_request;
    tally.server.counts[1] += one.closed_by_response;
  }

  /// "10.0.1.2:80 (shop.test)"; the name only where it says more than the address.
  static std::string site_of(const PeerAddress& server, const std::string& host) {
    const std::string address = server.text();
    if (host.empty() || host == address || host == server.host_text()) return address;
    return fmt::format("{} ({})", address, host);
  }

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
        "{} opened {} to {} within {} and used {}. {}{}; the handshakes after the first took {}.",
        draft.client, counted(count.times, "connection"), site_of(key.server, tally.host),
        duration_text(count.evidence.span()),
        tally.reused == 0
            ? std::string("each for one request")
            : fmt::format("nearly each for one request ({} came on one that was open)",
                          count_text(tally.reused)),
        who, who == "Neither asks for it" ? "" : " (Connection: close)", duration_text(count.cost));
    draft.measured = {{"connections", static_cast<double>(count.times)},
                      {"reused", static_cast<double>(tally.reused)},
                      {"closed_by_request", static_cast<double>(count.counts[0])},
                      {"closed_by_response", static_cast<double>(count.counts[1])}};
    return draft;
  }

  double least_;
  double reused_;
  Firsts<First> firsts_;
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
    .thresholds = NoKeepAlive::kThresholds,
    .takes = NoKeepAlive::kTakes,
    .make = make<NoKeepAlive>,
};

}  // namespace wirelens::http1
