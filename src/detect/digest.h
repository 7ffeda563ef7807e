// detect/digest.h - what stands for a name, or for a pair of hosts, in 64 bits.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "base/bytes.h"
#include "base/hash.h"
#include "event/peers.h"

namespace wirelens::detect {

/// Takes one thing after another, each hashed under what came before; the same in every run.
class Digest {
 public:
  template <class T>
  requires std::has_unique_object_representations_v<T> Digest& add(const T& value) {
    return add(Bytes(reinterpret_cast<const std::uint8_t*>(&value), sizeof value));
  }
  /// Its length counts: "ab" and "c" are not "a" and "bc".
  Digest& add(std::string_view text) { return add(as_bytes(text)); }
  Digest& add(Bytes bytes) {
    value_ = siphash13({0x27d4eb2f165667c5, value_}, bytes);
    return *this;
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0x9e3779b97f4a7c15;
};

template <class T>
std::uint64_t digest_of(const T& value) {
  return Digest().add(value).value();
}

/// One client address and one server, as tables of rules know them.
struct Pair {
  Peers key;
  std::uint64_t digest = 0;
};
/// Good until the next call: rule after rule asks for the same pair.
inline const Pair& pair_of(const Peers& peers) {
  thread_local Pair last;
  const Peers key{peers.client.host(), peers.server};
  if (last.digest == 0 || key != last.key) last = {key, digest_of(key)};
  return last;
}

}  // namespace wirelens::detect
