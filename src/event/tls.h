// event/tls.h - the `tls` record: one handshake, whatever became of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "event/event.h"
#include "event/records.h"

namespace wirelens {

/// One certificate. What cannot be parsed is absent; sha256 is always there.
struct TlsCertificate {
  std::optional<std::string_view> subject;
  std::optional<std::string_view> issuer;
  std::optional<std::string_view> serial;
  std::optional<Timestamp> not_before;
  std::optional<Timestamp> not_after;
  std::optional<std::span<const std::string_view>> names;
  std::optional<std::uint64_t> names_left_out;
  std::optional<std::string_view> key;
  std::optional<std::string_view> signature;
  std::optional<std::uint64_t> scts;
  std::string_view sha256;

  static constexpr auto fields() {
    return std::tuple(
        field("subject", &TlsCertificate::subject, "distinguished name (RFC 2253)"),
        field("issuer", &TlsCertificate::issuer, "distinguished name of the issuer"),
        field("serial", &TlsCertificate::serial, "serial number, hexadecimal"),
        field("not_before", &TlsCertificate::not_before, "valid from"),
        field("not_after", &TlsCertificate::not_after,
              "valid until; absent past the year 2262, which says that it never ends"),
        field("names", &TlsCertificate::names,
              "subject alternative names: DNS names and addresses"),
        field("names_left_out", &TlsCertificate::names_left_out, "names past the first 256"),
        field("key", &TlsCertificate::key, "kind of public key and its bits or curve"),
        field("signature", &TlsCertificate::signature, "signature algorithm"),
        field("scts", &TlsCertificate::scts,
              "signed certificate timestamps inside (RFC 6962), if there are any"),
        field("sha256", &TlsCertificate::sha256, "SHA-256 of the DER bytes, hexadecimal"));
  }
};

struct TlsAlert {
  Direction from = Direction::from_client;
  std::optional<std::string_view> level;
  std::optional<std::string_view> description;
  std::uint64_t packet = 0;

  static constexpr auto fields() {
    return std::tuple(
        field("from", &TlsAlert::from, "who sent it"),
        field("level", &TlsAlert::level, "warning or fatal; absent if it is encrypted"),
        field("description", &TlsAlert::description,
              "IANA's name, or the number; absent if it is encrypted"),
        field("packet", &TlsAlert::packet, "packet that completed it"));
  }
};

/// One step of a handshake.
struct TlsMessage {
  Direction from = Direction::from_client;
  std::string_view message;
  std::uint64_t packet = 0;
  Timestamp time{};  ///< of that packet: for rules, the record leaves it to the packet

  static constexpr auto fields() {
    return std::tuple(
        field("from", &TlsMessage::from, "who sent it"),
        field("message", &TlsMessage::message,
              "IANA's name of the handshake message; change_cipher_spec; encrypted, if nobody can "
              "tell"),
        field("packet", &TlsMessage::packet, "packet that completed it"));
  }
};

/// Bytes in place of TLS.
struct NotTls {
  Direction from = Direction::from_client;
  std::string_view begins;
  std::uint64_t packet = 0;

  static constexpr auto fields() {
    return std::tuple(field("from", &NotTls::from, "who sent them"),
                      field("begins", &NotTls::begins, "the first of them, at most 64"),
                      field("packet", &NotTls::packet, "packet that brought them"));
  }
};

/// Told when the handshake was complete, had failed, or nothing more of it came; `ts` is its first
/// packet.
struct TlsSession {
  static constexpr std::string_view kName = "tls";
  static constexpr std::string_view kAbout =
      "A TLS handshake: what was offered, what was agreed on, who said no.";

  std::optional<std::string_view> version;
  std::optional<std::span<const std::string_view>> client_versions;
  std::optional<std::string_view> cipher;
  std::optional<std::string_view> group;
  std::optional<std::uint16_t> dh_bits;
  std::optional<std::string_view> signature;
  std::optional<std::string_view> server_name;
  std::optional<std::string_view> alpn;
  std::optional<std::span<const std::string_view>> client_alpn;
  bool established = false;
  std::optional<bool> resumed;
  std::optional<std::string_view> resumed_by;
  std::optional<std::string_view> offered_session;
  std::optional<std::string_view> early_data;
  std::optional<std::string_view> ech;
  std::optional<bool> retried;
  std::optional<bool> downgraded;
  std::optional<bool> renegotiation;
  std::optional<bool> secure_renegotiation;
  std::optional<bool> extended_master_secret;
  std::optional<bool> encrypt_then_mac;
  std::optional<bool> ocsp_stapled;
  std::optional<std::uint64_t> scts;
  std::optional<bool> client_certificate_requested;
  std::optional<std::uint32_t> ticket_lifetime;
  std::optional<std::span<const std::string_view>> client_ciphers;
  std::optional<std::string_view> ja3;
  std::optional<std::string_view> ja3s;
  std::optional<std::string_view> ja4;
  std::optional<std::uint64_t> certificate_count;
  std::optional<std::string_view> certificate_compression;
  std::optional<std::span<const TlsCertificate>> certificates;
  std::optional<std::span<const TlsCertificate>> client_certificates;
  std::optional<std::string_view> verification;
  std::optional<std::string_view> browser_error;
  std::optional<std::span<const std::string_view>> certificate_faults;
  std::optional<std::span<const TlsAlert>> alerts;
  std::span<const TlsMessage> messages;
  std::optional<NotTls> not_tls;
  std::optional<Duration> handshake_time;
  bool decrypted = false;
  std::optional<bool> handshake_seen;
  std::optional<std::uint64_t> secrets_tried;
  /// The TCP handshake's, where it was seen: for rules, as the connection's record tells it.
  std::optional<Duration> round_trip;

