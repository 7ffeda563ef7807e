// decode/checksum.cc - the walk over every byte of payload.
#include "decode/checksum.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <algorithm>

namespace wirelens {
namespace {

#ifdef __x86_64__

// One instruction adds up pairs of 16-bit words in 32 bits, but takes them for signed. So half
// their range is taken off each, and given back at the end.
constexpr std::int16_t kHalf = -0x8000;
constexpr std::size_t kRun = 1u << 20;  ///< bytes after which a sum of 32 bits may overflow

[[gnu::target("avx2")]] inline __m256i pairs_of(const std::uint8_t* at) {
  const __m256i words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  return _mm256_madd_epi16(_mm256_xor_si256(words, _mm256_set1_epi16(kHalf)), _mm256_set1_epi16(1));
}

/// `size`: a multiple of 32, at most kRun. Without what was taken off.
[[gnu::target("avx2")]] std::int64_t run_by_avx2(const std::uint8_t* at, std::size_t size) {
  __m256i sums[4] = {};
  for (; size % 128 != 0; at += 32, size -= 32) sums[0] = _mm256_add_epi32(sums[0], pairs_of(at));
  for (const std::uint8_t* const end = at + size; at != end; at += 128) {
    sums[0] = _mm256_add_epi32(sums[0], pairs_of(at));
    sums[1] = _mm256_add_epi32(sums[1], pairs_of(at + 32));
    sums[2] = _mm256_add_epi32(sums[2], pairs_of(at + 64));
    sums[3] = _mm256_add_epi32(sums[3], pairs_of(at + 96));
  }
  __m256i total = _mm256_setzero_si256();
  for (const __m256i& sum : sums) {
    total = _mm256_add_epi64(total, _mm256_cvtepi32_epi64(_mm256_castsi256_si128(sum)));
    total = _mm256_add_epi64(total, _mm256_cvtepi32_epi64(_mm256_extracti128_si256(sum, 1)));
  }
  alignas(32) std::int64_t lanes[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), total);
  return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

/// The same for any x86-64.
std::int64_t run_by_sse2(const std::uint8_t* at, std::size_t size) {
  const __m128i half = _mm_set1_epi16(kHalf), ones = _mm_set1_epi16(1);
  __m128i even = _mm_setzero_si128(), odd = even;
  for (const std::uint8_t* const end = at + size; at != end; at += 32) {
    const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16));
    even = _mm_add_epi32(even, _mm_madd_epi16(_mm_xor_si128(first, half), ones));
    odd = _mm_add_epi32(odd, _mm_madd_epi16(_mm_xor_si128(second, half), ones));
  }
  alignas(16) std::int32_t lanes[8];
  _mm_store_si128(reinterpret_cast<__m128i*>(lanes), even);
  _mm_store_si128(reinterpret_cast<__m128i*>(lanes + 4), odd);
  std::int64_t sum = 0;
  for (const std::int32_t lane : lanes) sum += lane;
  return sum;
}

const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;

#endif

}  // namespace

std::uint64_t sum_of_blocks(const std::uint8_t* at, std::size_t size) {
#ifdef __x86_64__
  std::int64_t sum = static_cast<std::int64_t>(size / 2) * 0x8000;
  while (size > 0) {
    const std::size_t run = std::min(size, kRun);
    sum += has_avx2 ? run_by_avx2(at, run) : run_by_sse2(at, run);
    at += run;
    size -= run;
  }
  return static_cast<std::uint64_t>(sum);
#else
  std::uint64_t low = 0, high = 0;
  for (const std::uint8_t* const end = at + size; at != end; at += 8) {
    const std::uint64_t word = load_le64(at);
    low += word & 0xffffffff;
    high += word >> 32;
  }
  return low + high;
#endif
}

}  // namespace wirelens
