// bench/material.h - what payloads are made of.
#pragma once

#include <cstdint>
#include <string_view>

#include "bench/frame.h"
#include "bench/random.h"

namespace wirelens::bench {

/// Random bytes, at most kLargestPiece, without a copy; alive for ever. The same draws give the
/// same bytes.
inline constexpr std::size_t kLargestPiece = 256 * 1024;
View opaque(Draws& draws, std::size_t size);

/// Words and markup, printable, at most kLargestPiece.
std::string_view prose(Draws& draws, std::size_t size);

}  // namespace wirelens::bench
