// socketio/escapes.h - escapes in strings of JSON (RFC 8259 section 7) and of JavaScript.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wirelens::socketio {

/// The number that `digits` hexadecimal digits at the front of `text` are.
std::optional<std::uint32_t> read_hexadecimal(std::string_view text, std::size_t digits);

/// Appends in UTF-8 what follows a backslash; `text` is not empty. Two escapes that are one
/// character's surrogates are read together. Returns the bytes that were read.
std::size_t unescape(std::string_view text, std::string& out);

}  // namespace wirelens::socketio
