// detect/rate.h - how many in the busiest second, told in any order within a few minutes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace wirelens::detect {

/// Counts by second over the last kSeconds; what is older than that only counts in the total.
class Rate {
 public:
  static constexpr std::int64_t kSeconds = 256;

  void add(Timestamp time) {
    const std::int64_t second = time.time_since_epoch().count() / 1'000'000'000;
    if (total_++ == 0) {
      newest_ = second;
      peak_ = 1;
      return;
    }
    if (counts_.empty()) {
      counts_.resize(kSeconds);
      counts_[place(newest_)] = 1;
    }
    if (second <= newest_ - kSeconds) return;
    for (std::int64_t next = std::max(newest_ + 1, second - kSeconds + 1); next <= second; ++next) {
      counts_[place(next)] = 0;
    }
    newest_ = std::max(newest_, second);
    peak_ = std::max(peak_, ++counts_[place(second)]);
  }
  std::uint64_t total() const { return total_; }
  /// Most in one second.
  std::uint32_t peak() const { return peak_; }

 private:
  static std::size_t place(std::int64_t second) {
    return static_cast<std::size_t>(second & (kSeconds - 1));
  }

  std::vector<std::uint32_t> counts_;  // made by the second one
  std::int64_t newest_ = 0;
  std::uint64_t total_ = 0;
  std::uint32_t peak_ = 0;
};

}  // namespace wirelens::detect
