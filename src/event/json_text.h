// event/json_text.h - a growing buffer, and the values of JSON that are put into it.
//
// Writers keep the place `at` where they write in a register and hand it on: each call gives the
// place behind what it wrote. kSlack bytes are free behind a place that room(), text() or
// a list or object gave, so that a struct's numbers are written without a look at the buffer's end.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/time.h"

namespace wirelens {

class JsonText {
 public:
  static constexpr std::size_t kSlack = 4096;
  /// The longest value that is neither text nor list nor object, and more than it may scribble.
  static constexpr std::size_t kMaxScalar = 48;

  explicit JsonText(std::size_t capacity);

  const char* begin() const { return buffer_.get(); }
  char* at(std::size_t offset) { return buffer_.get() + offset; }
  std::size_t offset(const char* at) const { return static_cast<std::size_t>(at - begin()); }

  /// The same place with kSlack bytes free behind it, wherever it lies then.
  char* room(char* at) { return room(at, 0); }
  char* room(char* at, std::size_t more) {
    return has_room(at, more) ? at : grow(at, more + kSlack);
  }

  /// In quotes, escaped. Text from the wire: see escape().
  char* text(char* at, std::string_view value);
  /// A list of two, as header fields are.
  char* texts(char* at, std::string_view first, std::string_view second);
  /// In quotes, as it is: see PlainText.
  char* plain(char* at, std::string_view value);
  /// A piece of the record itself, for which there is room.
  template <std::size_t kSize>
  static char* put(char* at, const std::array<char, kSize>& piece) {
    std::memcpy(at, piece.data(), kSize);
    return at + kSize;
  }
  template <std::size_t kSize>
  static char* put(char* at, const char (&literal)[kSize]) {
    std::memcpy(at, literal, kSize - 1);
    return at + kSize - 1;
  }
  // These write up to kMaxScalar bytes, some of them behind the place that they give.
  static char* boolean(char* at, bool value) {
    std::memcpy(at, value ? "true " : "false", 5);
    return at + (value ? 4 : 5);
  }
  static char* natural(char* at, std::uint64_t value) {
    if (value >= 10) return long_natural(at, value);  // most numbers of most records are 0
    *at = static_cast<char>('0' + value);
    return at + 1;
  }
  static char* integer(char* at, std::int64_t value);
  static char* number(char* at, double value);
  static char* duration(char* at, Duration value) {
    if (value != Duration::zero()) return long_duration(at, value);
    *at = '0';
    return at + 1;
  }
  char* time(char* at, Timestamp value);

 protected:
  ~JsonText() = default;

  /// Writes what stands at the front of `rest` and cannot be copied as it is, if it is no quote: at
  /// most kEscapeRoom bytes, which are free. Takes it off `rest`.
  virtual char* escape(char* at, std::string_view& rest) const = 0;
  static constexpr std::size_t kEscapeRoom = 12;  ///< two \uNNNN

 private:
  bool has_room(const char* at, std::size_t more) const {
    return static_cast<std::size_t>(end_ - at) >= more + kSlack;
  }
  // What is rare is not to weigh on text().
  [[gnu::noinline]] char* grow(char* at, std::size_t count);
  [[gnu::noinline]] char* text_that_grows(char* at, std::string_view value);
  [[gnu::noinline]] char* escaped(char* at, std::string_view rest);
  static char* long_natural(char* at, std::uint64_t value);
  static char* long_duration(char* at, Duration value);

  std::unique_ptr<char[]> buffer_;
  char* end_;
  std::int64_t second_ = -1;  // that second_text_ shows
  char second_text_[20];      // "2026-11-20T21:00:44."
};

}  // namespace wirelens
