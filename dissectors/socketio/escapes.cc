// socketio/escapes.cc - a letter, or one code unit of UTF-16 in four digits.
#include "socketio/escapes.h"

#include "common/http_text.h"

namespace wirelens::socketio {
namespace {

int hexadecimal(char c) {
  if (http::is_digit(c)) return c - '0';
  const char low = http::lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xc0 | code >> 6);
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3f));
  } else {
    byte(0xf0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3f));
    byte(0x80 | (code >> 6 & 0x3f));
  }
  byte(0x80 | (code & 0x3f));
}

/// "\uD83D\uDE00" behind its backslash: one character in one escape or two. Returns the bytes that
/// were read, 0 if it is none.
std::size_t unescape_unicode(std::string_view text, std::string& out) {
  const auto high = read_hexadecimal(text.substr(1), 4);
  if (!high) return 0;
  std::uint32_t code = *high;
  std::size_t length = 5;
  if (code >= 0xd800 && code < 0xdc00 && text.substr(5).starts_with("\\u")) {
    const auto low = read_hexadecimal(text.substr(7), 4);
    if (low && *low >= 0xdc00 && *low < 0xe000) {
      code = 0x10000 + ((code - 0xd800) << 10) + (*low - 0xdc00);
      length = 11;
    }
  }
  append_utf8(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
  return length;
}

}  // namespace

std::optional<std::uint32_t> read_hexadecimal(std::string_view text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(0, digits)) {
    const int digit = hexadecimal(c);
    if (digit < 0) return std::nullopt;
    value = value << 4 | static_cast<std::uint32_t>(digit);
  }
  return value;
}

std::size_t unescape(std::string_view text, std::string& out) {
  constexpr std::string_view kLetters = "bfnrt", kMeanings = "\b\f\n\r\t";
  if (text[0] == 'u') {
    if (const std::size_t length = unescape_unicode(text, out)) return length;
  }
  const std::size_t letter = kLetters.find(text[0]);
  out.push_back(letter == std::string_view::npos ? text[0] : kMeanings[letter]);
  return 1;
}

}  // namespace wirelens::socketio
