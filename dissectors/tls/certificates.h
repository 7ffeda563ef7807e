// tls/certificates.h - X.509 certificates as records tell of them (RFC 5280, parsed by OpenSSL).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "event/flaw.h"
#include "event/tls.h"
#include "tls/openssl.h"

namespace wirelens::tls {

/// Certificates of a chain that are looked at; servers send two or three.
inline constexpr std::size_t kMostCertificates = 16;
/// A longer one is not parsed. Handshake messages are limited to 2^24 bytes by themselves.
inline constexpr std::size_t kLongestCertificate = 64u << 10;
/// Subject alternative names that are kept of one certificate, and bytes of any text of it.
inline constexpr std::size_t kMostNames = 256;
inline constexpr std::size_t kLongestText = 1024;

inline constexpr Flaw kMalformedCertificate{"tls.malformed_certificate", "RFC 5280 4.1"};
inline constexpr Flaw kTooManyCertificates{"tls.too_many_certificates", "RFC 8446 4.4.2"};

/// One certificate in a record.
using Certificate = TlsCertificate;

/// What is kept of a certificate.
struct ParsedCertificate {
  OwnedX509 x509;  ///< nullptr: its DER is malformed
  std::string subject, issuer, serial, key, signature, sha256;
  std::optional<std::int64_t> not_before, not_after;  ///< seconds since 1970
  std::vector<std::string> names;
  std::uint64_t names_left_out = 0;
  int key_bits = 0;
  std::uint64_t scts = 0;      ///< signed certificate timestamps inside
  bool rsa_or_dsa = false;     ///< whose strength is far below its bits
  bool names_issuer = false;   ///< says by AIA where its issuer's certificate is to be had
  bool has_dns_names = false;  ///< browsers look at nothing else
};

/// Parses one certificate. Takes any bytes.
ParsedCertificate parse_certificate(Bytes der);

/// What a server (or client) sent, leaf first. The records' view lives in it.
class Chain {
 public:
  /// Parses at most kMostCertificates.
  explicit Chain(std::span<const Bytes> der);
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;

  std::span<const Certificate> records() const { return records_; }
  std::span<const ParsedCertificate> certificates() const { return certificates_; }
  /// Bytes of memory that it takes, about.
  std::size_t size() const { return size_; }
  /// Drops OpenSSL's objects, which take most of the memory.
  void drop_objects();

 private:
  std::vector<ParsedCertificate> certificates_;
  std::vector<std::vector<std::string_view>> names_;
  std::vector<Certificate> records_;
  std::size_t size_ = 0;
};

/// SHA-256 over a chain: certificates and their lengths.
std::string fingerprint_of(std::span<const Bytes> der);

}  // namespace wirelens::tls
