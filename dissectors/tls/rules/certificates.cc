// tls/rules/certificates.cc - servers whose certificates clients refuse, or soon will.
//
// One finding a server and name. Who is hurt is told by what the clients did: went on, or ended the
// handshake with an alert about the certificate.
#include <algorithm>
#include <utility>

#include "detect/table.h"
#include "detect/words.h"
#include "event/tls.h"
#include "tls/alert_words.h"
#include "tls/rules/rules.h"
#include "tls/rules/session.h"

namespace wirelens::tls {
namespace {

using detect::Circumstances;
using detect::Draft;
using detect::Evidence;
using detect::Findings;

constexpr const EventType* kSessions[] = {&kEventType<TlsSession>};

/// The client's alert that refuses the certificate, if it sent one.
const TlsAlert* refusal_of(const TlsSession& session) {
  if (!session.alerts) return nullptr;
  for (const TlsAlert& alert : *session.alerts) {
    const bool about = alert.description && is_about_certificate(*alert.description);
    if (alert.from == Direction::from_client && about) return &alert;
  }
  return nullptr;
}

std::uint64_t packet_of_certificate(const TlsSession& session) {
  const std::uint64_t plain = packet_of(session, Direction::from_server, "certificate");
  return plain != 0 ? plain : packet_of(session, Direction::from_server, "compressed_certificate");
}

bool has_fault(const TlsSession& session, std::string_view fault) {
  return session.certificate_faults &&
         std::find(session.certificate_faults->begin(), session.certificate_faults->end(), fault) !=
             session.certificate_faults->end();
}

std::string day(Timestamp time) {
  return to_rfc3339(time).substr(0, 10);
}

double days(Duration duration) {
  return seconds(duration) / 86400;
}

/// Firefox' word for the gravest fault of a chain; empty: it goes on, or it depends.
std::string_view firefox_shows(std::string_view fault) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"self_signed", "MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT"},
      {"missing_intermediate", "SEC_ERROR_UNKNOWN_ISSUER"},
      {"untrusted_root", "SEC_ERROR_UNKNOWN_ISSUER"},
      {"wrong_name", "SSL_ERROR_BAD_CERT_DOMAIN"},
      {"no_alternative_name", "SSL_ERROR_BAD_CERT_DOMAIN"},
      {"weak_signature", "SEC_ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED"},
      {"expired", "SEC_ERROR_EXPIRED_CERTIFICATE"},
      {"not_yet_valid", "MOZILLA_PKIX_ERROR_NOT_YET_VALID_CERTIFICATE"},
  };
  for (const auto& [name, word] : kWords) {
    if (name == fault) return word;
  }
  return {};
}

/// What is kept of one server and name.
struct Tally {
  std::uint64_t handshakes = 0;
  std::uint64_t refused = 0;
  std::string name, gravest, browser_error, verification;
  std::uint64_t shown_in = 0, refused_in = 0;  // packets: the first of each
  bool hidden = false;
  std::string subject, issuer, key, names, alert;
  std::optional<Timestamp> not_before, not_after;
  Timestamp seen{};
  Evidence evidence;
  PeerAddress server;

  std::uint64_t weight() const { return handshakes; }
};

void learn(const TlsSession& session, Timestamp at, const PeerAddress& server, Tally& tally) {
  tally.seen = at;
  tally.server = server;
  tally.shown_in = packet_of_certificate(session);
  tally.verification = session.verification.value_or("");
  tally.hidden = session.verification == "not_observable";
  if (session.certificate_faults) tally.gravest = session.certificate_faults->front();
  tally.browser_error = session.browser_error.value_or("");
  if (!session.certificates || session.certificates->empty()) return;
  const TlsCertificate& leaf = session.certificates->front();
  tally.subject = leaf.subject.value_or("");
  tally.issuer = leaf.issuer.value_or("");
  tally.key = leaf.key.value_or("");
  tally.not_before = leaf.not_before;
  tally.not_after = leaf.not_after;
  constexpr std::size_t kShownNames = 5;
  if (!leaf.names) return;
  for (std::size_t i = 0; i < std::min(leaf.names->size(), kShownNames); ++i) {
    tally.names += (i == 0 ? "" : ", ") + std::string((*leaf.names)[i].substr(0, 100));
  }
}

