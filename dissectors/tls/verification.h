// tls/verification.h - would a client have accepted this chain, at that time, for that name?
//
// OpenSSL builds and checks the path (RFC 5280 section 6) against the trust store at the packet's
// time, for the purpose of a TLS server, with a security of 112 bits as OpenSSL's level 2 wants
// it. All errors of a chain are gathered; what a browser shows is the gravest of them.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "tls/certificates.h"
#include "tls/trust_store.h"

namespace wirelens::tls {

/// What can be wrong with a chain, in the order in which browsers let one speak for all.
enum class CertificateFault : std::uint8_t {
  malformed,             ///< some DER cannot be parsed, or a field breaks the rules
  self_signed,           ///< the leaf signed itself, and is not trusted
  missing_intermediate,  ///< the leaf came alone and says where its issuer's certificate is
  untrusted_root,        ///< the path ends at an issuer that the store does not have
  bad_signature,         ///< a signature is wrong
  wrong_purpose,         ///< not for TLS servers, or a CA that must not sign
  wrong_name,            ///< the name that the client asked for is not in the certificate
  no_alternative_name,   ///< it is, but only as the common name, which browsers ignore
  forbidden_name,        ///< an issuer's name constraints exclude it
  weak_signature,        ///< MD5, SHA-1
  weak_key,              ///< below 112 bits of security: RSA below 2048 bits
  expired,
  not_yet_valid,
  other,
};
inline constexpr std::size_t kCertificateFaults = 14;
std::string_view name_of(CertificateFault fault);  ///< "wrong_name"

struct Verdict {
  std::uint32_t faults = 0;        ///< a bit for each CertificateFault
  int reason = 0;                  ///< OpenSSL's code of the gravest; 0 (X509_V_OK): none
  std::string_view browser_error;  ///< Chromium's; empty: it would have gone on
  bool name_checked = false;       ///< the client said whom it wants

  bool has(CertificateFault fault) const {
    return (faults >> static_cast<unsigned>(fault) & 1u) != 0;
  }
  /// "ok", or OpenSSL's words.
  std::string_view text() const;
};

/// Verifies without any memory of earlier chains. `host`: a DNS name or an IP address, empty: not
/// known, so names are not judged.
Verdict verify(const Chain& chain, const TrustStore& trust, std::string_view host, Timestamp at);

/// A chain and what was found. Lends its records as long as it lives.
struct Assessment {
  std::shared_ptr<const Chain> chain;
  Verdict verdict;
};

/// Verifies, and remembers: the same chain for the same name is verified once for all times between
/// which nothing begins or ceases to be valid. So what comes out does not depend on what was asked
/// before. Belongs to one worker.
class Verifier {
 public:
  /// Chains and bytes that are remembered; the least recently used are forgotten first.
  static constexpr std::size_t kMostChains = 4096;
  static constexpr std::size_t kMostBytes = 8u << 20;
  static constexpr std::size_t kMostVerdicts = 8;  ///< of one chain

  explicit Verifier(std::shared_ptr<const TrustStore> trust) : trust_(std::move(trust)) {}

  Assessment assess(std::span<const Bytes> der, std::string_view host, Timestamp at);
  /// Times that OpenSSL was asked.
  std::uint64_t verifications() const { return verifications_; }

 private:
  struct Judged {
    std::string host;
    std::size_t trust_epoch;
    std::size_t chain_epoch;
    Verdict verdict;
  };
  struct Entry {
    std::string fingerprint;
    std::shared_ptr<const Chain> chain;
    std::vector<std::int64_t> epochs;  ///< moments of its certificates, in order
    std::vector<Judged> judged;
    std::size_t charged = 0;
  };
  using Entries = std::list<Entry>;

  void enter(std::string fingerprint, std::shared_ptr<const Chain> chain);
  void make_room();

  std::shared_ptr<const TrustStore> trust_;
  Entries entries_;  ///< most recently used first
  std::unordered_map<std::string_view, Entries::iterator> index_;
  std::size_t bytes_ = 0;
  std::uint64_t verifications_ = 0;
};

/// A host name as it is compared: lower case, without a final dot, at most 255 bytes. Empty if it
/// is none (a zero byte inside).
std::string comparable_host(std::string_view host);

}  // namespace wirelens::tls
