// detect/distinct.h - how many different ones there were, in little more than 1 KiB.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "base/hash.h"

namespace wirelens::detect {

/// Exact up to kExact; beyond, HyperLogLog (Flajolet et al. 2007) with 1,024 registers: within
/// about 3 % in two of three cases. The same values give the same count in every run.
class Distinct {
 public:
  template <class T>
  requires std::has_unique_object_representations_v<T>
  void add(const T& value) {
    const std::uint64_t hash =
        siphash13(kFixed, Bytes(reinterpret_cast<const std::uint8_t*>(&value), sizeof value));
    const auto rank = static_cast<std::uint8_t>(std::countl_zero((hash << kBits) | 1) + 1);
    std::uint8_t& kept = registers_[hash >> (64 - kBits)];
    if (rank > kept) kept = rank;
    if (few_ > kExact ||
        std::find(exact_.begin(), exact_.begin() + few_, hash) != exact_.begin() + few_) {
      return;
    }
    if (few_ < kExact) exact_[few_] = hash;
    ++few_;
  }

  void add(const Distinct& other) {
    for (std::size_t i = 0; i < registers_.size(); ++i) {
      registers_[i] = std::max(registers_[i], other.registers_[i]);
    }
    for (std::size_t i = 0; i < std::min(other.few_, kExact) && few_ <= kExact; ++i) {
      if (std::find(exact_.begin(), exact_.begin() + few_, other.exact_[i]) !=
          exact_.begin() + few_) {
        continue;
      }
      if (few_ < kExact) exact_[few_] = other.exact_[i];
      ++few_;
    }
    if (other.few_ > kExact) few_ = kExact + 1;
  }

  std::uint64_t count() const {
    if (few_ <= kExact) return few_;
    constexpr double kSize = 1u << kBits;
    double sum = 0;
    double empty = 0;
    for (const std::uint8_t rank : registers_) {
      sum += std::ldexp(1.0, -rank);
      empty += rank == 0;
    }
    const double raw = 0.7213 / (1 + 1.079 / kSize) * kSize * kSize / sum;
    const bool few = raw <= 2.5 * kSize && empty > 0;
    return static_cast<std::uint64_t>(std::llround(few ? kSize * std::log(kSize / empty) : raw));
  }

 private:
  static constexpr std::uint8_t kExact = 32;
  static constexpr unsigned kBits = 10;
  static constexpr HashKey kFixed{0x5bd1e995, 0x9e3779b97f4a7c15};
  std::array<std::uint8_t, 1u << kBits> registers_{};
  std::array<std::uint64_t, kExact> exact_{};
  std::uint8_t few_ = 0;  // more than kExact: too many
};

}  // namespace wirelens::detect
