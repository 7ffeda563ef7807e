// detect/firsts.h - who came once. Most of what passes a busy tap never comes again; a table that
// begins with the second time is spared all of it, and whatever an attacker invents.
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "base/hash.h"

namespace wirelens::detect {

/// The hash of bytes, the same in every run: what stands for a long name or a pair of hosts.
inline std::uint64_t digest_of(Bytes bytes) {
  constexpr HashKey kFixed{0x27d4eb2f165667c5, 0x9e3779b97f4a7c15};
  return siphash13(kFixed, bytes);
}
template <class T>
requires std::has_unique_object_representations_v<T> std::uint64_t digest_of(const T& value) {
  return digest_of(Bytes(reinterpret_cast<const std::uint8_t*>(&value), sizeof value));
}

/// A value for each of kPlaces places, at most; who comes to a place that is taken replaces whoever
/// was there. So what a table says of a busy tap may, rarely, lack the first time.
template <class Value>
requires std::is_trivially_copyable_v<Value>
class Firsts {
 public:
  static constexpr std::size_t kPlaces = 1024;

  /// What was left there under this digest; nullptr if nothing was, or it was replaced.
  Value* find(std::uint64_t digest) {
    if (places_.empty()) return nullptr;
    Place& place = places_[digest % kPlaces];
    return place.taken && place.digest == digest ? &place.value : nullptr;
  }
  void leave(std::uint64_t digest, const Value& value) {
    if (places_.empty()) places_.resize(kPlaces);
    places_[digest % kPlaces] = {digest, true, value};
  }
  void forget(std::uint64_t digest) {
    if (find(digest) != nullptr) places_[digest % kPlaces].taken = false;
  }

 private:
  struct Place {
    std::uint64_t digest = 0;
    bool taken = false;
    Value value{};
  };
  std::vector<Place> places_;  // made when the first one comes
};

}  // namespace wirelens::detect
