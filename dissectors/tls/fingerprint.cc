// tls/fingerprint.cc - the texts that are hashed.
#include "tls/fingerprint.h"

#include <openssl/md5.h>
#include <openssl/sha.h>

#include <algorithm>
#include <memory_resource>
#include <vector>

namespace wirelens::tls {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// EVP's contexts cost more than digests of so little text.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
struct Md5 {
  MD5_CTX context;

  Md5() { MD5_Init(&context); }
  void update(const char* bytes, std::size_t size) { MD5_Update(&context, bytes, size); }
  auto finish() {
    std::array<unsigned char, MD5_DIGEST_LENGTH> out;
    MD5_Final(out.data(), &context);
    return out;
  }
};
struct Sha256 {
  SHA256_CTX context;

  Sha256() { SHA256_Init(&context); }
  void update(const char* bytes, std::size_t size) { SHA256_Update(&context, bytes, size); }
  auto finish() {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> out;
    SHA256_Final(out.data(), &context);
    return out;
  }
};
#pragma GCC diagnostic pop

/// A digest that is fed text bit by bit.
template <class Algorithm>
class TextDigest {
 public:
  void put(char c) {
    make_room();
    buffer_[used_++] = c;
  }
  void decimal(std::uint16_t number) {
    make_room();
    const unsigned digits = number >= 1000  ? (number >= 10000 ? 5 : 4)
                            : number >= 100 ? 3
                            : number >= 10  ? 2
                                            : 1;
    used_ += digits;
    for (std::size_t back = 1; back <= digits; ++back) {
      buffer_[used_ - back] = static_cast<char>('0' + number % 10);
      number = static_cast<std::uint16_t>(number / 10);
    }
  }
  void hex(std::uint16_t number) {
    make_room();
    for (int shift = 12; shift >= 0; shift -= 4) buffer_[used_++] = kHex[(number >> shift) & 15];
  }

