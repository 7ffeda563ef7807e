// http1/chunked.h - the chunked transfer coding (RFC 9112 section 7.1).
#pragma once

#include "common/http_body.h"
#include "dissect/dissection.h"
#include "dissect/dissector.h"

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

/// Reads chunks to the last one and its trailers; their data goes to `body`.
Part<ChunksEnd> read_chunks(Context& context, Input& in, http::Body& body);

/// The size that a chunk's line (without its end) begins with; nothing if it is none. `extended`:
/// an extension follows.
std::optional<std::uint64_t> chunk_size(std::string_view line);

}  // namespace wirelens::http1
