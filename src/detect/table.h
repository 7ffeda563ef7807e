// detect/table.h - tallies by name or address, bounded whatever an attacker sends.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "detect/digest.h"

namespace wirelens::detect {

/// Hashes text, numbers, and structs without padding, under a key of this run: placement only.
struct KeyHash {
  std::uint64_t operator()(std::string_view text) const {
    return siphash13(secret(),
                     Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  }
  /// By a secret odd number (universal hashing): the high bits are the good ones.
  std::uint64_t operator()(std::uint64_t number) const {
    return (number ^ secret().low) * (secret().high | 1);
  }
  template <class Key>
  requires std::has_unique_object_representations_v<Key> std::uint64_t operator()(
      const Key& key) const {
    return (*this)(digest_of(key));
  }

 private:
  static const HashKey& secret() {
    static const HashKey key = HashKey::random();
    return key;
  }
};

/// At most `capacity` values, found by key. When it is full, the lighter half goes (by weight(),
/// then by key, or by the value's `name` where the key is a digest), so what is told of a key that
/// once was light may lack its beginning.
///
/// Values lie side by side and move: a reference holds until the next at() or erase(). Where each
/// one lies is kept in places of 8 bytes, at most half of them taken (open addressing), so that
/// asking for what is not there touches nothing else.
template <class Key, class Value>
class Table {
 public:
  static constexpr std::size_t kLongestName = 256;  ///< text keys are cut to this many bytes

  explicit Table(std::size_t capacity) : capacity_(capacity) {}

  /// Made if it is not there.
  template <class Asked>
  Value& at(const Asked& asked) {
    const auto& key = bounded(asked);
    return made(key, hash_of(key));
  }
  /// The same, with digest_of() the key, if that is known.
  Value& at(const Key& key, std::uint64_t digest) { return made(key, hash_of(digest)); }

  /// nullptr if it is not there.
  template <class Asked>
  Value* find(const Asked& asked) {
    if (entries_.empty()) return nullptr;
    const auto& key = bounded(asked);
    return found(key, hash_of(key));
  }
  Value* find(const Key& key, std::uint64_t digest) {
    return entries_.empty() ? nullptr : found(key, hash_of(digest));
  }
  template <class Asked>
  void erase(const Asked& asked) {
    if (entries_.empty()) return;
    const auto& key = bounded(asked);
    const std::size_t place = place_of(key, hash_of(key));
    if (place == kNowhere) return;
    const std::uint32_t number = places_[place].number;
    leave_place(place);
    if (number != entries_.size()) {
      places_[place_of(entries_.back().hash, entries_.size())].number = number;
      entries_[number - 1] = std::move(entries_.back());
    }
    entries_.pop_back();
  }

  using Kept = std::pair<const Key*, Value*>;
  /// All that is kept, the heaviest first; equals by key.
  std::vector<Kept> heaviest() {
    std::vector<Kept> all;
    all.reserve(entries_.size());
    for (Entry& each : entries_) all.emplace_back(&each.key, &each.value);
    std::sort(all.begin(), all.end(), [](const Kept& a, const Kept& b) {
      return heavier(*a.first, *a.second, *b.first, *b.second);
    });
    return all;
  }
  std::size_t size() const { return entries_.size(); }
  /// How many were dropped.
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Entry {
    Key key;
    Value value;
    std::uint32_t hash;
  };
  /// Where an entry lies, counted from 1; 0: nobody's.
  struct Place {
    std::uint32_t hash = 0;
    std::uint32_t number = 0;
  };
  static constexpr std::size_t kNowhere = ~std::size_t{0};
  static constexpr std::size_t kFewestPlaces = 16;

  template <class Asked>
  static decltype(auto) bounded(const Asked& asked) {
    if constexpr (std::is_same_v<Key, std::string>) {
      return std::string_view(asked).substr(0, kLongestName);
    } else if constexpr (std::is_same_v<Key, Asked>) {
      return (asked);
    } else {
      return Key(asked);
    }
  }
  template <class Asked>
  static std::uint32_t hash_of(const Asked& key) {
    return static_cast<std::uint32_t>(KeyHash()(key) >> 32);
  }

