// event/json_text.cc - text sixteen bytes at a time, numbers eight digits at a time.
#include "event/json_text.h"

#include <algorithm>
#include <cassert>
#include <charconv>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace wirelens {
namespace {

using Block [[gnu::vector_size(16)]] = signed char;
using Words [[gnu::vector_size(16)]] = std::uint64_t;
constexpr std::size_t kBlock = sizeof(Block);

/// A bit for each byte of `block` that is below 0x20, 0x7F or above, a quote or a backslash.
[[gnu::always_inline]] inline unsigned unusual(Block block) {
  // With 1 added, what is above 0x7E is negative.
  const auto usual = static_cast<Block>(block + 1) > 0x20;
  const auto escaped = (block == '"') | (block == '\\');
#ifdef __SSE2__
  const __m128i plain = _mm_andnot_si128(reinterpret_cast<const __m128i&>(escaped),
                                         reinterpret_cast<const __m128i&>(usual));
  return static_cast<unsigned>(_mm_movemask_epi8(plain)) ^ 0xffff;
#else
  unsigned bits = 0;
  const auto found = escaped | ~usual;
  for (std::size_t i = 0; i < kBlock; ++i) bits |= unsigned{found[i] != 0} << i;
  return bits;
#endif
}
/// The place of the lowest bit, which there is.
[[gnu::always_inline]] inline std::size_t first_of(unsigned bits) {
  return static_cast<std::size_t>(__builtin_ctz(bits));
}

bool is_unusual(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte >= 0x7F || c == '"' || c == '\\';
}

template <class T>
[[gnu::always_inline]] inline T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <class T>
[[gnu::always_inline]] inline void store(char* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

/// The beginning and the end of a text of one to two Parts, which may overlap.
template <class Part>
struct Ends {
  Part first, last;

  [[gnu::always_inline]] Ends(const char* from, std::size_t size)
      : first(load<Part>(from)), last(load<Part>(from + size - sizeof(Part))) {}
  [[gnu::always_inline]] void copy(std::size_t size, char* to) const {
    store(to, first);
    store(to + size - sizeof(Part), last);
  }
  /// How many bytes come before the first unusual one.
  [[gnu::always_inline]] std::size_t plain(std::size_t size) const {
    const unsigned found = unusual_bytes();
    if (found == 0) return size;
    const std::size_t place = first_of(found);
    return place < sizeof(Part) ? place : size - 2 * sizeof(Part) + place;
  }

 private:
  /// A bit for each byte of `first`, and then of `last`.
  [[gnu::always_inline]] unsigned unusual_bytes() const {
    if constexpr (sizeof(Part) == kBlock) {
      return unusual(first) | unusual(last) << kBlock;
    } else if constexpr (sizeof(Part) == 8) {
      const Words both{first, last};
      return unusual(reinterpret_cast<const Block&>(both));
    } else {
      std::uint64_t both = first | std::uint64_t{last} << (8 * sizeof(Part));
      if constexpr (sizeof(Part) == 2) both |= both << 32;
      const Words repeated{both, both};
      return unusual(reinterpret_cast<const Block&>(repeated));
    }
  }
};

/// Copies up to the first unusual byte, or all, and maybe more behind it. Gives how many bytes are
/// good.
[[gnu::always_inline]] inline std::size_t copy_plain(const char* from, std::size_t size, char* to) {
  const auto copy = [&](const auto& ends) {
    ends.copy(size, to);
    return ends.plain(size);
  };
  if (size >= 8) {
    if (size < kBlock) return copy(Ends<std::uint64_t>(from, size));
    if (size <= 2 * kBlock) return copy(Ends<Block>(from, size));
    const std::size_t last = size - kBlock;
    for (std::size_t at = 0;; at = std::min(at + kBlock, last)) {
      const auto block = load<Block>(from + at);
      store(to + at, block);
      if (const unsigned found = unusual(block)) return at + first_of(found);
      if (at == last) return size;
    }
  }
  if (size >= 4) return copy(Ends<std::uint32_t>(from, size));
  if (size >= 2) return copy(Ends<std::uint16_t>(from, size));
  if (size == 0 || is_unusual(*from)) return 0;
  *to = *from;
  return 1;
}

[[gnu::always_inline]] inline void copy_all(const char* from, std::size_t size, char* to) {
  if (size > 2 * kBlock) {
    std::memcpy(to, from, size);
  } else if (size >= kBlock) {
    Ends<Block>(from, size).copy(size, to);
  } else if (size >= 8) {
    Ends<std::uint64_t>(from, size).copy(size, to);
  } else if (size >= 4) {
    Ends<std::uint32_t>(from, size).copy(size, to);
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  }
}

/// The eight decimal digits of `value` (below 100,000,000), the first in the lowest byte, as
/// numbers from 0 to 9: halves the number thrice, in all parts at once.
std::uint64_t eight_digits(std::uint32_t value) {
  const std::uint64_t fours = value / 10000 | std::uint64_t{value % 10000} << 32;
  const std::uint64_t hundreds = (fours * 10486 >> 20) & 0x7f'0000'007f;
  const std::uint64_t twos = ((fours - 100 * hundreds) << 16) + hundreds;
  const std::uint64_t tens = (twos * 103 >> 10) & 0x000f'000f'000f'000f;
  return ((twos - 10 * tens) << 8) + tens;
}
constexpr std::uint64_t kZeros = 0x3030303030303030;  // "00000000"
constexpr std::uint32_t kEightDigits = 100'000'000;

/// As few digits as `value` (below 100,000,000, not 0) has.
char* put_digits(char* at, std::uint32_t value) {
  const std::uint64_t digits = eight_digits(value);
  const auto leading = static_cast<unsigned>(__builtin_ctzll(digits)) / 8;
  const std::uint64_t letters = (digits | kZeros) >> (8 * leading);
  std::memcpy(at, &letters, sizeof letters);
  return at + 8 - leading;
}
char* put_all_digits(char* at, std::uint32_t value) {
  const std::uint64_t letters = eight_digits(value) | kZeros;
  std::memcpy(at, &letters, sizeof letters);
  return at + 8;
}

}  // namespace

JsonText::JsonText(std::size_t capacity)
    : buffer_(new char[capacity + kSlack]), end_(buffer_.get() + capacity + kSlack) {}

char* JsonText::grow(char* at, std::size_t count) {
  const std::size_t used = offset(at);
  const std::size_t capacity = std::max(2 * offset(end_), used + count);
  std::unique_ptr<char[]> larger(new char[capacity]);
  std::memcpy(larger.get(), buffer_.get(), used);
  buffer_ = std::move(larger);
  end_ = buffer_.get() + capacity;
  return buffer_.get() + used;
}

char* JsonText::text(char* at, std::string_view value) {
  if (!has_room(at, value.size() + kBlock)) return text_that_grows(at, value);
  *at++ = '"';
  const std::size_t plain = copy_plain(value.data(), value.size(), at);
  at += plain;
  if (plain != value.size()) return escaped(at, value.substr(plain));
  *at++ = '"';
  return at;
}

char* JsonText::texts(char* at, std::string_view first, std::string_view second) {
  at = put(room(at, first.size() + second.size() + 2 * kBlock), "[\"");
  const std::size_t plain = copy_plain(first.data(), first.size(), at);
  at += plain;
  if (plain != first.size()) {  // what it grows by is not foreseen
    at = text(put(escaped(at, first.substr(plain)), ","), second);
    return put(at, "]");
  }
  at = put(at, "\",\"");
  const std::size_t more = copy_plain(second.data(), second.size(), at);
  at += more;
  if (more != second.size()) return put(escaped(at, second.substr(more)), "]");
  return put(at, "\"]");
}

char* JsonText::plain(char* at, std::string_view value) {
  assert(std::none_of(value.begin(), value.end(), is_unusual));
  at = room(at, value.size() + 2);
  *at++ = '"';
  copy_all(value.data(), value.size(), at);
  at += value.size();
  *at++ = '"';
  return at;
}

char* JsonText::text_that_grows(char* at, std::string_view value) {
  return text(grow(at, value.size() + kBlock + kSlack), value);
}

char* JsonText::escaped(char* at, std::string_view rest) {
  while (!rest.empty()) {
    at = room(at, rest.size() + kBlock + kEscapeRoom);
    const std::size_t plain = copy_plain(rest.data(), rest.size(), at);
    at += plain;
    rest.remove_prefix(plain);
    if (rest.empty()) break;
    if (rest.front() == '"') {
      at = put(at, "\\\"");
      rest.remove_prefix(1);
    } else {
      at = escape(at, rest);
    }
  }
  at = room(at);
  *at++ = '"';
  return room(at);
}

char* JsonText::long_natural(char* at, std::uint64_t value) {
  if (value < kEightDigits) return put_digits(at, static_cast<std::uint32_t>(value));
  return std::to_chars(at, at + kMaxScalar, value).ptr;
}

char* JsonText::integer(char* at, std::int64_t value) {
  if (value >= 0) return natural(at, static_cast<std::uint64_t>(value));
  return std::to_chars(at, at + kMaxScalar, value).ptr;
}

char* JsonText::number(char* at, double value) {
  return std::to_chars(at, at + kMaxScalar, value).ptr;
}

char* JsonText::long_duration(char* at, Duration value) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const std::int64_t count = value.count();
  if (count < 0) *at++ = '-';
  const auto total =
      count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  at = natural(at, total / kSecond);
  const auto fraction = static_cast<std::uint32_t>(total % kSecond);
  if (fraction == 0) return at;
  *at++ = '.';
  const std::uint64_t digits = eight_digits(fraction / 10);
  const std::uint64_t letters = digits | kZeros;
  std::memcpy(at, &letters, sizeof letters);
  at[8] = static_cast<char>('0' + fraction % 10);
  if (fraction % 10 != 0) return at + 9;
  return at + 8 - __builtin_clzll(digits) / 8;  // without the zeros at the end
}

char* JsonText::time(char* at, Timestamp value) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t count = value.time_since_epoch().count();
  *at++ = '"';
  if (count < 0) {
    at += format_rfc3339(value, at);
    *at++ = '"';
    return at;
  }
  if (count / kSecond != second_) {
    char whole[kMaxRfc3339];
    format_rfc3339(value, whole);
    std::memcpy(second_text_, whole, sizeof second_text_);
    second_ = count / kSecond;
  }
  std::memcpy(at, second_text_, sizeof second_text_);
  const auto fraction = static_cast<std::uint32_t>(count % kSecond);
  at = put_all_digits(at + sizeof second_text_, fraction / 10);
  *at++ = static_cast<char>('0' + fraction % 10);
  *at++ = 'Z';
  *at++ = '"';
  return at;
}

}  // namespace wirelens
