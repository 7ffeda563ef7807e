// capture/compressed.h - gzip and zstd around a savefile.
#pragma once

#include <memory>

#include "capture/feed.h"

namespace wirelens {

enum class Compression : std::uint8_t { none, gzip, zstd };

/// By the first four bytes (RFC 1952 section 2.3.1; RFC 8878 sections 3.1.1 and 3.1.2).
Compression compression_of(Bytes head);

/// RFC 1952: one member after the other until the input ends. Zeros that pad the last are passed
/// over.
std::unique_ptr<ByteStream> gunzip(std::unique_ptr<ByteStream> compressed);

/// RFC 8878: one frame after the other, also skippable ones. A frame that wants a window of more
/// than 2^kMaxZstdWindowLog bytes is refused.
inline constexpr int kMaxZstdWindowLog = 27;
std::unique_ptr<ByteStream> unzstd(std::unique_ptr<ByteStream> compressed);

}  // namespace wirelens
