// detect/doorkeeper.h - keeps those out of a table that come only once: a flood of invented
// addresses costs two bits an address, not an entry.
#pragma once

#include <array>
#include <cstdint>

namespace wirelens::detect {

/// A Bloom filter of 64 KiB that starts anew after kMost names. What it wrongly lets in is few and
/// only costs room. The same names give the same answers in every run.
class Doorkeeper {
 public:
  static constexpr std::uint32_t kMost = 65'536;

  /// Whether what has this digest (detect/digest.h) probably came before, since the last fresh
  /// start.
  bool knows(std::uint64_t hash) {
    const bool first = test_and_set(hash & kMask);
    const bool second = test_and_set((hash >> 32) & kMask);
    const bool known = first && second;
    if (!known && ++count_ == kMost) {
      bits_ = {};
      count_ = 0;
    }
    return known;
  }

 private:
  static constexpr std::uint64_t kMask = (std::uint64_t{1} << 19) - 1;

  bool test_and_set(std::uint64_t bit) {
    std::uint64_t& word = bits_[bit / 64];
    const std::uint64_t mask = std::uint64_t{1} << (bit % 64);
    const bool set = (word & mask) != 0;
    word |= mask;
    return set;
  }

  std::array<std::uint64_t, (kMask + 1) / 64> bits_{};
  std::uint32_t count_ = 0;
};

}  // namespace wirelens::detect
