// tls/rules/handshake_failure.cc - a handshake that one end broke off by an alert: who, why, and
// what the user was shown.
//
// A client's alert about the server's certificate is tls.client_rejected_certificate; a refused
// fallback is tls.version_downgrade. In TLS 1.3 a server judges the client's certificate behind the
// handshake: its alert then comes as a tls_alert.
#include "detect/by_server.h"
#include "tls/alert_words.h"
#include "tls/rules/rules.h"
#include "tls/rules/session.h"

namespace wirelens::tls {
namespace {

using namespace detect;  // rules speak of little else

constexpr std::string_view kEncrypted = "?";

bool is_of_another_rule(const TlsAlert& alert) {
  if (!alert.description) return false;
  const bool about_server =
      alert.from == Direction::from_client && is_about_certificate(*alert.description);
  return about_server || *alert.description == "inappropriate_fallback";
}

/// The alert that ended the handshake; nullptr: it is another rule's, or there is none. Who did not
/// say hello spoke no TLS (tls.plain_http_on_tls_port).
const TlsAlert* ending_alert(const TlsSession& session) {
  if (session.established || !session.alerts || session.downgraded == true) return nullptr;
  if (session.messages.empty()) return nullptr;
  for (const TlsAlert& alert : *session.alerts) {
    if (alert.level == "warning" || alert.description == "close_notify") continue;
    return is_of_another_rule(alert) ? nullptr : &alert;
  }
  return nullptr;
}

std::string offered_versions(const TlsSession& session) {
  std::string out;
  constexpr std::size_t kMost = 4;
  if (!session.client_versions) return out;
  for (const std::string_view version :
       session.client_versions->first(std::min(kMost, session.client_versions->size()))) {
    out += fmt::format("{}{}", out.empty() ? "" : ", ", version);
  }
  return out;
}

class HandshakeFailure final : public Judge {
 public:
  static constexpr const EventType* kTakes[] = {&kEventType<TlsSession>, &kEventType<TlsAlertSeen>};

  explicit HandshakeFailure(const Circumstances&) {}

  void hear(const Event& event) override {
    if (!event.peers()) return;
    if (const auto* alert = event.as<TlsAlertSeen>()) return hear_alert(event, *alert);
    const auto& session = *event.as<TlsSession>();
    const std::uint64_t server = digest_of_server(session, event.peers()->server);
    ++handshakes_.at(server).count;
    const TlsAlert* refusal = ending_alert(session);
    if (refusal == nullptr) return;
    Tally& tally = note(event, server_text(session, event.peers()->server), refusal->from,
                        refusal->description.value_or(kEncrypted), refusal->packet);
    tally.digest = server;
    tally.versions = offered_versions(session);
    tally.agreed = session.version.value_or("");
    tally.certificate_wanted |= session.client_certificate_requested.value_or(false);
    tally.old_renegotiation |= session.secure_renegotiation == false;
    if (session.dh_bits) tally.dh_bits = *session.dh_bits;
  }

  void judge(Findings& out) override {
    for (const auto& [key, tally] : tallies_.heaviest()) {
      const Handshakes* all = handshakes_.find(tally->digest);
      Draft draft = draft_of(tally->server.first.server, tally->server);
      const AlertWords& words = words_of(*tally);
      draft.subject = tally->name;
      const bool common = all == nullptr || tally->server.times * kFewShare >= all->count;
      draft.severity = common ? Severity::high : Severity::medium;
      draft.title = title(*tally);
      draft.why = why(*tally, words, all != nullptr ? all->count : 0);
      draft.fix = tally->alert == kEncrypted ? kRule->fix : words.fix;
      draft.measured = {{"failed", static_cast<double>(tally->server.times)}};
      if (all != nullptr) {
        draft.measured.push_back({"handshakes", static_cast<double>(all->count)});
      }
      out.add(draft);
    }
  }

 private:
  struct Tally {
    ServerTally server;
    std::uint64_t digest = 0;  ///< of the server
    std::string name, alert, versions, agreed;
    Direction from = Direction::from_server;
    std::uint16_t dh_bits = 0;
    bool certificate_wanted = false;
    bool old_renegotiation = false;
    bool behind = false;  // behind the handshake
    std::uint64_t weight() const { return server.times; }
  };