/// What the rules share; each says which sessions concern it, and why that matters.
class ByServer : public detect::Judge {
 public:
  explicit ByServer(const Circumstances& circumstances) : circumstances_(circumstances) {}

  void hear(const Event& event) override {
    const auto& session = *event.as<TlsSession>();
    if (!concerns(session, event.time())) return;
    const PeerAddress server = event.peers()->server;
    const std::string name = server_text(session, server);
    Tally& tally = tallies_.at(name);
    if (tally.handshakes++ == 0) {
      tally.name = name;
      learn(session, event.time(), server, tally);
    }
    const TlsAlert* refusal = refusal_of(session);
    tally.evidence.add(event.connection(), packet_of_certificate(session), event.time());
    if (refusal == nullptr) return;
    if (tally.refused++ == 0) tally.refused_in = refusal->packet;
    tally.alert = *refusal->description;
    tally.evidence.packet(refusal->packet);
  }

  void judge(Findings& out) override {
    for (const auto& [name, tally] : tallies_.heaviest()) {
      Draft draft;
      draft.severity = severity();
      draft.subject = *name;
      draft.why = why(*tally) + " " + course(*tally);
      draft.measured = {{"handshakes", static_cast<double>(tally->handshakes)},
                        {"refused", static_cast<double>(tally->refused)}};
      measure(*tally, draft);
      draft.evidence = tally->evidence;
      draft.server = tally->server.text();
      out.add(draft);
    }
  }

 protected:
  virtual bool concerns(const TlsSession& session, Timestamp at) const = 0;
  virtual std::string why(const Tally& tally) const = 0;
  virtual void measure(const Tally&, Draft&) const {}
  virtual Severity severity() const { return circumstances_.rule.severity; }

  Circumstances circumstances_;

 private:
  /// What the user of a browser saw, or would have seen; and what the clients did here.
  std::string course(const Tally& tally) const {
    std::string text;
    if (!tally.gravest.empty() && !tally.browser_error.empty()) {
      const std::string_view firefox = firefox_shows(tally.gravest);
      text = fmt::format("Chromium shows {}, ", tally.browser_error);
      if (!firefox.empty()) text += fmt::format("Firefox {}, ", firefox);
      text += fmt::format("OpenSSL says \"{}\". ", tally.verification);
    }
    if (tally.shown_in > 0) text += fmt::format("Packet {} shows it. ", count_text(tally.shown_in));
    if (tally.refused == 0) {
      return text + fmt::format("In {} no client refused it by an alert.",
                                counted(tally.handshakes, "handshake"));
    }
    return text + fmt::format("In {} of {} the client refused it, by the alert {} (packet {}).",
                              count_text(tally.refused), counted(tally.handshakes, "handshake"),
                              tally.alert, count_text(tally.refused_in));
  }

  detect::Table<std::string, Tally> tallies_{detect::kTallies};
};

// ---- validity
// ----------------------------------------------------------------------------------------------

class Expired final : public ByServer {
 public:
  using ByServer::ByServer;
  void hear(const Event& event) override {
    ByServer::hear(event);
    hidden_ += event.as<TlsSession>()->verification == "not_observable";
  }
  void judge(Findings& out) override {
    ByServer::judge(out);
    if (hidden_ > 0) {
      out.not_observable("certificates of TLS 1.3 handshakes (no keys: --keylog)",
                         "what is said of certificates", hidden_);
    }
  }

