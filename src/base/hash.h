// base/hash.h - keyed hashing, so that nobody outside can aim packets at one bucket.
#pragma once

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

/// SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"; one compression round,
/// three at the end).
std::uint64_t siphash13(const HashKey& key, Bytes bytes);

}  // namespace wirelens
