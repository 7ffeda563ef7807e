// tls/rules/no_forward_secrecy.cc - whoever gets the server's key later reads what is recorded now.
#include "detect/by_server.h"
#include "tls/rules/rules.h"
#include "tls/rules/session.h"
#include "tls/suite.h"

namespace wirelens::tls {
namespace {

using namespace detect;  // rules speak of little else

/// In TLS 1.3 only a session that is taken up again without a key share (psk_ke).
bool lacks_forward_secrecy(const TlsSession& session, BySuite<bool>& by_suite) {
  if (session.version == "TLS 1.3") return session.resumed == true && !session.group;
  return by_suite.of(*session.cipher, [](std::string_view cipher) {
    const auto suite = suite_of(cipher);
    return suite && !suite->forward_secret();
  });
}

class NoForwardSecrecy final : public Judge {
 public:
  static constexpr const EventType* kTakes[] = {&kEventType<TlsSession>};

  explicit NoForwardSecrecy(const Circumstances&) {}

  void hear(const Event& event) override {
    const auto& session = *event.as<TlsSession>();
    if (!event.peers() || !session.cipher || !session.established) return;
    const std::uint64_t server = digest_of_server(session, event.peers()->server);
    ++handshakes_.at(server).count;
    if (!lacks_forward_secrecy(session, by_suite_)) return;
    Tally& tally = tallies_.at(server_text(session, event.peers()->server));
    tally.digest = server;
    tally.server.note(event, packet_of_server_hello(session), event.time());
    tally.ciphers.count(*session.cipher);
  }

  void judge(Findings& out) override {
    for (const auto& [name, tally] : tallies_.heaviest()) {
      const Handshakes* all = handshakes_.find(tally->digest);
      tally->handshakes = std::max(tally->server.times, all != nullptr ? all->count : 0);
    }
    for (const auto& [name, tally] : tallies_.heaviest()) {
      Draft draft = draft_of(tally->server.first.server, tally->server);
      draft.subject = *name;
      draft.severity = Severity::low;
      draft.why = fmt::format(
          "{} of {} with {} agreed on {}: the session's keys are sent under the server's long-term "
          "key. "
          "Whoever records the traffic and has that key one day reads all of it.",
          count_text(tally->server.times), counted(tally->handshakes, "handshake"), *name,
          tally->ciphers.text());
      draft.measured = {{"without_forward_secrecy", static_cast<double>(tally->server.times)},
                        {"handshakes", static_cast<double>(tally->handshakes)}};
      out.add(draft);
    }
  }

 private:
  struct Tally {
    ServerTally server;
    Names ciphers;
    std::uint64_t digest = 0;      ///< of the server
    std::uint64_t handshakes = 0;  ///< all of the server's
    std::uint64_t weight() const { return 1000 * server.times + handshakes; }
  };

  BySuite<bool> by_suite_;
  Table<std::uint64_t, Handshakes> handshakes_{kTallies};
  Table<std::string, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kNoForwardSecrecy = {
    .id = "tls.no_forward_secrecy",
    .severity = Severity::low,
    .title = "No forward secrecy",
    .about =
        "Keys were exchanged by RSA, static Diffie-Hellman or a pre-shared key alone. Recorded "
        "traffic can be read as soon as the server's key is known.",
    .fix =
        "prefer suites that begin with TLS_ECDHE, or TLS 1.3 (nginx: ssl_ciphers without kRSA, "
        "ssl_prefer_server_ciphers on)",
    .source = "RFC 9325 section 4.1",
    .takes = NoForwardSecrecy::kTakes,
    .make = make<NoForwardSecrecy>,
};

}  // namespace wirelens::tls
