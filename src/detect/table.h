// detect/table.h - tallies by name or address, bounded whatever an attacker sends.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace wirelens::detect {

/// Hashes text, and structs without padding, under a key of this run: placement only.
struct KeyHash {
  using is_transparent = void;

  std::size_t operator()(std::string_view text) const {
    return siphash13(secret(),
                     Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  }
  template <class Key>
  requires std::has_unique_object_representations_v<Key> std::size_t operator()(
      const Key& key) const {
    return (*this)(std::string_view(reinterpret_cast<const char*>(&key), sizeof key));
  }

 private:
  static const HashKey& secret() {
    static const HashKey key = HashKey::random();
    return key;
  }
};

/// At most `capacity` values, found by key. When it is full, the lighter half goes (by weight(),
/// then by key), so what is told of a key that once was light may lack its beginning.
template <class Key, class Value>
class Table {
 public:
  static constexpr std::size_t kLongestName = 256;  ///< text keys are cut to this many bytes

  explicit Table(std::size_t capacity) : capacity_(capacity) {}

  /// Made if it is not there.
  template <class Asked>
  Value& at(const Asked& asked) {
    if constexpr (std::is_same_v<Key, std::string>) {
      const std::string_view name = std::string_view(asked).substr(0, kLongestName);
      if (Value* found = find(name)) return *found;
      if (values_.size() >= capacity_) drop_lighter_half();
      return values_[std::string(name)];
    } else {
      if (Value* found = find(asked)) return *found;
      if (values_.size() >= capacity_) drop_lighter_half();
      return values_[asked];
    }
  }
  /// nullptr if it is not there.
  template <class Asked>
  Value* find(const Asked& asked) {
    const auto found = values_.find(asked);
    return found == values_.end() ? nullptr : &found->second;
  }
  template <class Asked>
  void erase(const Asked& asked) {
    const auto found = values_.find(asked);
    if (found != values_.end()) values_.erase(found);
  }

  using Entry = std::pair<const Key*, Value*>;
  /// All that is kept, the heaviest first; equals by key.
  std::vector<Entry> heaviest() {
    std::vector<Entry> all;
    all.reserve(values_.size());
    for (auto& [key, value] : values_) all.emplace_back(&key, &value);
    std::sort(all.begin(), all.end(), [](const Entry& a, const Entry& b) {
      return heavier(*a.first, *a.second, *b.first, *b.second);
    });
    return all;
  }
  std::size_t size() const { return values_.size(); }
  /// How many were dropped.
  std::uint64_t dropped() const { return dropped_; }

 private:
  using Values = std::unordered_map<Key, Value, KeyHash, std::equal_to<>>;

  static bool before(const Key& a, const Key& b) {
    if constexpr (std::is_same_v<Key, std::string>) {
      return a < b;
    } else {
      return std::memcmp(&a, &b, sizeof a) < 0;
    }
  }
  static bool heavier(const Key& key, const Value& value, const Key& other, const Value& than) {
    const auto left = value.weight(), right = than.weight();
    return left != right ? left > right : before(key, other);
  }
  /// In linear time: a flood of names comes here once for every half a table of them.
  void drop_lighter_half() {
    std::vector<typename Values::iterator> all;
    all.reserve(values_.size());
    for (auto each = values_.begin(); each != values_.end(); ++each) all.push_back(each);
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
    std::nth_element(all.begin(), middle, all.end(), [](const auto& a, const auto& b) {
      return heavier(a->first, a->second, b->first, b->second);
    });
    for (auto each = middle; each != all.end(); ++each) values_.erase(*each);
    dropped_ += static_cast<std::uint64_t>(all.end() - middle);
  }

  std::size_t capacity_;
  std::uint64_t dropped_ = 0;
  Values values_;
};

}  // namespace wirelens::detect
