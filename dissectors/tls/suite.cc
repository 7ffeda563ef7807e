// tls/suite.cc - a name from its end to its beginning: hash, cipher, key exchange.
#include "tls/suite.h"

#include <algorithm>
#include <iterator>

namespace wirelens::tls {
namespace {

struct Cipher {
  std::string_view name;
  Mode mode;
  const char* openssl;
  std::uint8_t key, block, tag;
};
constexpr Cipher kCiphers[] = {
    {"NULL", Mode::null, nullptr, 0, 0, 0},
    {"RC4_128", Mode::stream, "RC4", 16, 0, 0},
    {"RC4_40", Mode::stream, nullptr, 5, 0, 0},
    {"RC2_CBC_40", Mode::block, nullptr, 5, 8, 0},
    {"DES40_CBC", Mode::block, nullptr, 5, 8, 0},
    {"DES_CBC_40", Mode::block, nullptr, 5, 8, 0},
    {"DES_CBC", Mode::block, "DES-CBC", 8, 8, 0},
    {"3DES_EDE_CBC", Mode::block, "DES-EDE3-CBC", 24, 8, 0},
    {"IDEA_CBC", Mode::block, "IDEA-CBC", 16, 8, 0},
    {"SEED_CBC", Mode::block, "SEED-CBC", 16, 16, 0},
    {"AES_128_CBC", Mode::block, "AES-128-CBC", 16, 16, 0},
    {"AES_256_CBC", Mode::block, "AES-256-CBC", 32, 16, 0},
    {"CAMELLIA_128_CBC", Mode::block, "CAMELLIA-128-CBC", 16, 16, 0},
    {"CAMELLIA_256_CBC", Mode::block, "CAMELLIA-256-CBC", 32, 16, 0},
    {"ARIA_128_CBC", Mode::block, "ARIA-128-CBC", 16, 16, 0},
    {"ARIA_256_CBC", Mode::block, "ARIA-256-CBC", 32, 16, 0},
    {"AES_128_GCM", Mode::gcm, "AES-128-GCM", 16, 0, 16},
    {"AES_256_GCM", Mode::gcm, "AES-256-GCM", 32, 0, 16},
    {"CAMELLIA_128_GCM", Mode::gcm, nullptr, 16, 0, 16},
    {"CAMELLIA_256_GCM", Mode::gcm, nullptr, 32, 0, 16},
    {"ARIA_128_GCM", Mode::gcm, "ARIA-128-GCM", 16, 0, 16},
    {"ARIA_256_GCM", Mode::gcm, "ARIA-256-GCM", 32, 0, 16},
    {"SM4_GCM", Mode::gcm, nullptr, 16, 0, 16},
    {"AES_128_CCM", Mode::ccm, "AES-128-CCM", 16, 0, 16},
    {"AES_256_CCM", Mode::ccm, "AES-256-CCM", 32, 0, 16},
    {"AES_128_CCM_8", Mode::ccm, "AES-128-CCM", 16, 0, 8},
    {"AES_256_CCM_8", Mode::ccm, "AES-256-CCM", 32, 0, 8},
    {"SM4_CCM", Mode::ccm, nullptr, 16, 0, 16},
    {"CHACHA20_POLY1305", Mode::chacha20_poly1305, "ChaCha20-Poly1305", 32, 0, 16},
};

struct HashName {
  std::string_view suffix;
  const char* openssl;
};
constexpr HashName kDigests[] = {
    {"_SHA384", "SHA384"}, {"_SHA256", "SHA256"}, {"_SHA", "SHA1"}, {"_MD5", "MD5"}};

}  // namespace

std::optional<Suite> suite_of(std::string_view name) {
  constexpr std::string_view kPrefix = "TLS_", kWith = "_WITH_";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  Suite suite;
  if (const std::size_t with = name.find(kWith); with != std::string_view::npos) {
    suite.key_exchange = name.substr(0, with);
    name.remove_prefix(with + kWith.size());
  }
  const auto* const digest =
      std::find_if(std::begin(kDigests), std::end(kDigests),
                   [&](const HashName& each) { return name.ends_with(each.suffix); });
  const bool has_digest = digest != std::end(kDigests);
  if (has_digest) name.remove_suffix(digest->suffix.size());
  const auto* const cipher = std::find_if(std::begin(kCiphers), std::end(kCiphers),
                                          [&](const Cipher& each) { return each.name == name; });
  if (cipher == std::end(kCiphers)) return std::nullopt;
  suite.cipher_name = cipher->name;
  suite.mode = cipher->mode;
  suite.cipher = cipher->openssl;
  suite.key = cipher->key;
  suite.block = cipher->block;
  suite.tag = cipher->tag;
  if (!has_digest) return suite;  // CCM suites of TLS 1.2: SHA-256 (RFC 6655 section 3)
  if (!suite.is_aead()) suite.mac = digest->openssl;
  if (std::string_view(digest->openssl) == "SHA384") suite.hash = "SHA384";
  return suite;
}

}  // namespace wirelens::tls
