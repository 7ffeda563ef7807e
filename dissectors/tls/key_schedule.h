// tls/key_schedule.h - from secrets to the keys of records.
//
//   SSL 3.0 (RFC 6101 section 6.1, 6.2)   MD5 over SHA-1
//   TLS 1.0, 1.1 (RFC 2246 section 5)     P_MD5 xor P_SHA1
//   TLS 1.2 (RFC 5246 section 5)          P_hash of the suite
//   TLS 1.3 (RFC 8446 section 7.1, 7.3)   HKDF-Expand-Label
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/secret.h"
#include "tls/suite.h"

namespace wirelens::tls {

/// HKDF-Expand-Label(secret, label, context, size) with the suite's hash; `label` without "tls13 ".
/// Empty if OpenSSL fails.
Secret expand_label(const char* hash, Bytes secret, std::string_view label, Bytes context,
                    std::size_t size);

/// PRF(secret, label, seed) up to TLS 1.2: fills `out`. `hash` counts for TLS 1.2 only. SSL 3.0 has
/// none: its label is ignored.
bool prf(std::uint16_t version, const char* hash, Bytes secret, std::string_view label, Bytes seed,
         std::span<std::uint8_t> out);

/// Bytes of a master secret, and of the premaster secret under RSA key exchange.
inline constexpr std::size_t kMasterSecret = 48;

/// The master secret from a premaster secret. `seed`: both randoms; for the extended
/// master secret (RFC 7627) the hash of the handshake's messages.
Secret master_secret(std::uint16_t version, const char* hash, Bytes premaster, bool extended,
                     Bytes seed);

/// Hash of handshake messages as RFC 7627 section 3 wants it.
Secret session_hash(std::uint16_t version, const char* hash, Bytes messages);

/// What protects the records of one direction up to TLS 1.2 (RFC 5246 section 6.3).
struct DirectionKeys {
  Secret mac;
  Secret key;
  Secret iv;  ///< CBC up to TLS 1.0: the first IV; AEADs: the fixed part of the nonce
};
/// The client's or the server's; nothing in them if OpenSSL fails.
DirectionKeys direction_keys(std::uint16_t version, const Suite& suite, Bytes master,
                             Bytes client_random, Bytes server_random, bool client);

}  // namespace wirelens::tls
