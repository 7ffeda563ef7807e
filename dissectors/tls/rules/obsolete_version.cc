// tls/rules/obsolete_version.cc - SSL, TLS 1.0 and 1.1: whoever still speaks them, and why.
#include "detect/by_server.h"
#include "tls/rules/rules.h"
#include "tls/rules/session.h"

namespace wirelens::tls {
namespace {

using namespace detect;  // rules speak of little else

bool is_ssl(std::string_view version) {
  return version.starts_with("SSL");
}
bool is_obsolete(std::string_view version) {
  return is_ssl(version) || version == "TLS 1.0" || version == "TLS 1.1";
}
bool offers_better(const TlsSession& session) {
  return session.client_versions &&
         std::any_of(session.client_versions->begin(), session.client_versions->end(),
                     [](std::string_view version) {
                       return version.starts_with("TLS") && !is_obsolete(version);
                     });
}

class ObsoleteVersion final : public Judge {
 public:
  static constexpr const EventType* kTakes[] = {&kEventType<TlsSession>};

  explicit ObsoleteVersion(const Circumstances&) {}

  void hear(const Event& event) override {
    const auto& session = *event.as<TlsSession>();
    if (!event.peers() || !session.version || !is_obsolete(*session.version)) return;
    const PeerAddress& server = event.peers()->server;
    Tally& tally = tallies_.at(server_text(session, server));
    tally.server.note(event, packet_of_server_hello(session), event.time());
    tally.versions.count(*session.version);
    tally.ssl += is_ssl(*session.version);
    tally.server_chose += offers_better(session);
  }

  void judge(Findings& out) override {
    for (const auto& [name, tally] : tallies_.heaviest()) {
      const std::uint64_t all = tally->server.times;
      Draft draft = draft_of(tally->server.first.server, tally->server);
      draft.subject = *name;
      draft.severity = tally->ssl > 0 ? Severity::high : Severity::medium;
      draft.why = fmt::format(
          "{} with {} agreed on {}. {} Browsers have refused that since 2020: Chromium shows "
          "ERR_SSL_VERSION_OR_CIPHER_MISMATCH, Firefox SSL_ERROR_UNSUPPORTED_VERSION, OpenSSL 3 "
          "says \"unsupported protocol\".",
          counted(all, "handshake"), *name, tally->versions.text(), who(*tally));
      draft.measured = {{"handshakes", static_cast<double>(all)},
                        {"client_offered_better", static_cast<double>(tally->server_chose)}};
      out.add(draft);
    }
  }

 private:
  struct Tally {
    ServerTally server;
    Names versions;
    std::uint64_t ssl = 0;
    std::uint64_t server_chose = 0;
    std::uint64_t weight() const { return server.times; }
  };

  static std::string who(const Tally& tally) {
    const std::uint64_t all = tally.server.times;
    if (tally.server_chose == all)
      return "The client offered TLS 1.2 or later: it is the server's limit.";
    if (tally.server_chose == 0)
      return "The client offered nothing later: it is the client's limit.";
    return fmt::format(
        "In {} of them the client offered TLS 1.2 or later; in the others it could "
        "do no better itself.",
        count_text(tally.server_chose));
  }

  Table<std::string, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kObsoleteVersion = {
    .id = "tls.obsolete_version",
    .severity = Severity::high,
    .title = "Obsolete version of TLS",
    .about =
        "SSL 2.0 and 3.0 are broken (DROWN, POODLE); TLS 1.0 and 1.1 rest on MD5 and SHA-1 and are "
        "deprecated. Browsers and current libraries refuse all of them.",
    .fix =
        "let the server speak TLS 1.2 and 1.3 only (nginx: ssl_protocols TLSv1.2 TLSv1.3), and "
        "update or replace clients that can do no better",
    .source = "RFC 8996, RFC 7568, RFC 6176",
    .takes = ObsoleteVersion::kTakes,
    .make = make<ObsoleteVersion>,
};

}  // namespace wirelens::tls