  template <class Asked>
  Value* found(const Asked& key, std::uint32_t hash) {
    const std::size_t place = place_of(key, hash);
    return place == kNowhere ? nullptr : &entries_[places_[place].number - 1].value;
  }
  template <class Asked>
  Value& made(const Asked& key, std::uint32_t hash) {
    if (Value* value = found(key, hash)) return *value;
    if (entries_.size() >= capacity_) drop_lighter_half();
    entries_.push_back({Key(key), Value{}, hash});
    if (entries_.size() * 2 > places_.size()) {
      place_all();
    } else {
      take_place(hash, entries_.size());
    }
    return entries_.back().value;
  }

  std::size_t next(std::size_t place) const { return (place + 1) & (places_.size() - 1); }
  std::size_t home(std::uint32_t hash) const { return hash & (places_.size() - 1); }

  template <class Asked>
  std::size_t place_of(const Asked& key, std::uint32_t hash) const {
    if (places_.empty()) return kNowhere;
    for (std::size_t place = home(hash); places_[place].number != 0; place = next(place)) {
      const Place& taken = places_[place];
      if (taken.hash == hash && entries_[taken.number - 1].key == key) return place;
    }
    return kNowhere;
  }
  /// Of an entry that is there, by its number.
  std::size_t place_of(std::uint32_t hash, std::size_t number) const {
    std::size_t place = home(hash);
    while (places_[place].number != number) place = next(place);
    return place;
  }
  void take_place(std::uint32_t hash, std::size_t number) {
    std::size_t place = home(hash);
    while (places_[place].number != 0) place = next(place);
    places_[place] = {hash, static_cast<std::uint32_t>(number)};
  }
  /// Those behind it move up, so that no search ends too soon.
  void leave_place(std::size_t free) {
    for (std::size_t place = next(free); places_[place].number != 0; place = next(place)) {
      const std::size_t mask = places_.size() - 1;
      const std::size_t wanted = home(places_[place].hash);
      if (((place - wanted) & mask) < ((place - free) & mask)) continue;
      places_[free] = places_[place];
      free = place;
    }
    places_[free] = {};
  }
  /// With room for twice as many as there are now.
  void place_all() {
    std::size_t count = kFewestPlaces;
    while (count < entries_.size() * 4) count *= 2;
    places_.assign(count, {});
    for (std::size_t i = 0; i < entries_.size(); ++i) take_place(entries_[i].hash, i + 1);
  }

  static bool before(const Key& a, const Key& b) {
    if constexpr (std::is_same_v<Key, std::string>) {
      return a < b;
    } else {
      return std::memcmp(&a, &b, sizeof a) < 0;
    }
  }
  static bool heavier(const Key& key, const Value& value, const Key& other, const Value& than) {
    const auto left = value.weight(), right = than.weight();
    if (left != right) return left > right;
    if constexpr (std::is_same_v<Key, std::uint64_t> && requires { value.name; }) {
      if (value.name != than.name) return value.name < than.name;
    }
    return before(key, other);
  }
  /// In linear time: a flood of names comes here once for every half a table of them.
  void drop_lighter_half() {
    std::vector<std::uint32_t> order(entries_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
    const auto middle = order.begin() + static_cast<std::ptrdiff_t>(order.size() / 2);
    std::nth_element(order.begin(), middle, order.end(), [this](std::uint32_t a, std::uint32_t b) {
      const Entry &left = entries_[a], &right = entries_[b];
      return heavier(left.key, left.value, right.key, right.value);
    });
    dropped_ += static_cast<std::uint64_t>(order.end() - middle);
    order.erase(middle, order.end());
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (order[i] != i) entries_[i] = std::move(entries_[order[i]]);
    }
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(order.size()), entries_.end());
    place_all();
  }

  std::size_t capacity_;
  std::uint64_t dropped_ = 0;
  std::vector<Entry> entries_;
  std::vector<Place> places_;  // a power of two
};

}  // namespace wirelens::detect
