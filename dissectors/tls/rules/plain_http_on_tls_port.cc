// tls/rules/plain_http_on_tls_port.cc - HTTP in clear where TLS belongs: spoken by the server, or
// by a client.
#include "detect/by_server.h"
#include "detect/firsts.h"
#include "event/exchange.h"
#include "tls/rules/rules.h"
#include "tls/rules/session.h"
#include "tls/rules/wrong_port.h"

namespace wirelens::tls {
namespace {

using namespace detect;  // rules speak of little else

class PlainHttpOnTlsPort final : public Judge {
 public:
  static constexpr const EventType* kTakes[] = {&kEventType<TlsSession>, &kEventType<Exchange>};

  explicit PlainHttpOnTlsPort(const Circumstances&) {}

  void hear(const Event& event) override {
    if (!event.peers()) return;
    if (const auto* exchange = event.as<Exchange>()) return hear_exchange(event, *exchange);
    const auto& session = *event.as<TlsSession>();
    const PeerAddress& server = event.peers()->server;
    if (is_answered_in_clear(session) && is_http(session.not_tls->begins)) {
      if (!is_tls_port(server.port)) return;  // then it is tls.tls_on_plain_port
      Tally& tally = tallies_.at(server);
      tally.by_server.note(event, packet_of(session, Direction::from_client, "client_hello"),
                           event.time());
      tally.by_server.evidence.packet(session.not_tls->packet);
      tally.answer = first_line(session.not_tls->begins);
      if (session.server_name) tally.name = *session.server_name;
      return;
    }
    const bool alerted = session.alerts && !session.alerts->empty() &&
                         session.alerts->front().from == Direction::from_server;
    if (!session.established && !alerted) return;
    // Most servers do, and nobody comes to them in clear: no tally for that.
    if (Tally* tally = tallies_.find(server)) tally->speaks_tls = true;
    speak_tls_.leave(digest_of(server), 1);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (tally->by_server.times > 0) out.add(server_speaks_http(*server, *tally));
      const bool speaks_tls = tally->speaks_tls || speak_tls_.find(digest_of(*server)) != nullptr;
      const bool sure = speaks_tls || (is_tls_port(server->port) && tally->refused > 0);
      if (tally->by_client.times > 0 && sure) out.add(client_speaks_http(*server, *tally));
    }
  }

 private:
  struct Tally {
    ServerTally by_server;  // HTTP in answer to a ClientHello
    ServerTally by_client;  // requests in clear, refused or not answered
    std::uint64_t refused = 0;
    bool speaks_tls = false;
    std::string name, answer;
    std::uint64_t weight() const { return by_server.times + by_client.times; }
  };

  void hear_exchange(const Event& event, const Exchange& exchange) {
    constexpr std::uint16_t kBadRequest = 400;
    if (exchange.stream || exchange.reused) return;
    if (exchange.status && *exchange.status != kBadRequest) return;
    if (exchange.scheme != "http") return;
    // Most servers answer 400 in clear, others close: what the port speaks is known at the end.
    Tally& tally = tallies_.at(event.peers()->server);
    tally.by_client.note(event, exchange.request_packet.value_or(0), event.time());
    tally.by_client.evidence.packet(exchange.response_packet.value_or(0));
    tally.refused += exchange.status.has_value();
    if (exchange.host) tally.name = *exchange.host;
  }

  static Draft server_speaks_http(const PeerAddress& server, const Tally& tally) {
    Draft draft = draft_of(server, tally.by_server);
    draft.severity = Severity::high;
    draft.title = "Server speaks plain HTTP on a TLS port";
    draft.why = fmt::format(
        "{} sent a ClientHello to port {}, where TLS belongs, and {} answered \"{}\" in clear. {}",
        counted(tally.by_server.times, "connection"), server.port,
        tally.name.empty() ? "the server" : tally.name, tally.answer, kAnsweredInClear);
    draft.measured = {{"answered_in_clear", static_cast<double>(tally.by_server.times)}};
    return draft;
  }
  static Draft client_speaks_http(const PeerAddress& server, const Tally& tally) {
    const std::uint64_t times = tally.by_client.times;
    Draft draft = draft_of(server, tally.by_client);
    draft.severity = Severity::medium;
    draft.title = "Client speaks plain HTTP to a TLS port";
    draft.why = fmt::format(
        "{} to {} came in clear, where the server speaks TLS: {} answered by 400, {} not at all. "
        "What {} held (cookies, passwords) was readable on the way. Browsers show the 400 or "
        "ERR_EMPTY_RESPONSE.",
        counted(times, "request"), tally.name.empty() ? server.text() : tally.name,
        count_text(tally.refused), count_text(times - tally.refused), times == 1 ? "it" : "they");
    draft.fix =
        "write https:// in the link or the client's configuration; let the server redirect (nginx: "
        "error_page 497 =301 https://$host$request_uri)";
    draft.measured = {{"requests_in_clear", static_cast<double>(times)},
                      {"answered_400", static_cast<double>(tally.refused)}};
    return draft;
  }

  Firsts<char> speak_tls_;
  Table<PeerAddress, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kPlainHttpOnTlsPort = {
    .id = "tls.plain_http_on_tls_port",
    .severity = Severity::high,
    .title = "Plain HTTP on a TLS port",
    .about =
        "One end speaks TLS, the other HTTP in clear, on a port that is meant for TLS. If it is "
        "the server, browsers show SSL_ERROR_RX_RECORD_TOO_LONG.",
    .fix =
        "switch TLS on for that port (nginx: listen 443 ssl; Apache: SSLEngine on), and see that "
        "no other site or proxy answers there",
    .source = "RFC 9110 section 4.2.2",
    .takes = PlainHttpOnTlsPort::kTakes,
    .make = make<PlainHttpOnTlsPort>,
};

}  // namespace wirelens::tls