 private:
  bool concerns(const TlsSession& session, Timestamp) const override {
    return has_fault(session, "expired");
  }
  std::string why(const Tally& tally) const override {
    if (!tally.not_after || *tally.not_after >= tally.seen) {
      return fmt::format(
          "A certificate in the chain of {} has expired: not the server's own, but one that "
          "vouches for it.",
          tally.name);
    }
    return fmt::format("{} shows the certificate {}, which ended on {}, {:.1f} days earlier.",
                       tally.name, tally.subject, day(*tally.not_after),
                       days(tally.seen - *tally.not_after));
  }
  void measure(const Tally& tally, Draft& draft) const override {
    if (!tally.not_after) return;
    draft.measured.push_back({"days_since_end", days(tally.seen - *tally.not_after)});
  }
  std::uint64_t hidden_ = 0;
};

class NotYetValid final : public ByServer {
 public:
  using ByServer::ByServer;

 private:
  bool concerns(const TlsSession& session, Timestamp) const override {
    return has_fault(session, "not_yet_valid");
  }
  std::string why(const Tally& tally) const override {
    if (!tally.not_before || *tally.not_before <= tally.seen) {
      return fmt::format(
          "A certificate in the chain of {}, not the server's own, is not valid yet.", tally.name);
    }
    return fmt::format("{} shows the certificate {}, which begins on {}, {:.1f} days later.",
                       tally.name, tally.subject, day(*tally.not_before),
                       days(*tally.not_before - tally.seen));
  }
};

constexpr detect::Threshold kExpiringThresholds[] = {
    {"days", 14, "days", "left until the certificate ends, at most"},
};

class Expiring final : public ByServer {
 public:
  explicit Expiring(const Circumstances& circumstances)
      : ByServer(circumstances), days_(circumstances.threshold("days")) {}

 private:
  bool concerns(const TlsSession& session, Timestamp at) const override {
    if (!session.certificates || session.certificates->empty()) return false;
    const auto end = session.certificates->front().not_after;
    return end && *end > at && days(*end - at) <= days_;
  }
  std::string why(const Tally& tally) const override {
    return fmt::format("{} shows the certificate {}, which ends on {}, in {:.1f} days.", tally.name,
                       tally.subject, day(*tally.not_after), days(*tally.not_after - tally.seen));
  }
  void measure(const Tally& tally, Draft& draft) const override {
    draft.measured.push_back({"days_left", days(*tally.not_after - tally.seen)});
  }
  double days_;
};

// ---- who vouches for it
// ----------------------------------------------------------------------------------------------

class WrongName final : public ByServer {
 public:
  using ByServer::ByServer;

 private:
  bool concerns(const TlsSession& session, Timestamp) const override {
    return has_fault(session, "wrong_name") || has_fault(session, "no_alternative_name");
  }
  std::string why(const Tally& tally) const override {
    if (tally.names.empty()) {
      return fmt::format(
          "{} shows the certificate {}, which has no subject alternative name; browsers look at "
          "nothing else.",
          tally.name, tally.subject);
    }
    return fmt::format(
        "{} shows a certificate for {}: the name that the client asked for is not among them.",
        tally.name, tally.names);
  }
};

class SelfSigned final : public ByServer {
 public:
  using ByServer::ByServer;

 private:
  bool concerns(const TlsSession& session, Timestamp) const override {
    return has_fault(session, "self_signed");
  }
  std::string why(const Tally& tally) const override {
    return fmt::format("{} shows the certificate {}, which signed itself: nobody vouches for it.",
                       tally.name, tally.subject);
  }
};

class MissingIntermediate final : public ByServer {
 public:
  using ByServer::ByServer;

 private:
  bool concerns(const TlsSession& session, Timestamp) const override {
    return has_fault(session, "missing_intermediate");
  }
  std::string why(const Tally& tally) const override {
    return fmt::format(
        "{} sent its own certificate alone. It was issued by {}, which is no trusted root, and "
        "that one's certificate did not come along. Browsers that know it from elsewhere go on; "
        "others fail.",
        tally.name, tally.issuer);
  }
};

