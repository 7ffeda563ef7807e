// decode/checksum.h - the internet checksum (RFC 1071), eight bytes at a time.
//
// Sums are kept in the machine's byte order: the one's complement sum doesn't care, as long as
// every part of it is read alike. Parts that are added up start at even offsets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace wirelens {

/// Folds to 16 bits, not complemented.
inline std::uint16_t fold_sum(std::uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

/// Unfolded sum of `size` bytes, a multiple of 32. Halves of 64-bit words add up without carries,
/// which the compiler turns into plain vector adds, as wide as the processor has them.
std::uint64_t sum_of_blocks(const std::uint8_t* at, std::size_t size);

/// Both halves of a word, added.
inline std::uint64_t halves(std::uint64_t word) {
  return (word & 0xffffffff) + (word >> 32);
}

/// Unfolded sum of at most 2^32 bytes.
inline std::uint64_t sum_of(const std::uint8_t* at, std::size_t size) {
  if (size < 8) return halves(load_le64(at, size));
  std::uint64_t sum = 0;
  if (size >= 128) {
    const std::size_t blocks = size & ~std::size_t{31};
    sum = sum_of_blocks(at, blocks);
    at += blocks;
    size -= blocks;
  }
  for (; size >= 8; at += 8, size -= 8) sum += halves(load_le64(at));
  // The rest as the end of a word: its length is a coin toss that no branch predictor wins. Two
  // shifts, because none may be by all 64 bits.
  const std::uint64_t last = load_le64(at + size - 8);
  return sum + halves(last >> 1 >> (63 - 8 * size));
}

/// The sum, which is not 0, folds to 0xffff: what it was taken of is intact.
inline bool is_intact(std::uint64_t sum) {
  return sum % 0xffff == 0;
}

/// Of so many 64-bit words.
template <std::size_t kCount>
std::uint64_t sum_of_words(const std::uint8_t* at) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kCount; ++i) sum += halves(load_le64(at + 8 * i));
  return sum;
}

/// Of 20 bytes: an IPv4 header without options.
inline std::uint64_t sum_of_ipv4_header(const std::uint8_t* at) {
  return sum_of_words<2>(at) + load_le32(at + 16);
}

/// A 32-bit number as it adds to a sum of network-order bytes.
inline std::uint64_t sum_term(std::uint32_t number) {
  return std::uint64_t{__builtin_bswap32(number)};
}

}  // namespace wirelens
