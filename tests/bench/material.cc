// bench/material.cc - two pools of 1 MiB, made once, that payloads are cut from.
#include "bench/material.h"

#include <cassert>
#include <string>

namespace wirelens::bench {
namespace {

constexpr std::size_t kPool = 1 << 20;

Bytes make_opaque() {
  Bytes pool;
  pool.reserve(kPool);
  Draws draws(0, 0x6f7061717565);
  while (pool.size() < kPool) {
    const std::uint64_t word = draws.next();
    for (unsigned shift = 0; shift < 64; shift += 8) {
      pool.push_back(static_cast<std::uint8_t>(word >> shift));
    }
  }
  return pool;
}

std::string make_prose() {
  constexpr std::array<std::string_view, 16> kWords = {
      "<p>", "wire",   "lens ", "the ", "packet",  " of ", "\"name\": ", "value",
      ", ",  "stream", " 42 ",  "\r\n", "segment", "</p>", "late ",      "order"};
  std::string pool;
  pool.reserve(kPool + 16);
  Draws draws(0, 0x70726f7365);
  while (pool.size() < kPool) pool += kWords[draws.below(kWords.size())];
  return pool;
}

}  // namespace

View opaque(Draws& draws, std::size_t size) {
  static const Bytes pool = make_opaque();
  assert(size <= kLargestPiece);
  return View(pool).subspan(draws.below(kPool - size), size);
}

std::string_view prose(Draws& draws, std::size_t size) {
  static const std::string pool = make_prose();
  assert(size <= kLargestPiece);
  return std::string_view(pool).substr(draws.below(kPool - size), size);
}

}  // namespace wirelens::bench
