// common/utf8.h - checks UTF-8 (RFC 3629) as it comes in, slice by slice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace wirelens {

class Utf8Check {
 public:
  /// False as soon as no bytes that could follow make it valid; then for good.
  bool feed(Bytes bytes);
  /// All that was fed is valid and no character is cut off.
  bool whole() const { return valid_ && left_ == 0; }
  bool valid() const { return valid_; }

 private:
  bool lead(std::uint8_t byte);

  std::uint8_t left_ = 0;  // continuation bytes that are still to come
  std::uint8_t low_ = 0x80;
  std::uint8_t high_ = 0xbf;  // bounds of the next one
  bool valid_ = true;
};

/// The length of the longest beginning of `text` that has at most `characters` characters and cuts
/// none of them; a byte that belongs to no character counts as one.
std::size_t utf8_prefix(std::string_view text, std::size_t characters);

}  // namespace wirelens
