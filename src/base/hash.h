// base/hash.h - keyed hashing, so that nobody outside can aim packets at one bucket.
//
// SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"): one compression round,
// three at the end. For what every packet asks, folded multiplications: a twelfth of its cost. They
// are no PRF, but then nobody sees a hash, or in which order a table holds what it holds.
#pragma once

#include <bit>
#include <cstdint>

#include "base/bytes.h"

namespace wirelens {

/// 128 secret bits. Placement in tables depends on them, output never does.
struct HashKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  /// Fresh from the operating system's generator.
  static HashKey random();
};

class SipHash {
 public:
  explicit SipHash(const HashKey& key)
      : v0_(key.low ^ 0x736f6d6570736575),
        v1_(key.high ^ 0x646f72616e646f6d),
        v2_(key.low ^ 0x6c7967656e657261),
        v3_(key.high ^ 0x7465646279746573) {}

  void absorb(std::uint64_t word) {
    v3_ ^= word;
    round();
    v0_ ^= word;
  }
  /// `last` is the final word: in SipHash the input's length above what is left of the input.
  std::uint64_t finish(std::uint64_t last) {
    absorb(last);
    v2_ ^= 0xff;
    round();
    round();
    round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  void round() {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }

  std::uint64_t v0_, v1_, v2_, v3_;
};

/// Both halves of the product.
inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// Each word is mixed with all before it and multiplied by what is secret. The caller makes sure
/// that inputs that differ have different words.
template <class... Words>
std::uint64_t folded_words(const HashKey& key, Words... words) {
  const std::uint64_t factor = key.high | 1;
  std::uint64_t mixed = key.low ^ std::rotl(key.high, 32);
  ((mixed = fold(mixed ^ words, factor)), ...);
  return mixed;
}

std::uint64_t siphash13(const HashKey& key, Bytes bytes);

/// The same over words that lie in registers. The caller makes sure that inputs that differ have
/// different words.
template <class... Words>
std::uint64_t siphash13_words(const HashKey& key, std::uint64_t last, Words... words) {
  SipHash hash(key);
  (hash.absorb(words), ...);
  return hash.finish(last);
}

}  // namespace wirelens
