// http1/rules/http1_on_http2_origin.cc - clients that could use HTTP/2 and open many connections.
#include "detect/by_server.h"
#include "detect/firsts.h"
#include "event/exchange.h"
#include "event/tls.h"
#include "http1/rules/fields.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

/// What a server speaks is known from its exchanges, and for TLS without keys from ALPN where that
/// is in the clear (TLS 1.2).
class Http1OnHttp2Origin final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"connections", 6, "connections",
       "of one client that speak HTTP/1 to a server that speaks HTTP/2 as well, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>, &kEventType<TlsSession>};

  explicit Http1OnHttp2Origin(const Circumstances& circumstances)
      : least_(circumstances.threshold("connections")) {}

  void hear(const Event& event) override {
    if (!event.peers()) return;
    if (const auto* session = event.as<TlsSession>()) return note_session(event, *session);
    const auto& exchange = *event.as<Exchange>();
    if (!exchange.status || !exchange.method) return;
    if (exchange.version == "2") {
      note_http2(event, exchange.response_packet.value_or(0));
    } else if (!exchange.stream) {
      note_request(event, exchange);
    }
  }

  void judge(Findings& out) override {
    for (const auto& [key, tally] : tallies_.heaviest()) {
      const Http2* http2 = http2_.find(key->server);
      if (http2 == nullptr || static_cast<double>(tally->server.times) < least_) continue;
      out.add(draft(*key, *tally, *http2));
    }
  }

 private:
  struct Tally {
    ServerTally server;
    std::uint64_t requests = 0;  ///< that could be seen
    std::uint64_t weight() const { return server.times; }
  };
  struct Http2 {
    std::uint64_t times = 0;
    std::uint64_t packet = 0;  ///< the first that shows it
    std::uint64_t weight() const { return times; }
  };

  /// What came from the first connection of a client to a server; most have no other.
  struct First {
    std::uint64_t packet = 0;
    Timestamp time{};
    std::optional<ConnectionId> connection;
    std::uint64_t requests = 0;
  };

  void note_request(const Event& event, const Exchange& exchange) {
    if (!exchange.reused) {
      note_connection(event, exchange.request_packet.value_or(0), 1,
                      exchange.timing.connect.value_or(Duration::zero()));
      return;
    }
    const Pair& pair = pair_of(*event.peers());
    if (Tally* tally = tallies_.find(pair.key, pair.digest)) {
      ++tally->requests;
    } else if (First* first = firsts_.find(pair.digest)) {
      ++first->requests;
    }
  }
  void note_http2(const Event& event, std::uint64_t packet) {
    Http2& http2 = http2_.at(event.peers()->server);
    if (http2.times++ == 0) http2.packet = packet;
  }
  void note_connection(const Event& event, std::uint64_t packet, std::uint64_t requests,
                       Duration connect) {
    const Pair& pair = pair_of(*event.peers());
    Tally* tally = tallies_.find(pair.key, pair.digest);
    if (tally == nullptr)
      tally = begin(event, pair, {packet, event.time(), event.connection(), requests});
    if (tally == nullptr) return;
    tally->requests += requests;
    tally->server.note(event, packet, event.time(), connect);
  }
  /// A tally begins with the second connection; nullptr for the first, whose handshake has to be
  /// paid in any case.
  Tally* begin(const Event& event, const Pair& pair, const First& now) {
    const First* first = firsts_.find(pair.digest);
    if (first == nullptr) {
      firsts_.leave(pair.digest, now);
      return nullptr;
    }
    Tally& tally = tallies_.at(pair.key, pair.digest);
    const Event then(&event.type(), first->time, first->connection, nullptr, event.peers());
    tally.server.note(then, first->packet, first->time);
    tally.requests = first->requests;
    firsts_.forget(pair.digest);
    return &tally;
  }
  void note_session(const Event& event, const TlsSession& session) {
    if (session.decrypted || !session.established || !session.alpn) return;
    const std::uint64_t packet = session.messages.empty() ? 0 : session.messages.front().packet;
    if (session.alpn == "h2") {
      note_http2(event, packet);
    } else if (session.alpn->starts_with("http/1.")) {
      note_connection(event, packet, 0, session.handshake_time.value_or(Duration::zero()));
    }
  }

  static Draft draft(const Peers& key, const Tally& tally, const Http2& http2) {
    Draft draft = draft_of(key.server, tally.server);
    draft.client = key.client.host_text();
    draft.subject = fmt::format("{} → {}", draft.client, draft.server);
    draft.severity = Severity::low;
    draft.cost = tally.server.cost;
    draft.evidence.packet(http2.packet);
    draft.why = fmt::format(
        "{} opened {} with HTTP/1 to {}, which speaks HTTP/2 with others (packet {}): all would "
        "have fitted onto one connection. The handshakes after the first took {}.",
        draft.client, counted(tally.server.times, "connection"), draft.server, http2.packet,
        duration_text(tally.server.cost));
    draft.measured = {{"connections", static_cast<double>(tally.server.times)},
                      {"http2_elsewhere", static_cast<double>(http2.times)}};
    if (tally.requests > 0) {
      draft.measured.push_back({"requests", static_cast<double>(tally.requests)});
    }
    return draft;
  }

  double least_;
  Firsts<First> firsts_;
  Table<Peers, Tally> tallies_{kTallies};
  Table<PeerAddress, Http2> http2_{kTallies};
};

}  // namespace

const Rule kHttp1OnHttp2Origin = {
    .id = "http.http1_on_http2_origin",
    .severity = Severity::low,
    .title = "HTTP/1 where HTTP/2 is on offer",
    .about =
        "A client opens several HTTP/1 connections to a server that speaks HTTP/2. Over one HTTP/2 "
        "connection its requests would not queue, and would cost one handshake.",
    .fix =
        "turn HTTP/2 on in the client's library (ALPN h2; Java HttpClient, OkHttp, Go and curl "
        "have it, Python's requests does not: httpx), and look for proxies that end TLS without it",
    .source = "RFC 9113 sections 3.2 and 9.1",
    .thresholds = Http1OnHttp2Origin::kThresholds,
    .takes = Http1OnHttp2Origin::kTakes,
    .make = make<Http1OnHttp2Origin>,
};

}  // namespace wirelens::http1
