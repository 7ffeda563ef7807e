// http1/text_marks.h - one look over a head: where its lines and the names in front of them end.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "http1/message.h"

namespace wirelens::http1 {

/// Of a text of at most kMaxHead bytes, which need not live on.
class TextMarks {
 public:
  explicit TextMarks(std::string_view text);

  std::size_t size() const { return size_; }
  /// Line feeds.
  std::size_t lines() const { return lines_; }
  /// Control characters other than HTAB, CR and LF.
  bool control() const { return control_; }
  /// CR without LF behind it, other than at the end.
  bool bare_cr() const { return bare_cr_; }

  /// The next line feed from `at` on, or size(). `at` is at most size().
  std::size_t line_end(std::size_t at) const { return next(line_ends_, at); }
  /// The next byte that is no letter, digit or '-', or size(): nearly always where a name ends.
  std::size_t name_end(std::size_t at) const { return next(name_ends_, at); }

 private:
  static constexpr std::size_t kWord = 64;
  using Bits = std::array<std::uint64_t, kMaxHead / kWord + 1>;  // one for each byte, and the end's

  static std::size_t next(const Bits& bits, std::size_t at) {
    std::size_t word = at / kWord;
    std::uint64_t left = bits[word] >> at % kWord;
    if (left != 0) return at + static_cast<unsigned>(__builtin_ctzll(left));
    while ((left = bits[++word]) == 0) continue;
    return word * kWord + static_cast<unsigned>(__builtin_ctzll(left));
  }

  template <class Highest>
  void look(const char* text);
  void look_by_avx2(const char* text);

  std::size_t size_;
  std::size_t lines_ = 0;
  bool control_ = false;
  bool bare_cr_ = false;
  Bits line_ends_;  // both as far as the text goes
  Bits name_ends_;
};

}  // namespace wirelens::http1
