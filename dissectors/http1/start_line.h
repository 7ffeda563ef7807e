// http1/start_line.h - where a message begins, told by its first bytes.
#pragma once

#include <cstdint>
#include <string_view>

#include "dissect/dissector.h"
#include "http1/message.h"

namespace wirelens::http1 {

/// A longer word is no method: the longest of the IANA registry has 17 letters.
inline constexpr std::size_t kLongestMethod = 32;

/// In the IANA registry of HTTP methods, or old and wide-spread (CCM_POST, M-SEARCH).
bool is_known_method(std::string_view method);

/// How well the first bytes of a direction fit a message of one kind. A request line: of a known
/// method and with a path, or with "HTTP/1." at its end; a status line: by its version.
Fit probe(Kind kind, Bytes first);
/// The protocol's probe. Who is the client may have been guessed wrongly: either kind will do.
Fit probe(Direction from, Bytes first);

/// A request line worth reading as one: of a known method, or with a version at its end.
bool is_request_line(std::string_view line);

/// `line` (without its end) is a request line or status line beyond doubt: what is looked for where
/// the reader has lost its place.
bool is_certain_start_line(Kind kind, std::string_view line);

/// A request of HTTP/0.9: "GET /path" and nothing else, no version, no fields.
bool is_simple_request(std::string_view line);

/// Where a known method ends right in front of `space`, the place where it begins, at `from` or
/// behind; else `space`.
std::size_t method_in_front_of(std::string_view text, std::size_t from, std::size_t space);

}  // namespace wirelens::http1
