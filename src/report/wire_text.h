// report/wire_text.h - bytes from the wire as text that no reader of it can be fooled by.
//
// One rule for every format. Valid UTF-8 stays as it is, except scalars that act instead of being
// seen: control characters (C0, DEL, C1), the line separators, bidirectional and other invisible
// format characters. Each format writes those in its own escaped form. A byte that is not UTF-8
// becomes the four characters \xNN (two lower-case hexadecimal digits), and a backslash that would
// read as such an escape (one followed by x and two hexadecimal digits) becomes \x5c. So the bytes
// can be had back: replace every \xNN by its byte, once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wirelens {

/// One Unicode scalar, or one byte that is not UTF-8.
struct Scalar {
  char32_t value = 0;       ///< the byte itself if !valid
  std::uint8_t length = 1;  ///< bytes taken
  bool valid = true;
};

/// The scalar at the front of `text` (not empty). RFC 3629: no overlong forms, no surrogates,
/// nothing above U+10FFFF.
Scalar first_scalar(std::string_view text);

/// Whether a scalar is shown in escaped form.
bool acts(char32_t scalar);

/// Whether `text` begins with something that reads as an escaped byte: \xNN.
bool reads_as_escape(std::string_view text);

/// For terminals: what acts becomes \xNN below U+0100 and \u{...} above.
std::string printable(std::string_view text);

/// Columns that printable text takes on a terminal: 2 for wide scalars, 0 for combining ones.
std::size_t display_width(std::string_view text);

/// Printable text in at most `columns` (at least 1) columns, its middle replaced by … if it is
/// longer.
std::string cut_middle(std::string_view text, std::size_t columns);

}  // namespace wirelens
