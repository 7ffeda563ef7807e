// tls/suite.h - what a cipher suite does, read out of the name that IANA gave it.
//
//   TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA     key exchange ECDHE_RSA, cipher AES-128-CBC, MAC SHA1
//   TLS_RSA_WITH_AES_256_GCM_SHA384        AEAD: no MAC, but a hash for the key schedule
//   TLS_CHACHA20_POLY1305_SHA256           TLS 1.3: no key exchange
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace wirelens::tls {

enum class Mode : std::uint8_t { null, stream, block, gcm, ccm, chacha20_poly1305 };

struct Suite {
  std::string_view key_exchange;  ///< "ECDHE_RSA"; empty in TLS 1.3
  std::string_view cipher_name;   ///< IANA's: "AES_128_CBC"
  Mode mode = Mode::null;
  const char* cipher = nullptr;  ///< OpenSSL's: "AES-128-CBC"; nullptr for NULL, and if it has none
  std::uint8_t key = 0;          ///< bytes
  std::uint8_t block = 0;        ///< bytes of a block cipher's block
  std::uint8_t tag = 0;          ///< bytes of an AEAD's tag
  const char* mac = nullptr;     ///< OpenSSL's digest: "SHA1"; nullptr for an AEAD
  const char* hash = "SHA256";   ///< of the key schedule, from TLS 1.2 on

  bool is_aead() const { return mode >= Mode::gcm; }
  /// Records stay secret even if the server's long-term key gets known later.
  bool forward_secret() const {
    return key_exchange.empty() || key_exchange.starts_with("DHE") ||
           key_exchange.starts_with("ECDHE") || key_exchange.starts_with("SRP") ||
           key_exchange.ends_with("anon");
  }
};

/// Nothing for names that are no cipher suites (signalling values), or whose cipher is not known.
std::optional<Suite> suite_of(std::string_view iana_name);

}  // namespace wirelens::tls
