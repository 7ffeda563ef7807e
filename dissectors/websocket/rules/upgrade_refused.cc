// websocket/rules/upgrade_refused.cc - handshakes that do not become a WebSocket.
#include "common/exchange_fields.h"
#include "detect/clients.h"
#include "event/exchange.h"
#include "websocket/rules/rules.h"

namespace wirelens::websocket {
namespace {

using namespace detect;  // rules speak of little else
using namespace http;

class UpgradeRefused final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"handshakes", 1, "handshakes", "that one server answered with something else, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>};

  explicit UpgradeRefused(const Circumstances& circumstances)
      : least_(circumstances.threshold("handshakes")) {}

  void hear(const Event& event) override {
    const auto& exchange = *event.as<Exchange>();
    if (!event.peers() || !exchange.status || exchange.status == 101) return;
    const Asked asked = asked_in(exchange);
    if (!asked.for_upgrade && !asked.with_key) return;
    // A proxy that does not know the upgrade takes it out, and leaves the key.
    const bool stripped = !asked.for_upgrade;
    if (exchange.stream && *exchange.status / 100 == 2) return;
    Tally& tally = tallies_.at(event.peers()->server);
    tally.server.note(event, exchange.request_packet.value_or(0), event.time());
    tally.server.evidence.packet(exchange.response_packet.value_or(0));
    tally.stripped += stripped;
    if (tally.server.times > 1) return;
    tally.status = *exchange.status;
    tally.names_version = !response_field(exchange, "sec-websocket-version").empty();
    tally.resource = resource_of(exchange.host, exchange.path, event.peers()->server.text());
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->server.times) >= least_) out.add(draft(*server, *tally));
    }
  }

 private:
  struct Asked {
    bool for_upgrade = false;
    bool with_key = false;
  };
  /// In one pass: every exchange comes here.
  static Asked asked_in(const Exchange& exchange) {
    Asked asked;
    if (!exchange.request_headers) return asked;
    for (const auto& [name, value] : *exchange.request_headers) {
      if (same_ignoring_case(name, "upgrade")) {
        asked.for_upgrade |= same_ignoring_case(trimmed(value), "websocket");
      } else if (same_ignoring_case(name, "sec-websocket-key")) {
        asked.with_key |= !trimmed(value).empty();
      }
    }
    return asked;
  }

  struct Tally {
    ServerTally server;
    std::uint64_t stripped = 0;
    std::uint16_t status = 0;    ///< of the first
    bool names_version = false;  ///< the answer says which versions it would take
    std::string resource;
    std::uint64_t weight() const { return server.times; }
  };

  static Draft draft(const PeerAddress& server, const Tally& tally) {
    Draft draft = draft_of(server, tally.server);
    draft.severity = Severity::medium;
    draft.why = fmt::format("{} asked for a WebSocket at {} {} and got {} in place of 101. {}",
                            clients_of_at_beginning(tally.server), tally.resource,
                            times_text(tally.server.times), tally.status, reason(tally));
    draft.fix = fix(tally);
    draft.measured = {{"handshakes", static_cast<double>(tally.server.times)},
                      {"status", static_cast<double>(tally.status)},
                      {"without_upgrade", static_cast<double>(tally.stripped)}};
    return draft;
  }
  static std::string_view reason(const Tally& tally) {
    if (tally.stripped > 0) {
      return "The request has a Sec-WebSocket-Key but no Upgrade: a proxy on the way has taken it "
             "out.";
    }
    if (tally.names_version) {
      return "The server wants another version of the protocol (Sec-WebSocket-Version).";
    }
    switch (tally.status) {
      case 401:
      case 403:
        return "The server refuses this client, or the page that it comes from (Origin).";
      case 404:
        return "Nothing answers at that path, or a proxy does not pass it on.";
      case 502:
      case 503:
      case 504:
        return "The proxy could not reach the application behind it.";
      default:
        break;
    }
    if (tally.status / 100 == 3) return "It is sent elsewhere, and scripts do not follow.";
    return "Who answered took it for a plain request: the upgrade does not reach the application.";
  }
  static std::string fix(const Tally& tally) {
    switch (tally.status) {
      case 401:
      case 403:
        return "send the credentials with the handshake (cookie, or a ticket in the query), and "
               "add the page's origin to those that the server accepts";
      case 502:
      case 503:
      case 504:
        return "look at the application behind the proxy";
      default:
        return {};
    }
  }

  double least_;
  Table<PeerAddress, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kUpgradeRefused = {
    .id = "websocket.upgrade_refused",
    .severity = Severity::medium,
    .title = "WebSocket handshakes refused",
    .about =
        "A client asked for a WebSocket and got an ordinary answer. Scripts only see 1006; "
        "libraries fall back to polling, which costs a request for each message.",
    .fix =
        "let the proxy pass the upgrade on (nginx: proxy_http_version 1.1; proxy_set_header "
        "Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\"; Apache: "
        "mod_proxy_wstunnel) and route that path to the application",
    .source = "RFC 6455 sections 4.1 and 4.2.2",
    .thresholds = UpgradeRefused::kThresholds,
    .takes = UpgradeRefused::kTakes,
    .make = make<UpgradeRefused>,
};

}  // namespace wirelens::websocket
