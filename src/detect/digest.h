// detect/digest.h - what stands for a name, or for a pair of hosts, in 64 bits.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "base/bytes.h"
#include "base/hash.h"
#include "event/peers.h"

namespace wirelens::detect {

/// Takes one thing after another; the same in every run.
class Digest {
 public:
  template <class T>
  requires std::has_unique_object_representations_v<T> Digest& add(const T& value) {
    return add_bytes(reinterpret_cast<const char*>(&value), sizeof value);
  }
  /// Its length counts: "ab" and "c" are not "a" and "bc".
  Digest& add(std::string_view text) { return add_bytes(text.data(), text.size()); }
  Digest& add(Bytes) = delete;  // or its address would be taken
  std::uint64_t value() { return hash_.finish(0); }

 private:
  static constexpr HashKey kFixed{0x27d4eb2f165667c5, 0x9e3779b97f4a7c15};

  Digest& add_bytes(const char* bytes, std::size_t size) {
    std::uint64_t word = 0;
    const char* const whole = bytes + (size & ~(sizeof word - 1));
    for (; bytes != whole; bytes += sizeof word) {
      std::memcpy(&word, bytes, sizeof word);
      hash_.absorb(word);
    }
    word = 0;
    std::memcpy(&word, bytes, size & (sizeof word - 1));
    hash_.absorb(word | std::uint64_t{size} << 56);
    return *this;
  }

  SipHash hash_{kFixed};
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