class UntrustedRoot final : public ByServer {
 public:
  using ByServer::ByServer;

 private:
  bool concerns(const TlsSession& session, Timestamp) const override {
    return has_fault(session, "untrusted_root");
  }
  std::string why(const Tally& tally) const override {
    return fmt::format(
        "{} shows the certificate {}, issued by {}. The chain ends at no root of the trust store "
        "that was asked (--ca-file, or the system's).",
        tally.name, tally.subject, tally.issuer);
  }
};

class WeakKey final : public ByServer {
 public:
  using ByServer::ByServer;

 private:
  bool concerns(const TlsSession& session, Timestamp) const override {
    return has_fault(session, "weak_key") || has_fault(session, "weak_signature");
  }
  std::string why(const Tally& tally) const override {
    return fmt::format(
        "{} shows the certificate {} ({}). It, or one that vouches for it, has less than 112 bits "
        "of security: too short a key, or a signature over MD5 or SHA-1.",
        tally.name, tally.subject, tally.key);
  }
};

/// A client's refusal that the other rules have no cause for.
class Rejected final : public ByServer {
 public:
  using ByServer::ByServer;

 private:
  bool concerns(const TlsSession& session, Timestamp) const override {
    return refusal_of(session) != nullptr && !is_explained(session);
  }
  static bool is_explained(const TlsSession& session) {
    constexpr std::string_view kToldElsewhere[] = {
        "expired",       "not_yet_valid",        "wrong_name",     "no_alternative_name",
        "self_signed",   "missing_intermediate", "untrusted_root", "weak_key",
        "weak_signature"};
    return std::any_of(std::begin(kToldElsewhere), std::end(kToldElsewhere),
                       [&](std::string_view fault) { return has_fault(session, fault); });
  }
  std::string why(const Tally& tally) const override {
    const RefusalWords& words = words_of_refusal(tally.alert);
    std::string text =
        fmt::format("A client of {} broke the handshake off, and says of the certificate: {}.",
                    tally.name, words.meaning);
    if (tally.verification == "ok") {
      return text +
             " It is fine by the trust store that was asked here: the client's is another, "
             "or it pins another key.";
    }
    if (tally.hidden) {
      text +=
          " The certificate itself is encrypted, as always in TLS 1.3; with keys (--keylog) it "
          "shows.";
    }
    if (words.chromium.empty()) return text;
    return text + fmt::format(" Chromium shows {}, Firefox {}, OpenSSL says \"{}\".",
                              words.chromium, words.firefox, words.openssl);
  }
  Severity severity() const override { return Severity::medium; }
  void measure(const Tally& tally, Draft& draft) const override {
    if (tally.hidden) draft.severity = Severity::high;
    if (tally.verification != "ok") draft.fix = words_of_refusal(tally.alert).fix;
  }
};

constexpr std::string_view kFollows[] = {"tls.certificate_expired",
                                         "tls.certificate_not_yet_valid",
                                         "tls.hostname_mismatch",
                                         "tls.self_signed",
                                         "tls.missing_intermediate",
                                         "tls.untrusted_root",
                                         "tls.weak_key"};

}  // namespace

