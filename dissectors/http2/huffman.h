// http2/huffman.h - the Huffman code of HPACK's strings (RFC 7541 section 5.2 and appendix B).
#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"

namespace wirelens::http2 {

/// Most bytes that `size` bytes of code can stand for: the shortest code has five bits.
constexpr std::size_t longest_text(std::size_t size) {
  return size * 8 / 5;
}

/// Decodes `coded` to `out`, which has room for longest_text(); gives how much came of it. Nothing
/// if it is no code: padding that is longer than seven bits or not of ones, or EOS.
std::optional<std::size_t> decode_huffman(Bytes coded, char* out);

}  // namespace wirelens::http2