  /// The first letters of the hexadecimal digest.
  void finish(std::span<char> letters) {
    algorithm_.update(buffer_.data(), used_);
    const auto out = algorithm_.finish();
    for (std::size_t i = 0; i < letters.size(); ++i) {
      letters[i] = kHex[(out[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 15];
    }
  }

 private:
  static constexpr std::size_t kMost = 5;  ///< digits of a number

  void make_room() {
    if (used_ + kMost <= buffer_.size()) return;
    algorithm_.update(buffer_.data(), used_);
    used_ = 0;
  }

  Algorithm algorithm_;
  std::array<char, 1024> buffer_;
  std::size_t used_ = 0;
};

/// Numbers joined by '-', GREASE left out.
template <class List>
void dashed(TextDigest<Md5>& digest, const List& numbers) {
  bool first = true;
  for (const std::uint16_t number : numbers) {
    if (is_grease(number)) continue;
    if (!first) digest.put('-');
    first = false;
    digest.decimal(number);
  }
}

/// The types of extensions, in order.
void dashed_extensions(TextDigest<Md5>& digest, Extensions extensions) {
  bool first = true;
  while (const auto extension = extensions.next()) {
    const auto type = static_cast<std::uint16_t>(extension->type);
    if (is_grease(type)) continue;
    if (!first) digest.put('-');
    first = false;
    digest.decimal(type);
  }
}

using Sorted = std::pmr::vector<std::uint16_t>;

/// Four hexadecimal digits each, joined by ','.
template <class List>
void listed(TextDigest<Sha256>& digest, const List& numbers) {
  bool first = true;
  for (const std::uint16_t number : numbers) {
    if (is_grease(number)) continue;
    if (!first) digest.put(',');
    first = false;
    digest.hex(number);
  }
}

std::array<char, 2> ja4_version(const ClientHello& hello) {
  switch (hello.best_version()) {
    case kTls13:
      return {'1', '3'};
    case kTls12:
      return {'1', '2'};
    case kTls11:
      return {'1', '1'};
    case kTls10:
      return {'1', '0'};
    case kSsl3:
      return {'s', '3'};
    case kSsl2:
      return {'s', '2'};
    default:
      return {'0', '0'};
  }
}

/// First and last letter of the first protocol offered; of its hexadecimal form if one is neither
/// letter nor digit.
std::array<char, 2> ja4_alpn(const ClientHello& hello) {
  const std::string_view name = AlpnNames(hello.alpn).next().value_or(std::string_view());
  if (name.empty()) return {'0', '0'};
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  if (plain(name.front()) && plain(name.back())) return {name.front(), name.back()};
  return {kHex[static_cast<std::uint8_t>(name.front()) >> 4],
          kHex[static_cast<std::uint8_t>(name.back()) & 15]};
}

void two_digits(char* at, std::size_t count) {
  count = std::min<std::size_t>(count, 99);
  at[0] = static_cast<char>('0' + count / 10);
  at[1] = static_cast<char>('0' + count % 10);
}

}  // namespace

Ja3 ja3_of(const ClientHello& hello) {
  TextDigest<Md5> digest;
  digest.decimal(hello.legacy_version);
  digest.put(',');
  dashed(digest, hello.ciphers);
  digest.put(',');
  dashed_extensions(digest, Extensions(hello.extensions));
  digest.put(',');
  dashed(digest, hello.groups);
  digest.put(',');
  dashed(digest, hello.point_formats);
  Ja3 found;
  digest.finish(found.letters);
  return found;
}

Ja3 ja3s_of(const ServerHello& hello) {
  TextDigest<Md5> digest;
  digest.decimal(hello.legacy_version);
  digest.put(',');
  digest.decimal(hello.cipher);
  digest.put(',');
  dashed_extensions(digest, Extensions(hello.extensions));
  Ja3 found;
  digest.finish(found.letters);
  return found;
}

Ja4 ja4_of(const ClientHello& hello, Carrier carrier) {
  std::array<std::byte, 2048> room;
  std::pmr::monotonic_buffer_resource memory(room.data(), room.size());
  Sorted ciphers(&memory);
  ciphers.reserve(hello.ciphers.size());
  for (const std::uint16_t cipher : hello.ciphers) {
    if (!is_grease(cipher)) ciphers.push_back(cipher);
  }
  Sorted types(&memory);
  types.reserve(128);
  std::size_t extension_count = 0;
  Extensions extensions(hello.extensions);
  while (const auto extension = extensions.next()) {
    const auto type = static_cast<std::uint16_t>(extension->type);
    if (is_grease(type)) continue;
    ++extension_count;
    const bool told_elsewhere =
        extension->type == ExtensionType::server_name ||
        extension->type == ExtensionType::application_layer_protocol_negotiation;
    if (!told_elsewhere) types.push_back(type);
  }
  std::sort(ciphers.begin(), ciphers.end());
  std::sort(types.begin(), types.end());

  Ja4 found;
  char* at = found.letters.data();
  const auto version = ja4_version(hello);
  const auto alpn = ja4_alpn(hello);
  at[0] = static_cast<char>(carrier);
  at[1] = version[0];
  at[2] = version[1];
  at[3] = hello.server_name ? 'd' : 'i';
  two_digits(at + 4, ciphers.size());
  two_digits(at + 6, extension_count);
  at[8] = alpn[0];
  at[9] = alpn[1];
  at[10] = at[23] = '_';
  const std::span<char> cipher_part(at + 11, 12), extension_part(at + 24, 12);
  std::fill(cipher_part.begin(), cipher_part.end(), '0');
  std::fill(extension_part.begin(), extension_part.end(), '0');
  if (!ciphers.empty()) {
    TextDigest<Sha256> digest;
    listed(digest, ciphers);
    digest.finish(cipher_part);
  }
  if (extension_count > 0) {
    TextDigest<Sha256> digest;
    listed(digest, types);
    if (!hello.signatures.empty()) digest.put('_');
    listed(digest, hello.signatures);
    digest.finish(extension_part);
  }
  return found;
}

}  // namespace wirelens::tls