const detect::Rule kCertificateExpired = {
    .id = "tls.certificate_expired",
    .severity = Severity::high,
    .title = "Certificate expired",
    .about = "The server shows a certificate whose time is over: browsers and libraries refuse it.",
    .fix =
        "renew the certificate and reload the server; renew automatically (ACME) and watch the "
        "end from outside. Check the clock if the certificate looks right",
    .source = "RFC 5280 section 4.1.2.5",
    .takes = kSessions,
    .make = detect::make<Expired>,
};
const detect::Rule kCertificateNotYetValid = {
    .id = "tls.certificate_not_yet_valid",
    .severity = Severity::high,
    .title = "Certificate not yet valid",
    .about = "The certificate's time has not begun, or the capturing host's clock is wrong.",
    .fix =
        "install the certificate when its time has come; check the clocks of the server that "
        "issued it and of the clients",
    .source = "RFC 5280 section 4.1.2.5",
    .takes = kSessions,
    .make = detect::make<NotYetValid>,
};
const detect::Rule kCertificateExpiring = {
    .id = "tls.certificate_expiring",
    .severity = Severity::medium,
    .title = "Certificate about to expire",
    .about = "The certificate is still valid, but not for long.",
    .fix = "renew it now, and see why automatic renewal has not",
    .source = "RFC 5280 section 4.1.2.5",
    .thresholds = kExpiringThresholds,
    .takes = kSessions,
    .make = detect::make<Expiring>,
};
const detect::Rule kHostnameMismatch = {
    .id = "tls.hostname_mismatch",
    .severity = Severity::high,
    .title = "Certificate for another name",
    .about = "The certificate does not name the host that the client asked for (SNI).",
    .fix =
        "issue a certificate with that name among its subject alternative names, or configure "
        "the server to choose the right one by SNI",
    .source = "RFC 9525 section 6",
    .takes = kSessions,
    .make = detect::make<WrongName>,
};
const detect::Rule kSelfSigned = {
    .id = "tls.self_signed",
    .severity = Severity::high,
    .title = "Self-signed certificate",
    .about = "The server's certificate is signed by its own key and is in no trust store.",
    .fix =
        "use a certificate of a public authority, or give this one to the clients that shall "
        "trust it",
    .source = "RFC 5280 section 6.1",
    .takes = kSessions,
    .make = detect::make<SelfSigned>,
};
const detect::Rule kMissingIntermediate = {
    .id = "tls.missing_intermediate",
    .severity = Severity::high,
    .title = "Intermediate certificate missing",
    .about = "The server must send every certificate between its own and the root, and does not.",
    .fix = "configure the full chain (nginx: ssl_certificate with fullchain.pem)",
    .source = "RFC 8446 section 4.4.2",
    .takes = kSessions,
    .make = detect::make<MissingIntermediate>,
};
const detect::Rule kUntrustedRoot = {
    .id = "tls.untrusted_root",
    .severity = Severity::high,
    .title = "Certificate of an unknown authority",
    .about =
        "The chain ends at an authority that is not trusted: a private one, a proxy that "
        "reads along, or one that was removed from the stores.",
    .fix =
        "use a certificate of a trusted authority, or give the root to the clients "
        "(and to --ca-file)",
    .source = "RFC 5280 section 6.1",
    .takes = kSessions,
    .make = detect::make<UntrustedRoot>,
};
const detect::Rule kWeakKey = {
    .id = "tls.weak_key",
    .severity = Severity::medium,
    .title = "Weak certificate key",
    .about =
        "A key or a signature of the chain can be broken at a price: RSA below 2,048 bits, "
        "MD5 or SHA-1. OpenSSL refuses it at its security level 2.",
    .fix =
        "issue a new certificate with an EC key (P-256), or RSA of 2,048 bits or more, signed "
        "over SHA-256",
    .source = "NIST SP 800-57 part 1, OpenSSL's security level 2",
    .takes = kSessions,
    .make = detect::make<WeakKey>,
};
const detect::Rule kClientRejectedCertificate = {
    .id = "tls.client_rejected_certificate",
    .severity = Severity::high,
    .title = "Clients refuse the certificate",
    .about =
        "A client ended the handshake by an alert about the server's certificate, and what is "
        "wrong with that does not show: it is hidden, or fine by the trust store that was asked.",
    .fix =
        "see what is wrong with the certificate; if it is fine, the client lacks its root, pins "
        "another key, or has a wrong clock",
    .source = "RFC 8446 section 6.2",
    .takes = kSessions,
    .make = detect::make<Rejected>,
    .follows = kFollows,
};

}  // namespace wirelens::tls
