// http2/huffman.cc - codes of up to nine bits, nearly all that occur, by one look into a table.
#include "http2/huffman.h"

#include <array>
#include <cstdint>

namespace wirelens::http2 {
namespace {

constexpr unsigned kLongest = 30;
constexpr unsigned kQuick = 9;  // bits that the table knows
constexpr std::size_t kSymbols = 257;
constexpr std::uint16_t kEos = 256;

/// The length of each symbol's code in bits. That is all of appendix B: codes of a length follow
/// one another in the order of their symbols, and behind those of all shorter ones.
constexpr std::array<std::uint8_t, kSymbols> kLengths = {
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11, 8,  6,  6,  6,
    5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8,  15, 6,  12, 10, 13, 6,  7,  7,  7,  7,  7,  7,
    7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8,  13, 19, 13, 14, 6,
    15, 5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,  6,  7,  6,  5,  5,  6,  7,  7,
    7,  7,  7,  15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
};

/// All codes as numbers of kLongest bits, in order.
struct Code {
  /// The first code of a length, with zeros behind it; that of the length after the last: the end.
  std::array<std::uint32_t, kLongest + 2> first{};
  std::array<std::uint16_t, kLongest + 2> place{};  ///< its place in `symbols`
  std::array<std::uint16_t, kSymbols> symbols{};
  struct Quick {
    std::uint8_t symbol = 0;
    std::uint8_t length = 0;  ///< 0: it is a longer one
  };
  std::array<Quick, 1u << kQuick> quick{};
};

constexpr Code make_code() {
  Code code;
  std::uint32_t next = 0;
  std::uint16_t place = 0;
  for (unsigned length = 1; length <= kLongest; ++length) {
    code.first[length] = next;
    code.place[length] = place;
    for (std::uint16_t symbol = 0; symbol < kSymbols; ++symbol) {
      if (kLengths[symbol] != length) continue;
      code.symbols[place++] = symbol;
      if (length <= kQuick) {
        const std::uint32_t from = next >> (kLongest - kQuick);
        for (std::uint32_t i = 0; i < 1u << (kQuick - length); ++i) {
          code.quick[from + i] = {static_cast<std::uint8_t>(symbol),
                                  static_cast<std::uint8_t>(length)};
        }
      }
      next += 1u << (kLongest - length);
    }
  }
  code.first[kLongest + 1] = next;
  return code;
}

constexpr Code kCode = make_code();
static_assert(kCode.first[kLongest + 1] == 1u << kLongest, "every sequence of bits is a code");

struct Symbol {
  std::uint16_t symbol;
  unsigned length;
};

/// The symbol at the front of `bits`, whose first kLongest bits count.
Symbol find(std::uint32_t bits) {
  const Code::Quick quick = kCode.quick[bits >> (kLongest - kQuick)];
  if (quick.length != 0) return {quick.symbol, quick.length};
  unsigned length = kQuick + 1;
  while (length < kLongest && bits >= kCode.first[length + 1]) ++length;
  const std::uint32_t nth = (bits - kCode.first[length]) >> (kLongest - length);
  return {kCode.symbols[kCode.place[length] + nth], length};
}

}  // namespace

std::optional<std::size_t> decode_huffman(Bytes coded, char* out) {
  const char* const begin = out;
  std::uint64_t bits = 0;  // what has not been decoded, from the top
  unsigned count = 0;      // of them; those below are the next ones or zero
  std::size_t at = 0;
  while (coded.size() - at >= 8) {
    // As many whole bytes as there is room for; the bits that a last one brings are read again.
    bits |= load_be64(coded.data() + at) >> count;
    at += (63 - count) >> 3;
    count |= 56;
    while (count >= kQuick) {
      const Code::Quick quick = kCode.quick[bits >> (64 - kQuick)];
      Symbol next{quick.symbol, quick.length};
      if (quick.length == 0) {
        if (count < kLongest) break;
        next = find(static_cast<std::uint32_t>(bits >> (64 - kLongest)));
        if (next.symbol == kEos) return std::nullopt;
      }
      *out++ = static_cast<char>(next.symbol);
      bits <<= next.length;
      count -= next.length;
    }
  }
  for (;;) {
    while (count < 56 && at < coded.size()) {
      bits |= std::uint64_t{coded[at++]} << (56 - count);
      count += 8;
    }
    const std::uint64_t padded = bits | (~std::uint64_t{0} >> count);
    if (count < 8 && padded == ~std::uint64_t{0}) return static_cast<std::size_t>(out - begin);
    const Symbol next = find(static_cast<std::uint32_t>(padded >> (64 - kLongest)));
    if (next.symbol == kEos || next.length > count) return std::nullopt;
    *out++ = static_cast<char>(next.symbol);
    bits <<= next.length;
    count -= next.length;
  }
}

}  // namespace wirelens::http2
