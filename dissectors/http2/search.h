// http2/search.h - finds frames where the reader has lost its place.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dissect/dissector.h"
#include "http2/frame.h"

namespace wirelens::http2 {

/// What a look at bytes gave: `junk` bytes belong to no frame that begins here; behind them a frame
/// begins, or may begin if `needed` bytes (from there) agree.
struct Finding {
  enum class What : std::uint8_t { frame, maybe, nothing };
  What what = What::nothing;
  std::size_t junk = 0;
  std::size_t needed = 0;
};

/// Looks for a frame behind which another one begins, or one that nothing else looks like. `most`:
/// the longest payload to believe in. `ended`: nothing comes behind `bytes`, so a frame at their
/// very end will do.
Finding find_frame(Bytes bytes, std::uint32_t most, bool ended);

/// For a probe: bytes from the middle of a connection. Certain if they are frames from the first
/// on, or three stand in a row among them.
Fit judge_frames(Bytes bytes);

/// Which side the head in the first frame of `bytes` comes from, if it tells: a request begins with
/// :method, :scheme or :path, a response with :status, which HPACK's static table has entries for.
std::optional<Direction> speaker_of_frames(Bytes bytes);

}  // namespace wirelens::http2
