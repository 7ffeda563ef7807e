// common/http_text.h - the letters of HTTP fields: tokens, lists, and comparing without case.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace wirelens::http {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

namespace detail {
constexpr std::array<bool, 256> token_characters() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<std::uint8_t>(c)] = true;
  return table;
}
inline constexpr std::array<bool, 256> kTokenCharacters = token_characters();
}  // namespace detail

/// tchar of RFC 9110 section 5.6.2.
constexpr bool is_token(char c) {
  return detail::kTokenCharacters[static_cast<std::uint8_t>(c)];
}
/// The length of the token at the beginning of `text`.
constexpr std::size_t token_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && is_token(text[length])) ++length;
  return length;
}
constexpr bool is_token(std::string_view text) {
  return !text.empty() && token_length(text) == text.size();
}

namespace detail {
/// Eight letters from `at` on, each as lower() makes it.
inline std::uint64_t eight_lower(const char* at) {
  constexpr std::uint64_t kEach = 0x0101010101010101;
  std::uint64_t letters;
  std::memcpy(&letters, at, sizeof letters);
  const std::uint64_t low = letters & 0x7f * kEach;  // so that a sum stays in its byte
  const std::uint64_t from_a = low + (0x80 - 'A') * kEach, behind_z = low + (0x7f - 'Z') * kEach;
  return letters | (from_a & ~behind_z & ~letters & 0x80 * kEach) >> 2;
}

/// Of two texts of one length.
constexpr bool same_letters(std::string_view text, std::string_view lowered) {
  constexpr std::size_t kEight = sizeof(std::uint64_t);
  if (!std::is_constant_evaluated() && text.size() >= kEight) {
    const auto differ = [&](std::size_t at) {
      std::uint64_t letters;
      std::memcpy(&letters, lowered.data() + at, sizeof letters);
      return eight_lower(text.data() + at) != letters;
    };
    for (std::size_t at = 0; at + kEight < text.size(); at += kEight) {
      if (differ(at)) return false;
    }
    return !differ(text.size() - kEight);
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lowered[i]) return false;
  }
  return true;
}
}  // namespace detail

/// `lowered` is in lower case.
constexpr bool same_ignoring_case(std::string_view text, std::string_view lowered) {
  return text.size() == lowered.size() && detail::same_letters(text, lowered);
}
constexpr bool ends_ignoring_case(std::string_view text, std::string_view lowered) {
  return text.size() >= lowered.size() &&
         same_ignoring_case(text.substr(text.size() - lowered.size()), lowered);
}

/// Without the optional white space (OWS) around it.
constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Where the first of `kMarks` stands from `from` on, or the end of the text. (find_first_of()
/// calls a function for every byte.)
template <char... kMarks>
constexpr std::size_t find_any(std::string_view text, std::size_t from = 0) {
#ifdef __SSE2__
  if (!std::is_constant_evaluated()) {
    for (; from + sizeof(__m128i) <= text.size(); from += sizeof(__m128i)) {
      const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + from));
      const __m128i found = (_mm_cmpeq_epi8(block, _mm_set1_epi8(kMarks)) | ...);
      const int bits = _mm_movemask_epi8(found);
      if (bits != 0)
        return from + static_cast<unsigned>(__builtin_ctz(static_cast<unsigned>(bits)));
    }
  }
#endif
  while (from < text.size() && ((text[from] != kMarks) && ...)) ++from;
  return from < text.size() ? from : text.size();
}

/// Takes the text before the next `mark` off the front of `rest`, and the mark; all of it when
/// there is none.
constexpr std::string_view cut(std::string_view& rest, char mark) {
  const std::size_t at = rest.find(mark);
  const std::string_view head = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return head;
}

}  // namespace wirelens::http
