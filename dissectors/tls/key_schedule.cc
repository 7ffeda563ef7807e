// tls/key_schedule.cc - by OpenSSL's HKDF and TLS1-PRF; SSL 3.0's by hand.
#include "tls/key_schedule.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>

#include "tls/crypto.h"
#include "tls/names.h"

namespace wirelens::tls {
namespace {

OSSL_PARAM octets(const char* name, Bytes bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()),
                                           bytes.size());
}
OSSL_PARAM text(const char* name, const char* value) {
  return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(value), 0);
}

bool derive(const char* kdf, const OSSL_PARAM* parameters, std::span<std::uint8_t> out) {
  const OwnedKdfContext context(EVP_KDF_CTX_new(find_kdf(kdf)));
  const bool done =
      context && EVP_KDF_derive(context.get(), out.data(), out.size(), parameters) == 1;
  if (!done) ERR_clear_error();
  return done;
}

/// hash(parts one behind the other)
bool digest(const char* name, std::initializer_list<Bytes> parts, std::uint8_t* out) {
  const OwnedDigestContext context(EVP_MD_CTX_new());
  bool ok = context && EVP_DigestInit_ex2(context.get(), find_digest(name), nullptr) == 1;
  for (const Bytes part : parts) {
    ok = ok && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  }
  return ok && EVP_DigestFinal_ex(context.get(), out, nullptr) == 1;
}

/// MD5(secret + SHA("A" + secret + seed)) + MD5(secret + SHA("BB" + secret + seed)) + ...
bool ssl3_expand(Bytes secret, Bytes seed, std::span<std::uint8_t> out) {
  std::array<std::uint8_t, 20> inner{};
  std::array<std::uint8_t, 16> outer{};
  std::array<std::uint8_t, 26> letters{};
  bool ok = true;
  for (std::size_t at = 0, round = 1; ok && at < out.size(); at += outer.size(), ++round) {
    if (round > letters.size()) return false;
    letters.fill(static_cast<std::uint8_t>('A' + round - 1));
    ok = digest("SHA1", {Bytes(letters).first(round), secret, seed}, inner.data()) &&
         digest("MD5", {secret, inner}, outer.data());
    const std::size_t count = std::min(outer.size(), out.size() - at);
    std::copy_n(outer.begin(), count, out.begin() + static_cast<std::ptrdiff_t>(at));
  }
  wipe(inner.data(), inner.size());
  wipe(outer.data(), outer.size());
  return ok;
}

std::vector<std::uint8_t> joined(Bytes first, Bytes second) {
  std::vector<std::uint8_t> both(first.begin(), first.end());
  both.insert(both.end(), second.begin(), second.end());
  return both;
}

/// Bytes of the key block's IVs: CBC's first IV up to TLS 1.0, the fixed part of an AEAD's nonce.
std::size_t iv_size(std::uint16_t version, const Suite& suite) {
  switch (suite.mode) {
    case Mode::block:
      return version <= kTls10 ? suite.block : 0;
    case Mode::gcm:
    case Mode::ccm:
      return 4;
    case Mode::chacha20_poly1305:
      return 12;
    default:
      return 0;
  }
}

}  // namespace

Secret expand_label(const char* hash, Bytes secret, std::string_view label, Bytes context,
                    std::size_t size) {
  constexpr std::string_view kPrefix = "tls13 ";
  std::array<std::uint8_t, 2 + 1 + 32 + 1 + Secret::kMost> info{};
  if (label.size() > 26 || context.size() > Secret::kMost || size > Secret::kMost) return {};
  std::uint8_t* at = info.data();
  *at++ = 0;
  *at++ = static_cast<std::uint8_t>(size);
  *at++ = static_cast<std::uint8_t>(kPrefix.size() + label.size());
  at = std::copy(kPrefix.begin(), kPrefix.end(), at);
  at = std::copy(label.begin(), label.end(), at);
  *at++ = static_cast<std::uint8_t>(context.size());
  at = std::copy(context.begin(), context.end(), at);
  const Bytes whole(info.data(), static_cast<std::size_t>(at - info.data()));
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
                                   text(OSSL_KDF_PARAM_DIGEST, hash),
                                   octets(OSSL_KDF_PARAM_KEY, secret),
                                   octets(OSSL_KDF_PARAM_INFO, whole), OSSL_PARAM_construct_end()};
  Secret out;
  if (!derive("HKDF", parameters, {out.resize(size), size})) return {};
  return out;
}

bool prf(std::uint16_t version, const char* hash, Bytes secret, std::string_view label, Bytes seed,
         std::span<std::uint8_t> out) {
  if (version <= kSsl3) return ssl3_expand(secret, seed, out);
  const OSSL_PARAM parameters[] = {
      text(OSSL_KDF_PARAM_DIGEST, version >= kTls12 ? hash : "MD5-SHA1"),
      octets(OSSL_KDF_PARAM_SECRET, secret), octets(OSSL_KDF_PARAM_SEED, as_bytes(label)),
      octets(OSSL_KDF_PARAM_SEED, seed), OSSL_PARAM_construct_end()};
  return derive("TLS1-PRF", parameters, out);
}

Secret master_secret(std::uint16_t version, const char* hash, Bytes premaster, bool extended,
                     Bytes seed) {
  Secret master;
  const std::string_view label = extended ? "extended master secret" : "master secret";
  const std::span<std::uint8_t> out(master.resize(kMasterSecret), kMasterSecret);
  if (!prf(version, hash, premaster, label, seed, out)) return {};
  return master;
}

Secret session_hash(std::uint16_t version, const char* hash, Bytes messages) {
  Secret out;
  if (version >= kTls12) {
    const std::size_t size = std::string_view(hash) == "SHA384" ? 48 : 32;
    if (!digest(hash, {messages}, out.resize(size))) return {};
    return out;
  }
  std::uint8_t* const both = out.resize(16 + 20);
  if (!digest("MD5", {messages}, both) || !digest("SHA1", {messages}, both + 16)) return {};
  return out;
}

DirectionKeys direction_keys(std::uint16_t version, const Suite& suite, Bytes master,
                             Bytes client_random, Bytes server_random, bool client) {
  const std::size_t mac =
      suite.mac == nullptr
          ? 0
          : static_cast<std::size_t>(std::max(EVP_MD_get_size(find_digest(suite.mac)), 0));
  const std::size_t iv = iv_size(version, suite);
  std::array<std::uint8_t, 2 * (48 + 32 + 16)> block{};
  const std::size_t size = 2 * (mac + suite.key + iv);
  DirectionKeys keys;
  if (size > block.size()) return keys;
  const auto seed = joined(server_random, client_random);
  if (prf(version, suite.hash, master, "key expansion", seed, std::span(block).first(size))) {
    ByteReader rest(Bytes(block).first(size));
    const auto take = [&](std::size_t count) {
      const Bytes of_client = rest.take(count), of_server = rest.take(count);
      return Secret(client ? of_client : of_server);
    };
    keys.mac = take(mac);
    keys.key = take(suite.key);
    keys.iv = take(iv);
  }
  wipe(block.data(), block.size());
  return keys;
}

}  // namespace wirelens::tls
