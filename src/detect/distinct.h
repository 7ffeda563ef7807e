// detect/distinct.h - how many different ones there were, in about 1 KiB.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/hash.h"
#include "detect/digest.h"

namespace wirelens::detect {

/// Exact up to kExact; beyond, HyperLogLog (Flajolet et al. 2007) with 1,024 registers: within
/// about 3 % in two of three cases. The same values give the same count in every run.
class Distinct {
 public:
  template <class T>
  requires std::has_unique_object_representations_v<T>
  void add(const T& value) { take(siphash13_of(kFixed, value)); }

  void add(const Distinct& other) {
    for (const std::uint64_t hash : other.exact_) take(hash);
    if (other.registers_.empty()) return;
    if (registers_.empty()) begin_registers();
    for (std::size_t i = 0; i < registers_.size(); ++i) {
      registers_[i] = std::max(registers_[i], other.registers_[i]);
    }
  }

  std::uint64_t count() const {
    if (registers_.empty()) return exact_.size();
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
  static constexpr std::size_t kExact = 32;
  static constexpr unsigned kBits = 10;
  static constexpr HashKey kFixed{0x5bd1e995, 0x9e3779b97f4a7c15};

  void take(std::uint64_t hash) {
    if (registers_.empty()) {
      if (std::find(exact_.begin(), exact_.end(), hash) != exact_.end()) return;
      if (exact_.size() < kExact) return exact_.push_back(hash);
      begin_registers();
    }
    note(hash);
  }
  void begin_registers() {
    registers_.resize(std::size_t{1} << kBits);
    for (const std::uint64_t hash : exact_) note(hash);
    exact_ = {};
  }
  void note(std::uint64_t hash) {
    const auto rank = static_cast<std::uint8_t>(std::countl_zero((hash << kBits) | 1) + 1);
    std::uint8_t& kept = registers_[hash >> (64 - kBits)];
    kept = std::max(kept, rank);
  }

  std::vector<std::uint64_t> exact_;     // while they are few
  std::vector<std::uint8_t> registers_;  // made when there are more
};

}  // namespace wirelens::detect
