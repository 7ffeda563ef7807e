// http1/chunked.h - the chunked transfer coding (RFC 9112 section 7.1).
#pragma once

#include "common/http_body.h"
#include "dissect/dissection.h"
#include "dissect/dissector.h"
#include "http1/message.h"

namespace wirelens::http1 {

/// Most hexadecimal digits of a chunk size: more would not fit into 64 bits.
inline constexpr std::size_t kMaxSizeDigits = 16;
/// Most bytes of a chunk's extensions.
inline constexpr std::size_t kMaxExtension = 4096;

inline constexpr Flaw kMalformedChunk{"http.malformed_chunk", "RFC 9112 7.1"};
inline constexpr Flaw kLongExtension{"http.long_chunk_extension", "RFC 9112 7.1.1"};
inline constexpr Flaw kMalformedTrailer{"http.malformed_trailer", "RFC 9112 7.1.2"};

enum class ChunksEnd : std::uint8_t {
  last_chunk,  ///< as they should
  malformed,   ///< where the next message begins can't be told
  cut_short,   ///< the stream ended
};

/// How far chunks have been read when the last of their framing was: what lies between there and
/// the end of a hole is missing, apart from what the body has got since.
struct ChunkPlace {
  std::uint64_t position = 0;  ///< of the stream
  std::uint64_t content = 0;   ///< http::Body::taken() there
};

/// Reads chunks to the last one and its trailers; their data goes to `body`. Keeps `place` up to
/// date.
Part<ChunksEnd> read_chunks(Context& context, Input& in, http::Body& body, ChunkPlace& place);

/// Behind a hole that hit the framing: steps over bytes up to the next chunk, and gives true. False
/// if a message begins first, or nothing comes. `skipped`: bytes stepped over.
///
/// A chunk is believed in where a line with its size begins the stream or follows CRLF, CRLF ends
/// its data, and the next size follows that (if anything has come yet). What is so long that this
/// can't be seen (Input::kMaxHeld) is not found.
Part<bool> find_chunk(Input& in, Kind kind, std::uint64_t& skipped);

/// The size that a chunk's line (without its end) begins with; nothing if it is none. `extended`:
/// an extension follows.
std::optional<std::uint64_t> chunk_size(std::string_view line);

}  // namespace wirelens::http1
