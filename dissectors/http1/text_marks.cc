// http1/text_marks.cc - thirty-two bytes at a time.
#include "http1/text_marks.h"

#include <algorithm>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace wirelens::http1 {
namespace {

using Lanes [[gnu::vector_size(32)]] = std::uint8_t;

/// The highest bit of each lane.
struct AnyBits {
  [[gnu::always_inline]] static std::uint64_t of(const Lanes& lanes) {
#ifdef __x86_64__
    __m128i half[2];
    std::memcpy(half, &lanes, sizeof half);
    return static_cast<unsigned>(_mm_movemask_epi8(half[0])) |
           std::uint64_t{static_cast<unsigned>(_mm_movemask_epi8(half[1]))} << 16;
#else
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sizeof lanes; ++i) bits |= std::uint64_t{lanes[i]} >> 7 << i;
    return bits;
#endif
  }
};
#ifdef __x86_64__
struct Avx2Bits {
  [[gnu::target("avx2")]] static std::uint64_t of(const Lanes& lanes) {
    __m256i whole;
    std::memcpy(&whole, &lanes, sizeof whole);
    return static_cast<unsigned>(_mm256_movemask_epi8(whole));
  }
};
#endif

/// What is seen of some bytes: a bit for each of them.
struct Seen {
  std::uint64_t line_ends = 0;
  std::uint64_t name_ends = 0;
};

/// Looks at one byte more than the lanes have.
template <class Highest>
[[gnu::always_inline]] inline Seen look_at(const char* at, Lanes& control, Lanes& bare_cr) {
  Lanes c, next;
  std::memcpy(&c, at, sizeof c);
  std::memcpy(&next, at + 1, sizeof next);
  const auto feed = reinterpret_cast<Lanes>(c == '\n');
  const auto cr = reinterpret_cast<Lanes>(c == '\r');
  const auto tab = reinterpret_cast<Lanes>(c == '\t');
  const auto low = reinterpret_cast<Lanes>(c < 0x20);
  control |= (low & ~(feed | cr | tab)) | reinterpret_cast<Lanes>(c == 0x7f);
  bare_cr |= cr & ~reinterpret_cast<Lanes>(next == '\n');
  const auto letter = reinterpret_cast<Lanes>((c | 0x20) - 'a' < 26);
  const auto digit = reinterpret_cast<Lanes>(c - '0' < 10);
  const auto dash = reinterpret_cast<Lanes>(c == '-');
  return {Highest::of(feed), Highest::of(~(letter | digit | dash))};
}

}  // namespace

template <class Highest>
[[gnu::always_inline]] inline void TextMarks::look(const char* text) {
  Lanes control{}, bare_cr{};
  const auto seen_at = [&](const char* at) __attribute__((always_inline)) {
    constexpr std::size_t kHalf = sizeof(Lanes);
    const Seen low = look_at<Highest>(at, control, bare_cr);
    const Seen high = look_at<Highest>(at + kHalf, control, bare_cr);
    return Seen{low.line_ends | high.line_ends << kHalf, low.name_ends | high.name_ends << kHalf};
  };
  std::size_t word = 0;
  for (; (word + 1) * kWord < size_; ++word) {
    const Seen seen = seen_at(text + word * kWord);
    line_ends_[word] = seen.line_ends;
    name_ends_[word] = seen.name_ends;
    lines_ += static_cast<unsigned>(__builtin_popcountll(seen.line_ends));
  }
  const std::size_t left = size_ - word * kWord;
  char last[kWord + 1];
  std::fill_n(last, sizeof last, ' ');
  std::copy_n(text + word * kWord, left, last);
  last[left] = '\n';  // a CR at the end is none without LF
  const Seen seen = seen_at(last);
  line_ends_[word] = seen.line_ends;
  name_ends_[word] = seen.name_ends;
  lines_ += static_cast<unsigned>(__builtin_popcountll(seen.line_ends));
  if (left < kWord) --lines_;
  line_ends_[word + 1] = name_ends_[word + 1] = 1;
  control_ = Highest::of(control) != 0;
  bare_cr_ = Highest::of(bare_cr) != 0;
}

#ifdef __x86_64__
[[gnu::target("avx2")]] void TextMarks::look_by_avx2(const char* text) {
  look<Avx2Bits>(text);
}
namespace {
const bool marks_by_avx2 = __builtin_cpu_supports("avx2") != 0;
}
#endif

TextMarks::TextMarks(std::string_view text) : size_(text.size()) {
#ifdef __x86_64__
  if (marks_by_avx2) {
    look_by_avx2(text.data());
    return;
  }
#endif
  look<AnyBits>(text.data());
}

}  // namespace wirelens::http1
