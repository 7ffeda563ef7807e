// tls/rules/tls_on_plain_port.cc - a client says ClientHello to a server that does not speak TLS.
#include "detect/by_server.h"
#include "tls/rules/rules.h"
#include "tls/rules/session.h"
#include "tls/rules/wrong_port.h"

namespace wirelens::tls {
namespace {

using namespace detect;  // rules speak of little else

class TlsOnPlainPort final : public Judge {
 public:
  static constexpr const EventType* kTakes[] = {&kEventType<TlsSession>};

  explicit TlsOnPlainPort(const Circumstances&) {}

  void hear(const Event& event) override {
    const auto& session = *event.as<TlsSession>();
    if (!event.peers() || !is_answered_in_clear(session)) return;
    const PeerAddress& server = event.peers()->server;
    if (is_http(session.not_tls->begins) && is_tls_port(server.port)) return;
    Tally& tally = tallies_.at(server);
    tally.server.note(event, packet_of(session, Direction::from_client, "client_hello"),
                      event.time());
    tally.server.evidence.packet(session.not_tls->packet);
    tally.answer = first_line(session.not_tls->begins);
    tally.greeted |= session.not_tls->packet < session.messages.front().packet;
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      Draft draft = draft_of(*server, tally->server);
      draft.severity = Severity::medium;
      draft.why = fmt::format(
          "{} to {} began with a ClientHello, and the server {} \"{}\" in clear. {}{}",
          counted(tally->server.times, "connection"), server->text(),
          tally->greeted ? "had already greeted with" : "answered", tally->answer, kAnsweredInClear,
          tally->greeted ? " Such a protocol asks for TLS by a command of its own (STARTTLS)."
                         : "");
      draft.measured = {{"connections", static_cast<double>(tally->server.times)}};
      out.add(draft);
    }
  }

 private:
  struct Tally {
    ServerTally server;
    std::string answer;
    bool greeted = false;
    std::uint64_t weight() const { return server.times; }
  };

  Table<PeerAddress, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kTlsOnPlainPort = {
    .id = "tls.tls_on_plain_port",
    .severity = Severity::medium,
    .title = "TLS spoken to a plain port",
    .about =
        "The client speaks TLS, the server answers in clear: the wrong port, the wrong scheme, or "
        "a protocol that begins in clear.",
    .fix =
        "use the port that speaks TLS (443, not 80), or http:// with this one; for mail, LDAP and "
        "databases switch the client to STARTTLS, or to the port with TLS from the first byte",
    .source = "RFC 8446 section 5.1",
    .takes = TlsOnPlainPort::kTakes,
    .make = make<TlsOnPlainPort>,
};

}  // namespace wirelens::tls
