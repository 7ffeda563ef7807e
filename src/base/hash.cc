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
  std::uint64_t last = std::uint64_t{bytes.size()} << 56;
  for (std::size_t i = 0; i < (bytes.size() & 7); ++i) last |= std::uint64_t{at[i]} << (8 * i);
  return hash.finish(last);
}

}  // namespace wirelens
