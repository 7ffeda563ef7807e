// decode/checksum.cc - the walk over every byte of payload.
#include "decode/checksum.h"

namespace wirelens {
namespace {

#ifdef __x86_64__

using Lanes [[gnu::vector_size(32)]] = std::uint64_t;

[[gnu::always_inline]] inline std::uint64_t sum_by_lanes(const std::uint8_t* at, std::size_t size) {
  Lanes low{}, high{};
  for (const std::uint8_t* const end = at + size; at != end; at += sizeof(Lanes)) {
    Lanes words;
    std::memcpy(&words, at, sizeof words);
    low += words & 0xffffffff;
    high += words >> 32;
  }
  low += high;
  return low[0] + low[1] + low[2] + low[3];
}

[[gnu::target("avx2")]] std::uint64_t sum_by_avx2(const std::uint8_t* at, std::size_t size) {
  return sum_by_lanes(at, size);
}

const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;

#else

std::uint64_t sum_by_words(const std::uint8_t* at, std::size_t size) {
  std::uint64_t low = 0, high = 0;
  for (const std::uint8_t* const end = at + size; at != end; at += 8) {
    const std::uint64_t word = load_le64(at);
    low += word & 0xffffffff;
    high += word >> 32;
  }
  return low + high;
}

#endif

}  // namespace

std::uint64_t sum_of_blocks(const std::uint8_t* at, std::size_t size) {
#ifdef __x86_64__
  return has_avx2 ? sum_by_avx2(at, size) : sum_by_lanes(at, size);
#else
  return sum_by_words(at, size);
#endif
}

}  // namespace wirelens
