// http1/field_lines.h - fields read line by line: trailers, and what exceeds kMaxHead.
#pragma once

#include <string_view>

#include "dissect/dissection.h"
#include "dissect/input.h"
#include "http1/kept_head.h"
#include "http1/message.h"

namespace wirelens::http1 {

/// Most bytes of one such line that are looked at.
inline constexpr std::size_t kMaxLine = 8192;

/// For Input::gather(): up to the line end, or all that is here; never waits for more.
std::size_t piece_of_line(Bytes available, std::size_t seen);

/// Reads lines up to and with an empty one; fields go to `parser` without being stored. `begun` is
/// what was read of the first line already; it is copied. Gives false if the stream ended first.
Part<bool> read_field_lines(Input& in, HeadParser& parser, std::string_view begun);

/// Reads the rest of a start line of which kMaxHead bytes were `begun`. `head` keeps its beginning
/// and, for the version, its end. Gives false if the stream ended first.
Part<bool> read_long_start_line(Input& in, KeptHead& head, std::string_view begun);

}  // namespace wirelens::http1
