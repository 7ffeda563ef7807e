// detect/digest.h - what stands for a name, or for a pair of hosts, in 64 bits.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "base/bytes.h"
#include "base/hash.h"
#include "event/peers.h"

namespace wirelens::detect {

/// siphash13() of a value of which every byte counts: as many rounds as it takes, without a loop.
template <class T>
requires std::has_unique_object_representations_v<T> std::uint64_t siphash13_of(const HashKey& key,
                                                                                const T& value) {
  constexpr std::size_t kWords = sizeof value / 8;
  const auto* const at = reinterpret_cast<const std::uint8_t*>(&value);
  SipHash hash(key);
  for (std::size_t i = 0; i < kWords; ++i) hash.absorb(load_le64(at + 8 * i));
  return hash.finish(load_le64(at + 8 * kWords, sizeof value % 8) | std::uint64_t{sizeof value}
                                                                        << 56);
}

/// Takes one thing after another, each hashed under what came before; the same in every run.
class Digest {
 public:
  Digest() = default;
  /// Goes on where another one ended.
  explicit Digest(std::uint64_t value) : value_(value) {}

  template <class T>
  requires std::has_unique_object_representations_v<T> Digest& add(const T& value) {
    value_ = siphash13_of(key(), value);
    return *this;
  }
  /// Its length counts: "ab" and "c" are not "a" and "bc".
  Digest& add(std::string_view text) { return add(as_bytes(text)); }
  Digest& add(Bytes bytes) {
    value_ = siphash13(key(), bytes);
    return *this;
  }
  std::uint64_t value() const { return value_; }

 private:
  HashKey key() const { return {0x27d4eb2f165667c5, value_}; }

  std::uint64_t value_ = 0x9e3779b97f4a7c15;
};

template <class T>
std::uint64_t digest_of(const T& value) {
  return Digest().add(value).value();
}

/// The latest one is known: rule after rule asks for the same server.
inline std::uint64_t digest_of(const PeerAddress& end) {
  struct Known {
    PeerAddress end;
    std::uint64_t digest = 0;
  };
  thread_local Known last;
  if (last.digest == 0 || end != last.end) last = {end, Digest().add(end).value()};
  return last.digest;
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
