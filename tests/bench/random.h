// bench/random.h - draws that depend on (seed, stream, ordinal) alone, so that a workload is the
// same file on every machine, compiler and standard library.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace wirelens::bench {

/// One stream of pseudo-random numbers, counter-based: the n-th draw of stream s under seed k is a
/// pure function of (k, s, n). Not for secrets.
class Draws {
 public:
  constexpr Draws(std::uint64_t seed, std::uint64_t stream)
      : key_(mix(seed * kOddA + mix(stream + kOddB))) {}

  constexpr std::uint64_t next() { return mix(key_ + kOddA * ++ordinal_); }

  /// Uniform in [0, limit); 0 for a limit of 0. The bias is below limit / 2^64.
  constexpr std::uint64_t below(std::uint64_t limit) {
    return static_cast<std::uint64_t>((Wide{next()} * limit) >> 64);
  }

  /// Uniform in [low, high].
  constexpr std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }

  constexpr bool chance(std::uint64_t per_million) { return below(1'000'000) < per_million; }

  /// Pareto with exponent 1.2, from `smallest` up to `cap`: u^(-5/6) by halvings of u and a
  /// straight line between them, which needs no libm (whose last bit differs between machines).
  constexpr std::uint64_t pareto(std::uint64_t smallest, std::uint64_t cap) {
    const std::uint64_t draw = next() | 1;
    double scale = static_cast<double>(smallest);
    for (int halving = std::countl_zero(draw); halving > 0; --halving) scale *= kHalving;
    const std::uint64_t mantissa = draw << std::countl_zero(draw);  // in [2^63, 2^64)
    const double above =
        static_cast<double>(mantissa - (std::uint64_t{1} << 63)) / 9.2233720368547758e18;
    const double value = scale * (kHalving - (kHalving - 1.0) * above);
    return value >= static_cast<double>(cap) ? cap : static_cast<std::uint64_t>(value);
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr std::uint64_t kOddA = 0x9e3779b97f4a7c15;
  static constexpr std::uint64_t kOddB = 0xd1b54a32d192ed03;
  static constexpr double kHalving = 1.7817974362806785;  // 2^(5/6)

  static constexpr std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
  }

  std::uint64_t key_;
  std::uint64_t ordinal_ = 0;
};

}  // namespace wirelens::bench
