// report/tally.h - counting without knowing how much there will be: bounded, and the same result
// for the same input.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"

namespace wirelens {

/// Quantiles of durations within 4 %: sixteen buckets an octave of nanoseconds, 4 kB.
class DurationTally {
 public:
  void add(Duration duration) {
    const Duration known = std::max(duration, Duration::zero());
    ++buckets_[bucket_of(static_cast<std::uint64_t>(known.count()))];
    least_ = count_ == 0 ? known : std::min(least_, known);
    most_ = std::max(most_, known);
    ++count_;
  }
  std::uint64_t count() const { return count_; }

  /// The duration that `share` (0 to 1) of all do not exceed; zero if there are none.
  Duration quantile(double share) const {
    const auto rank = static_cast<std::uint64_t>(share * static_cast<double>(count_) + 0.999999);
    std::uint64_t passed = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      passed += buckets_[i];
      if (passed >= std::max<std::uint64_t>(rank, 1)) {
        return std::clamp(middle_of(i), least_, most_);
      }
    }
    return most_;
  }

 private:
  static constexpr std::size_t kFine = 16;  ///< values below it have a bucket of their own

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < kFine) return value;
    const auto shift = static_cast<std::size_t>(std::bit_width(value)) - 5;
    return kFine * shift + (value >> shift);
  }
  static Duration middle_of(std::size_t bucket) {
    if (bucket < 2 * kFine) return Duration(bucket);
    const std::size_t shift = bucket / kFine - 1;
    const std::uint64_t first = (bucket - kFine * shift) << shift;
    return Duration(first + (std::uint64_t{1} << shift) / 2);
  }

  std::array<std::uint32_t, kFine * 61> buckets_{};
  std::uint64_t count_ = 0;
  Duration least_{};
  Duration most_{};
};

/// The heaviest of many names. Holds at most `capacity`: when it is full, the lighter half goes, so
/// what is shown of a name that once was light may lack its beginning; left_out() says whether that
/// can be. `Tally` has weight(), and merging needs nothing else.
template <class Tally>
class TopTally {
 public:
  static constexpr std::size_t kLongestName = 256;  ///< names are cut to this many bytes

  explicit TopTally(std::size_t capacity) : capacity_(capacity) {}

  Tally& at(std::string_view name) {
    name = name.substr(0, kLongestName);
    if (const auto found = tallies_.find(name); found != tallies_.end()) return found->second;
    if (tallies_.size() >= capacity_) drop_lighter_half();
    return tallies_[std::string(name)];
  }

  using Entry = std::pair<std::string_view, const Tally*>;
  /// By weight, heaviest first; equals by name.
  std::vector<Entry> heaviest(std::size_t count) const {
    std::vector<Entry> all;
    all.reserve(tallies_.size());
    for (const auto& [name, tally] : tallies_) all.emplace_back(name, &tally);
    std::sort(all.begin(), all.end(), heavier);
    all.resize(std::min(count, all.size()));
    return all;
  }
  std::size_t size() const { return tallies_.size(); }
  bool left_out() const { return left_out_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>{}(name);
    }
  };
  static bool heavier(const Entry& a, const Entry& b) {
    if (a.second->weight() != b.second->weight()) return a.second->weight() > b.second->weight();
    return a.first < b.first;
  }
  void drop_lighter_half() {
    const std::vector<Entry> kept = heaviest(capacity_ / 2);
    std::unordered_map<std::string, Tally, Hash, std::equal_to<>> heavy;
    for (const Entry& entry : kept) {
      auto node = tallies_.extract(std::string(entry.first));
      heavy.insert(std::move(node));
    }
    tallies_ = std::move(heavy);
    left_out_ = true;
  }

  std::size_t capacity_;
  bool left_out_ = false;
  std::unordered_map<std::string, Tally, Hash, std::equal_to<>> tallies_;
};

/// The `kept` largest of many values; equals keep the order in which they came.
template <class Value, class Less>
class Largest {
 public:
  explicit Largest(std::size_t kept) : kept_(kept) {}

  /// `make` is called only for what is kept.
  template <class Key, class Make>
  void offer(const Key& key, Make make) {
    if (values_.size() == kept_ && !Less{}(values_.back(), key)) return;
    if (values_.size() == kept_) values_.pop_back();
    const auto place = std::find_if(values_.begin(), values_.end(),
                                    [&](const Value& value) { return Less{}(value, key); });
    values_.insert(place, make());
  }
  const std::vector<Value>& values() const { return values_; }

 private:
  std::size_t kept_;
  std::vector<Value> values_;
};

}  // namespace wirelens
