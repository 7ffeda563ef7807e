// decode/flow_key.cc - a flow's identity in text.
#include "decode/flow_key.h"

#include <openssl/sha.h>

#include <array>
#include <charconv>

#include "base/bytes.h"

namespace wirelens {

namespace {

/// "255." and its length, for every byte.
struct Decimal {
  char letters[4] = {};
  std::uint8_t size = 0;
};
constexpr std::array<Decimal, 256> kDecimals = [] {
  std::array<Decimal, 256> all{};
  for (unsigned i = 0; i < all.size(); ++i) {
    const auto put = [&](unsigned digit) {
      all[i].letters[all[i].size++] = static_cast<char>('0' + digit);
    };
    if (i >= 100) put(i / 100);
    if (i >= 10) put(i / 10 % 10);
    put(i % 10);
    all[i].letters[all[i].size++] = '.';
  }
  return all;
}();

/// Needs 16 bytes.
char* put_dotted_quad(const std::uint8_t* bytes, char* out) {
  for (std::size_t i = 0; i < 4; ++i) {
    const Decimal& decimal = kDecimals[bytes[i]];
    std::memcpy(out, decimal.letters, sizeof decimal.letters);
    out += decimal.size;
  }
  return out - 1;
}

/// RFC 5952 section 4: the first of the longest runs of zero groups is shortened, if there are two
/// or more; section 5: an IPv4 address at the end is shown as one.
char* put_groups(const std::uint8_t* bytes, char* out) {
  constexpr std::size_t kGroups = 8;
  std::array<std::uint16_t, kGroups> groups;
  std::size_t run = kGroups, length = 1;
  for (std::size_t i = 0, zeros = 0; i < kGroups; ++i) {
    groups[i] = load_be16(bytes + 2 * i);
    zeros = groups[i] == 0 ? zeros + 1 : 0;
    if (zeros <= length) continue;
    length = zeros;
    run = i + 1 - zeros;
  }
  const bool compatible = run == 0 && length == 6;
  const bool mapped = run == 0 && length == 5 && groups[5] == 0xffff;
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (i == run) {
      *out++ = ':';
      i += length;
      if (i == kGroups) *out++ = ':';
    }
    if (i == kGroups) break;
    if (i > 0) *out++ = ':';
    if (i == 6 && (compatible || mapped)) return put_dotted_quad(bytes + 12, out);
    out = std::to_chars(out, out + 4, groups[i], 16).ptr;
  }
  return out;
}

/// SHA-1 (RFC 3174) of what fits into one block with its padding: at most 55 bytes, which `block`
/// begins with; the rest of it is 0.
std::array<std::uint32_t, 5> sha1_of(std::array<std::uint8_t, 64>& block, std::size_t size) {
  block[size] = 0x80;
  const std::uint64_t bits = __builtin_bswap64(8 * size);
  std::memcpy(&block[56], &bits, sizeof bits);
  // EVP's context would cost more than the digest.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  SHA_CTX context;
  SHA1_Init(&context);
  SHA1_Transform(&context, block.data());
#pragma GCC diagnostic pop
  return {context.h0, context.h1, context.h2, context.h3, context.h4};
}

using Letters [[gnu::vector_size(16)]] = signed char;
using Words [[gnu::vector_size(16)]] = std::uint64_t;

/// Of RFC 4648 section 4, for numbers below 64: each of the five ranges lies at another distance.
Letters base64_letters(Letters number) {
  return number + 'A' + ((number > 25) & 6) - ((number > 51) & 75) - ((number > 61) & 15) +
         ((number > 62) & 3);
}

/// 28 letters, of which the last is to be replaced, and more: needs 32 bytes.
void put_base64(const std::array<std::uint32_t, 5>& digest, char* out) {
  const auto three_bytes = [&](std::size_t bit) -> std::uint64_t {
    const std::size_t word = bit / 32;
    const std::uint32_t next = word + 1 < digest.size() ? digest[word + 1] : 0;
    return (std::uint64_t{digest[word]} << 32 | next) << bit % 32 >> 40;
  };
  // Two times four numbers of six bits, a byte for each, the first in the lowest.
  const auto eight_numbers = [&](std::size_t bit) {
    const std::uint64_t both =
        three_bytes(bit) | (bit + 24 < 160 ? three_bytes(bit + 24) << 32 : 0);
    return (both >> 18 & 0x3f'0000'003f) | (both >> 4 & 0x3f00'0000'3f00) |
           (both << 10 & 0x3f'0000'003f'0000) | (both << 24 & 0x3f00'0000'3f00'0000);
  };
  const Words first{eight_numbers(0), eight_numbers(48)};
  const Words last{eight_numbers(96), eight_numbers(144)};
  const Letters letters[] = {base64_letters(reinterpret_cast<const Letters&>(first)),
                             base64_letters(reinterpret_cast<const Letters&>(last))};
  std::memcpy(out, letters, sizeof letters);
  out[27] = '=';
}

}  // namespace

AddressText::AddressText(const AddressBytes& address, std::uint8_t version) {
  const char* const end = version == 6 ? put_groups(address.data(), letters_)
                                       : put_dotted_quad(address.data(), letters_);
  size_ = static_cast<std::size_t>(end - letters_);
}

CommunityId::CommunityId(const FlowKey& key) {
  std::array<std::uint8_t, 64> input{};
  std::size_t size = 2;  // the seed, 0
  const std::size_t width = key.version == 6 ? 16 : 4;
  const auto append = [&](const auto& from, std::size_t count) {
    std::memcpy(input.data() + size, from.data(), from.size());  // what is too much is overwritten
    size += count;
  };
  const std::array<std::uint8_t, 6> tail = {key.protocol,
                                            0,
                                            static_cast<std::uint8_t>(key.low_port >> 8),
                                            static_cast<std::uint8_t>(key.low_port),
                                            static_cast<std::uint8_t>(key.high_port >> 8),
                                            static_cast<std::uint8_t>(key.high_port)};
  append(key.low, width);
  append(key.high, width);
  append(tail, tail.size());

  std::memcpy(letters_, "1:", 2);
  put_base64(sha1_of(input, size), letters_ + 2);
}

}  // namespace wirelens