  /// The server's verdict on the client's certificate, in TLS 1.3.
  void hear_alert(const Event& event, const TlsAlertSeen& alert) {
    const bool about = is_about_certificate(alert.description) ||
                       alert.description == "certificate_required" ||
                       alert.description == "access_denied";
    if (alert.from != Direction::from_server || alert.level != "fatal" || !about) return;
    const PeerAddress& server = event.peers()->server;
    Tally& tally = note(event, server.text(), alert.from, alert.description, alert.packet);
    tally.digest = detect::digest_of(server);
    tally.behind = true;
  }

  Tally& note(const Event& event, const std::string& name, Direction from,
              std::string_view description, std::uint64_t packet) {
    const bool by_client = from == Direction::from_client;
    Tally& tally = tallies_.at(fmt::format("{} {} {}", description, by_client ? "<" : ">", name));
    if (tally.server.times == 0) {
      tally.name = name;
      tally.alert = description;
      tally.from = from;
    }
    tally.server.note(event, packet, event.time());
    return tally;
  }

  static const AlertWords& words_of(const Tally& tally) {
    const bool about_client_certificate = tally.from == Direction::from_server &&
                                          tally.alert == "handshake_failure" &&
                                          tally.certificate_wanted;
    if (about_client_certificate) return kWithoutClientCertificate;
    return tally.from == Direction::from_client ? words_of_client_alert(tally.alert)
                                                : words_of_server_alert(tally.alert);
  }
  static std::string title(const Tally& tally) {
    const bool by_client = tally.from == Direction::from_client;
    return fmt::format("TLS refused by {}: {}", by_client ? "client" : "server",
                       tally.alert == kEncrypted ? "encrypted alert" : tally.alert);
  }
  static std::string why(const Tally& tally, const AlertWords& words, std::uint64_t all) {
    const std::string_view who = tally.from == Direction::from_client ? "client" : "server";
    std::string text = fmt::format(
        "The {} broke off {} with {}: it ", who,
        all > 0 ? fmt::format("{} of {}", count_text(tally.server.times), counted(all, "handshake"))
                : counted(tally.server.times, "connection"),
        tally.name);
    if (tally.alert == kEncrypted) {
      return text +
             "sent an alert that is encrypted. Most often such a one says that the other's "
             "certificate is not accepted.";
    }
    text += fmt::format("{}.", words.meaning);
    text += circumstances(tally);
    if (tally.behind) text += " In TLS 1.3 it can say so only behind the handshake.";
    if (words.alert.empty()) return text;
    return text + fmt::format(" Chromium shows {}, OpenSSL says \"{}\".", words.browser,
                              openssl(tally, words));
  }
  /// What else was seen that may explain it.
  static std::string circumstances(const Tally& tally) {
    if (tally.alert == "protocol_version") {
      return tally.from == Direction::from_client
                 ? fmt::format(" The server chose {}.", tally.agreed)
                 : fmt::format(" The client offers {}.", tally.versions);
    }
    return {};
  }
  static std::string_view openssl(const Tally& tally, const AlertWords& words) {
    if (tally.from == Direction::from_server || tally.alert != "handshake_failure") {
      return words.openssl;
    }
    constexpr std::uint16_t kSmallGroup = 2048;
    if (tally.dh_bits > 0 && tally.dh_bits < kSmallGroup) return "dh key too small";
    if (tally.old_renegotiation) return "unsafe legacy renegotiation disabled";
    return words.openssl;
  }

  /// One failure in more than so many handshakes is not everybody's.
  static constexpr std::uint64_t kFewShare = 10;
  static constexpr const Rule* kRule = &kHandshakeFailure;
  Table<std::string, Tally> tallies_{kTallies};
  Table<std::uint64_t, Handshakes> handshakes_{kTallies};
};

}  // namespace

const Rule kHandshakeFailure = {
    .id = "tls.handshake_failure",
    .severity = Severity::high,
    .title = "TLS handshake refused",
    .about =
        "One end broke the handshake off by an alert. The alert's name says what it misses; who "
        "sent it says where to look.",
    .fix = "read the alert with keys (--keylog), or look into the log of the end that refused",
    .source = "RFC 8446 section 6.2",
    .takes = HandshakeFailure::kTakes,
    .make = make<HandshakeFailure>,
};

}  // namespace wirelens::tls
