// detect/firsts.h - who came once. Most of what passes a busy tap never comes again; a table that
// begins with the second time is spared all of it, and whatever an attacker invents.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "detect/digest.h"

namespace wirelens::detect {

/// A value for each of kMost places, at most; who comes to a place that is taken replaces whoever
/// was there. So what a table says of a busy tap may, rarely, lack the first time.
template <class Value, std::size_t kMost = 1024>
requires std::is_trivially_copyable_v<Value>
class Firsts {
 public:
  static constexpr std::size_t kPlaces = kMost;

  /// Something was left once: it may be worth the digest to ask.
  bool any() const { return !taken_.empty(); }
  /// What was left there under this digest; nullptr if nothing was, or it was replaced.
  Value* find(std::uint64_t digest) {
    if (taken_.empty()) return nullptr;
    const std::size_t place = digest % kPlaces;
    return taken_[place] == mark(digest) ? &values_[place] : nullptr;
  }
  Value* leave(std::uint64_t digest, const Value& value) {
    if (taken_.empty()) {
      taken_.resize(kPlaces);
      values_.resize(kPlaces);
    }
    taken_[digest % kPlaces] = mark(digest);
    Value* const place = &values_[digest % kPlaces];
    *place = value;
    return place;
  }
  void forget(std::uint64_t digest) {
    if (find(digest) != nullptr) taken_[digest % kPlaces] = 0;
  }

 private:
  /// What stands in a place that is taken: not 0 (the one digest for which it is, is never found).
  static std::uint64_t mark(std::uint64_t digest) { return digest + 1; }

  std::vector<std::uint64_t> taken_;  // both made when the first one comes; asking touches this one
  std::vector<Value> values_;
};

/// The first kMost of a kind: a value of Firsts, until there is one more.
template <class One, std::size_t kMost>
class Few {
 public:
  /// Only while there are fewer than kMost.
  void add(const One& one) { ones_[count_++] = one; }
  std::span<const One> all() const { return std::span(ones_).first(count_); }

 private:
  std::array<One, kMost> ones_{};
  std::size_t count_ = 0;
};

}  // namespace wirelens::detect