  static constexpr auto fields() {
    return std::tuple(
        field("version", &TlsSession::version, "agreed on, as \"TLS 1.3\""),
        field("client_versions", &TlsSession::client_versions, "what the client offered"),
        field("cipher", &TlsSession::cipher, "cipher suite agreed on, IANA's name or its number"),
        field("group", &TlsSession::group, "group of the key exchange"),
        field("dh_bits", &TlsSession::dh_bits, "size of the prime of a DHE key exchange"),
        field("signature", &TlsSession::signature, "scheme with which the server proved its key"),
        field("server_name", &TlsSession::server_name, "SNI"),
        field("alpn", &TlsSession::alpn, "application protocol agreed on"),
        field("client_alpn", &TlsSession::client_alpn, "application protocols offered"),
        field("established", &TlsSession::established,
              "both ends finished their handshakes, as far as can be seen"),
        field("resumed", &TlsSession::resumed, "an earlier session was taken up again"),
        field("resumed_by", &TlsSession::resumed_by, "id, ticket or psk"),
        field("offered_session", &TlsSession::offered_session,
              "what the client named to have an earlier session taken up again: id, ticket or psk"),
        field("early_data", &TlsSession::early_data,
              "0-RTT: offered, accepted or rejected; offered, if nobody can tell"),
        field("ech", &TlsSession::ech,
              "Encrypted ClientHello: offered (or GREASE), or rejected; esni for its drafts"),
        field("retried", &TlsSession::retried, "the server sent a HelloRetryRequest"),
        field("downgraded", &TlsSession::downgraded,
              "the server's random says that it could speak a later version"),
        field("renegotiation", &TlsSession::renegotiation, "a handshake within a session"),
        field("secure_renegotiation", &TlsSession::secure_renegotiation, "RFC 5746 agreed on"),
        field("extended_master_secret", &TlsSession::extended_master_secret, "RFC 7627 agreed on"),
        field("encrypt_then_mac", &TlsSession::encrypt_then_mac, "RFC 7366 agreed on"),
        field("ocsp_stapled", &TlsSession::ocsp_stapled, "the server sent an OCSP response"),
        field("scts", &TlsSession::scts,
              "signed certificate timestamps that came beside the certificate, if any did"),
        field("client_certificate_requested", &TlsSession::client_certificate_requested,
              "the server asked the client for a certificate"),
        field("ticket_lifetime", &TlsSession::ticket_lifetime,
              "seconds that the session ticket lives"),
        field("client_ciphers", &TlsSession::client_ciphers, "cipher suites offered, in order"),
        field("ja3", &TlsSession::ja3, "JA3 of the first ClientHello"),
        field("ja3s", &TlsSession::ja3s, "JA3S of the ServerHello"),
        field("ja4", &TlsSession::ja4, "JA4 of the first ClientHello"),
        field("certificate_count", &TlsSession::certificate_count, "certificates that were sent"),
        field("certificate_compression", &TlsSession::certificate_compression,
              "algorithm of RFC 8879"),
        field("certificates", &TlsSession::certificates, "the server's chain, its own first"),
        field("client_certificates", &TlsSession::client_certificates, "the client's chain"),
        field("verification", &TlsSession::verification,
              "ok, or why not in OpenSSL's words; not_observable for encrypted certificates"),
        field("browser_error", &TlsSession::browser_error,
              "what Chromium shows, of the certificate or of the alert that ended the handshake; "
              "Firefox's SSL_ERROR_RX_RECORD_TOO_LONG for an answer in clear"),
        field("certificate_faults", &TlsSession::certificate_faults,
              "all that is wrong with the chain, the gravest first"),
        field("alerts", &TlsSession::alerts, "alerts up to the end of the handshake"),
        field("messages", &TlsSession::messages, "the handshake, step by step, at most 32"),
        field("not_tls", &TlsSession::not_tls, "what came in place of TLS"),
        field("handshake_time", &TlsSession::handshake_time,
              "from the ClientHello to the last Finished, seconds"),
        field("decrypted", &TlsSession::decrypted, "keys for it were known"),
        field("handshake_seen", &TlsSession::handshake_seen,
              "false: the capture began behind it, and keys were found by what they open"),
        field("secrets_tried", &TlsSession::secrets_tried,
              "secrets that were tried until the first one opened a record"));
  }
};

/// An alert of a session whose `tls` record has been told.
struct TlsAlertSeen {
  static constexpr std::string_view kName = "tls_alert";
  static constexpr std::string_view kAbout =
      "An alert behind the handshake, where it could be read.";

  Direction from = Direction::from_client;
  std::string_view level;
  std::string_view description;
  std::uint64_t packet = 0;

  static constexpr auto fields() {
    return std::tuple(field("from", &TlsAlertSeen::from, "who sent it"),
                      field("level", &TlsAlertSeen::level, "warning or fatal"),
                      field("description", &TlsAlertSeen::description, "IANA's name, or number"),
                      field("packet", &TlsAlertSeen::packet, "packet that completed it"));
  }
};

}  // namespace wirelens
