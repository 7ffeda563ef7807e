// tls/alert_words.cc - the tables: alerts of servers, alerts of clients.
#include "tls/alert_words.h"

#include <algorithm>
#include <iterator>

namespace wirelens::tls {
namespace {

constexpr std::string_view kMismatch = "ERR_SSL_VERSION_OR_CIPHER_MISMATCH";
constexpr std::string_view kProtocolError = "ERR_SSL_PROTOCOL_ERROR";
constexpr std::string_view kClientCertificate = "ERR_BAD_SSL_CLIENT_AUTH_CERT";
constexpr std::string_view kGiveCertificate =
    "give the client a certificate, with its chain, of an authority that the server trusts "
    "(nginx: ssl_client_certificate)";

/// The last line holds for all others.
constexpr AlertWords kOfServers[] = {
    {"handshake_failure", "sslv3 alert handshake failure", kMismatch,
     "found nothing to agree on: no cipher suite, group or signature scheme in common, no "
     "certificate for that name, or it wants one of the client and got none",
     "compare what the client offers (client_ciphers of the tls record) with the server's "
     "configuration; see whether it asks for client certificates"},
    {"protocol_version", "tlsv1 alert protocol version", kMismatch,
     "speaks none of the versions that the client offers",
     "enable a version that both speak: TLS 1.2 and 1.3 (nginx: ssl_protocols)"},
    {"insufficient_security", "tlsv1 alert insufficient security", kMismatch,
     "wants stronger cipher suites than the client offers",
     "update the client, or enable stronger suites in it"},
    {"unrecognized_name", "tlsv1 unrecognized name", "ERR_SSL_UNRECOGNIZED_NAME_ALERT",
     "serves no site of the name that the client asked for (SNI)",
     "add the name to the server's configuration, or correct it in the client or in DNS"},
    {"no_application_protocol", "tlsv1 alert no application protocol", kProtocolError,
     "speaks none of the application protocols that the client offers (ALPN)",
     "enable the protocol on the server (nginx: http2 on), or let the client offer http/1.1"},
    {"certificate_required", "tlsv13 alert certificate required", kClientCertificate,
     "wants a certificate of the client, and none came", kGiveCertificate},
    {"no_certificate", "sslv3 alert no certificate", kClientCertificate,
     "wants a certificate of the client, and none came", kGiveCertificate},
    {"bad_certificate", "sslv3 alert bad certificate", kClientCertificate,
     "does not accept the client's certificate: it is malformed, or its signature is wrong",
     kGiveCertificate},
    {"unsupported_certificate", "sslv3 alert unsupported certificate", kClientCertificate,
     "does not accept the client's certificate: it is of a kind, or for a purpose, that will not "
     "do",
     "issue a certificate for TLS clients (extended key usage clientAuth)"},
    {"certificate_revoked", "sslv3 alert certificate revoked", kClientCertificate,
     "says that the client's certificate is revoked", "issue a new certificate for the client"},
    {"certificate_expired", "sslv3 alert certificate expired", kClientCertificate,
     "says that the client's certificate has expired", "renew the client's certificate"},
    {"certificate_unknown", "sslv3 alert certificate unknown", kClientCertificate,
     "does not accept the client's certificate, for a reason that it keeps to itself",
     "look into the server's log"},
    {"unknown_ca", "tlsv1 alert unknown ca", kClientCertificate,
     "does not know the authority that issued the client's certificate", kGiveCertificate},
    {"access_denied", "tlsv1 alert access denied", kClientCertificate,
     "accepts the client's certificate, but does not let its owner in",
     "let the server's access rules name the client"},
    {"unknown_psk_identity", "tlsv1 alert unknown psk identity", kProtocolError,
     "does not know the pre-shared key that the client names",
     "configure the same identity and key on both sides"},
    {"illegal_parameter", "sslv3 alert illegal parameter", kProtocolError,
     "found a field of the client's that contradicts others",
     "look for a middlebox that changes hellos, or a defect of either program"},
    {"decode_error", "tlsv1 alert decode error", kProtocolError,
     "could not parse what the client sent",
     "look for a middlebox that cuts long ClientHellos (post-quantum key shares make them so), or "
     "update the server"},
    {"decrypt_error", "tlsv1 alert decrypt error", "ERR_SSL_DECRYPT_ERROR_ALERT",
     "found a signature or a Finished of the client's wrong",
     "see whether the client's key belongs to its certificate; look for a middlebox that changes "
     "the handshake"},
    {"bad_record_mac", "sslv3 alert bad record mac", "ERR_SSL_BAD_RECORD_MAC_ALERT",
     "got a record whose protection is broken",
     "look for a middlebox or hardware that changes bytes"},
    {"internal_error", "tlsv1 alert internal error", kProtocolError,
     "failed for reasons of its own: often there is no certificate for that name, or its key "
     "cannot be read",
     "look into the server's log"},
    {"missing_extension", "tlsv13 alert missing extension", kProtocolError,
     "misses an extension in the ClientHello",
     "send the server's name (SNI), or update the client"},
    {"", "an alert", kProtocolError, "ended the handshake by a fatal alert",
     "look into the server's log"},
};

constexpr AlertWords kOfClients[] = {
    {"protocol_version", "unsupported protocol", kMismatch,
     "does not accept the version that the server chose",
     "enable TLS 1.2 and 1.3 on the server; a client that must talk to an old server has to be "
     "told so"},
    {"handshake_failure", "handshake failure", kMismatch,
     "does not accept what the server chose: its group, its signature scheme or its way to "
     "renegotiate",
     "update the server's TLS library; look into the client's error for what it misses"},
    {"insufficient_security", "insufficient security", kMismatch,
     "finds what the server chose too weak", "enable stronger suites and keys on the server"},
    {"decrypt_error", "bad signature", kProtocolError,
     "found the server's signature or Finished wrong",
     "see whether the server's key belongs to its certificate; look for a middlebox that changes "
     "the handshake"},
    {"illegal_parameter", "illegal parameter", kProtocolError,
     "found a field of the server's that contradicts what was offered",
     "look for a middlebox that changes hellos, or a defect of either program"},
    {"user_canceled", "user canceled", "ERR_ABORTED", "was told by its user to stop", "nothing"},
    {"internal_error", "internal error", kProtocolError, "failed for reasons of its own",
     "look into the client's log"},
    {"", "an error of its own", kProtocolError, "ended the handshake by a fatal alert",
     "look into the client's log"},
};

/// OpenSSL's clients choose the alert by the reason (RFC 8446 section 6.2); Chromium's say
/// certificate_unknown for all of them.
constexpr RefusalWords kRefusals[] = {
    {"certificate_expired", "certificate has expired", "ERR_CERT_DATE_INVALID",
     "SEC_ERROR_EXPIRED_CERTIFICATE", "it has expired",
     "renew the certificate and reload the server; if it is young, set the client's clock"},
    {"unknown_ca", "unable to get local issuer certificate", "ERR_CERT_AUTHORITY_INVALID",
     "SEC_ERROR_UNKNOWN_ISSUER",
     "nobody whom it trusts vouches for it: a private authority, a self-signed certificate, or an "
     "intermediate that the server does not send",
     "send the full chain of a trusted authority, or give the authority's root to the client"},
    {"bad_certificate", "hostname mismatch", "ERR_CERT_COMMON_NAME_INVALID",
     "SSL_ERROR_BAD_CERT_DOMAIN",
     "it will not do: most often it is for another name, else not valid yet, with too weak a key, "
     "or wrongly signed",
     "issue a certificate for the name that the client asks for, or let the server choose the "
     "right one by SNI"},
    {"certificate_revoked", "certificate revoked", "ERR_CERT_REVOKED",
     "SEC_ERROR_REVOKED_CERTIFICATE", "its issuer has revoked it",
     "issue a new certificate, with a new key"},
    {"unsupported_certificate", "unsuitable certificate purpose", "ERR_CERT_INVALID",
     "SEC_ERROR_INADEQUATE_CERT_TYPE", "it is not meant for TLS servers",
     "issue a certificate for servers (extended key usage serverAuth)"},
    {"", "", "", "",
     "it will not do, for a reason that it keeps to itself (Chromium says no more, whatever its "
     "page shows)",
     "look at the certificate with keys (--keylog), or by openssl s_client; if it is fine, the "
     "client lacks its root, pins another key, or has a wrong clock"},
};

template <class Words, std::size_t kSize>
const Words& find(const Words (&table)[kSize], std::string_view description) {
  return *std::find_if(std::begin(table), std::end(table) - 1,
                       [&](const Words& each) { return each.alert == description; });
}

}  // namespace

const AlertWords kWithoutClientCertificate = {
    "handshake_failure", "sslv3 alert handshake failure", kClientCertificate,
    "had asked the client for a certificate, and none came that it accepts", kGiveCertificate};

const AlertWords& words_of_server_alert(std::string_view description) {
  return find(kOfServers, description);
}
const AlertWords& words_of_client_alert(std::string_view description) {
  return find(kOfClients, description);
}
const RefusalWords& words_of_refusal(std::string_view description) {
  return find(kRefusals, description);
}

}  // namespace wirelens::tls
