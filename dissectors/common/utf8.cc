// common/utf8.cc - the well-formed byte sequences of Unicode's table 3-7.
#include "common/utf8.h"

#include <algorithm>

namespace wirelens {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080u;

/// Bytes at the front that are ASCII, counted in words of eight.
std::size_t ascii_front(Bytes bytes) {
  std::size_t at = 0;
  for (; at + 32 <= bytes.size(); at += 32) {
    const std::uint8_t* from = bytes.data() + at;
    const std::uint64_t all =
        load_le64(from) | load_le64(from + 8) | load_le64(from + 16) | load_le64(from + 24);
    if ((all & kHighBits) != 0) break;
  }
  while (at + 8 <= bytes.size() && (load_le64(bytes.data() + at) & kHighBits) == 0) at += 8;
  return at;
}

}  // namespace

bool Utf8Check::lead(std::uint8_t byte) {
  low_ = 0x80;
  high_ = 0xbf;
  if (byte >= 0xc2 && byte <= 0xdf) {
    left_ = 1;
  } else if (byte >= 0xe0 && byte <= 0xef) {
    left_ = 2;
    if (byte == 0xe0) low_ = 0xa0;   // overlong
    if (byte == 0xed) high_ = 0x9f;  // surrogates
  } else if (byte >= 0xf0 && byte <= 0xf4) {
    left_ = 3;
    if (byte == 0xf0) low_ = 0x90;   // overlong
    if (byte == 0xf4) high_ = 0x8f;  // beyond U+10FFFF
  } else {
    return false;
  }
  return true;
}

bool Utf8Check::feed(Bytes bytes) {
  for (std::size_t at = 0; valid_ && at < bytes.size();) {
    if (left_ == 0) {
      at += ascii_front(bytes.subspan(at));
      if (at == bytes.size()) break;
    }
    const std::uint8_t byte = bytes[at++];
    if (left_ > 0) {
      valid_ = byte >= low_ && byte <= high_;
      low_ = 0x80;
      high_ = 0xbf;
      --left_;
    } else if (byte >= 0x80) {
      valid_ = lead(byte);
    }
  }
  return valid_;
}

std::size_t utf8_prefix(std::string_view text, std::size_t characters) {
  std::size_t at = 0;
  while (at < text.size() && characters-- > 0) {
    const auto first = static_cast<std::uint8_t>(text[at]);
    std::size_t length = first < 0xc2   ? 1
                         : first < 0xe0 ? 2
                         : first < 0xf0 ? 3
                         : first < 0xf5 ? 4
                                        : 1;
    length = std::min(length, text.size() - at);
    Utf8Check check;
    at += check.feed(as_bytes(text.substr(at, length))) ? length : 1;
  }
  return at;
}

}  // namespace wirelens
