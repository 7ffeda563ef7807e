// tls/messages.h - the other handshake messages of which something is told.
//
// RFC 8446 section 4, RFC 5246 section 7.4, RFC 8879, RFC 6066 section 8. Views borrow from the
// message; `body` is the message without its type and length.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "tls/names.h"

namespace wirelens::tls {

/// Most certificates that are looked at of a chain; more are counted.
inline constexpr std::size_t kMaxChain = 16;

/// A Certificate message, of TLS 1.3 or before.
struct CertificateChain {
  bool whole = false;
  std::size_t count = 0;                      ///< as sent, also those beyond kMaxChain
  std::array<Bytes, kMaxChain> certificates;  ///< DER, the end's own first
  bool ocsp = false;                          ///< a stapled OCSP response (TLS 1.3)
  std::size_t scts = 0;                       ///< signed certificate timestamps (TLS 1.3)

  std::span<const Bytes> der() const {
    return std::span(certificates).first(count < kMaxChain ? count : kMaxChain);
  }
};
CertificateChain read_certificate(Bytes body, bool tls13);

/// RFC 8879 section 4: which algorithm, and how much comes out.
struct CompressedCertificate {
  std::uint16_t algorithm = 0;
  std::uint32_t size = 0;
  Bytes compressed;
};
std::optional<CompressedCertificate> read_compressed_certificate(Bytes body);

/// Of a key exchange with named groups or explicit primes (RFC 8422 section 5.4, RFC 5246 7.4.3).
struct ServerKeyExchange {
  std::optional<std::uint16_t> group;       ///< ECDHE
  std::optional<std::uint16_t> prime_bits;  ///< DHE
  std::optional<std::uint16_t> signature;   ///< scheme, since TLS 1.2
};
/// `cipher` and `version` are those of the ServerHello.
ServerKeyExchange read_server_key_exchange(Bytes body, std::uint16_t cipher, std::uint16_t version);

/// The scheme of a CertificateVerify, since TLS 1.2.
std::optional<std::uint16_t> read_certificate_verify(Bytes body, std::uint16_t version);

/// Seconds that a ticket lives (RFC 8446 section 4.6.1, RFC 5077 section 3.3); 0 in TLS 1.2: not
/// said.
std::optional<std::uint32_t> read_ticket_lifetime(Bytes body);

}  // namespace wirelens::tls
