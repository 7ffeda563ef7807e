// base/hash.cc - SipHash-1-3 over bytes, and its keys.
#include "base/hash.h"

#include <sys/random.h>

#include <cstdlib>

namespace wirelens {

HashKey HashKey::random() {
  HashKey key;
  if (getrandom(&key, sizeof key, 0) != static_cast<ssize_t>(sizeof key)) std::abort();
  return key;
}

std::uint64_t siphash13(const HashKey& key, Bytes bytes) {
  SipHash hash(key);
  const std::uint8_t* at = bytes.data();
  const std::uint8_t* const whole = at + (bytes.size() & ~std::size_t{7});
  for (; at != whole; at += 8) hash.absorb(load_le64(at));
  const std::size_t left = bytes.size() & 7;
  std::uint64_t last = std::uint64_t{bytes.size()} << 56;
  if (left > 0 && bytes.size() >= 8) {
    last |= load_le64(at + left - 8) >> (64 - 8 * left);
  } else {
    last |= load_le64(at, left);
  }
  return hash.finish(last);
}

}  // namespace wirelens
