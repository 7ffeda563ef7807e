// tls/names.h - IANA's registries of TLS, as tables.
//
// Unknown numbers have no name; a record shows them as "0x1234".
#pragma once

#include <cstdint>
#include <string_view>

namespace wirelens::tls {

// Versions on the wire (RFC 8446 section 4.1.2; RFC 6101; the SSL 2.0 draft).
inline constexpr std::uint16_t kSsl2 = 0x0002;
inline constexpr std::uint16_t kSsl3 = 0x0300;
inline constexpr std::uint16_t kTls10 = 0x0301;
inline constexpr std::uint16_t kTls11 = 0x0302;
inline constexpr std::uint16_t kTls12 = 0x0303;
inline constexpr std::uint16_t kTls13 = 0x0304;

/// Speaks the protocol of TLS 1.3: the version itself, and its drafts as they were deployed.
constexpr bool is_tls13(std::uint16_t version) {
  return version == kTls13 || (version >> 8) == 0x7f || (version >> 8) == 0xfb;
}

/// RFC 8701: values that clients sprinkle in to keep servers tolerant.
constexpr bool is_grease(std::uint16_t value) {
  return (value & 0x0f0f) == 0x0a0a && (value >> 8) == (value & 0xff);
}

enum class ContentType : std::uint8_t {
  change_cipher_spec = 20,
  alert = 21,
  handshake = 22,
  application_data = 23,
  heartbeat = 24,
};

enum class HandshakeType : std::uint8_t {
  hello_request = 0,
  client_hello = 1,
  server_hello = 2,
  new_session_ticket = 4,
  end_of_early_data = 5,
  hello_retry_request = 6,  // as a message of its own in drafts; now a ServerHello, see hello.h
  encrypted_extensions = 8,
  certificate = 11,
  server_key_exchange = 12,
  certificate_request = 13,
  server_hello_done = 14,
  certificate_verify = 15,
  client_key_exchange = 16,
  finished = 20,
  certificate_url = 21,
  certificate_status = 22,
  supplemental_data = 23,
  key_update = 24,
  compressed_certificate = 25,
  next_protocol = 67,
  message_hash = 254,
};

enum class ExtensionType : std::uint16_t {
  server_name = 0,
  status_request = 5,
  supported_groups = 10,
  ec_point_formats = 11,
  signature_algorithms = 13,
  heartbeat = 15,
  application_layer_protocol_negotiation = 16,
  status_request_v2 = 17,
  signed_certificate_timestamp = 18,
  encrypt_then_mac = 22,
  extended_master_secret = 23,
  compress_certificate = 27,
  session_ticket = 35,
  pre_shared_key = 41,
  early_data = 42,
  supported_versions = 43,
  cookie = 44,
  psk_key_exchange_modes = 45,
  post_handshake_auth = 49,
  key_share = 51,
  next_protocol_negotiation = 13172,
  encrypted_client_hello = 0xfe0d,
  encrypted_server_name = 0xffce,  // the drafts before ECH
  renegotiation_info = 0xff01,
};

// Empty for what has no name.
std::string_view name_of_version(std::uint16_t version);        ///< "TLS 1.3"
std::string_view name_of_cipher(std::uint16_t cipher);          ///< "TLS_AES_128_GCM_SHA256"
std::string_view name_of_ssl2_cipher(std::uint32_t kind);       ///< "SSL_CK_RC4_128_WITH_MD5"
std::string_view name_of_group(std::uint16_t group);            ///< "x25519"
std::string_view name_of_signature(std::uint16_t scheme);       ///< "rsa_pss_rsae_sha256"
std::string_view name_of_alert(std::uint8_t description);       ///< "certificate_expired"
std::string_view name_of_compression(std::uint16_t algorithm);  ///< "brotli", of certificates
std::string_view name_of(HandshakeType type);                   ///< "client_hello"

}  // namespace wirelens::tls
