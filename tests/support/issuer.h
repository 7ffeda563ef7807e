// support/issuer.h - makes certificates by OpenSSL, good ones and bad ones.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "tls/openssl.h"

namespace wirelens::testing {

/// 2026-01-01 and one day, in seconds.
inline constexpr std::int64_t kNewYear = 1'767'225'600;
inline constexpr std::int64_t kDay = 86'400;

tls::OwnedKey make_key(const std::string& kind = "EC", unsigned bits = 2048);

struct Wish {
  std::string name = "shop.test";              ///< common name
  std::string alternatives = "DNS:shop.test";  ///< as in openssl.cnf; empty: none
  std::int64_t not_before = kNewYear - kDay;
  std::int64_t not_after = kNewYear + kDay;
  bool authority = false;
  bool tells_issuer = false;  ///< by AIA
  std::string usage = "serverAuth";
  std::string constraints;  ///< name constraints
  const EVP_MD* digest = EVP_sha256();
};

/// A certificate and its key.
struct Identity {
  tls::OwnedX509 x509;
  tls::OwnedKey key;

  std::vector<std::uint8_t> der() const;
  std::string pem() const;
};

/// Signed by `issuer`, or by itself if that is nullptr.
Identity issue(const Wish& wish, const Identity* issuer, tls::OwnedKey key = make_key());
Identity authority(const std::string& name, const Identity* issuer = nullptr);

}  // namespace wirelens::testing
