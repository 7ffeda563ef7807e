// capture/time_scale.h - from the ticks of a savefile to time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace wirelens {

/// What if_tsresol and if_tsoffset of a pcapng interface say (draft-ietf-opsawg-pcapng
/// section 4.2). Any resolution and offset works; times outside of 1823 to 2116 stop at the ends
/// of that span, so that the difference of any two fits a Duration.
class TimeScale {
 public:
  /// Microseconds, the default.
  TimeScale() : TimeScale(6, 0) {}
  /// `resolution`: ticks a second as a power of ten, or, with the high bit set, of two.
  TimeScale(std::uint8_t resolution, std::int64_t offset_seconds)
      : resolution_(resolution), offset_seconds_(offset_seconds) {
    if (resolution_ > 9 || offset_seconds_ != 0) return;
    factor_ = power_of_ten(9 - resolution_);
    plain_end_ = static_cast<std::uint64_t>(kFarthest) / factor_;
  }

  Timestamp at(std::uint64_t ticks) const {
    if (ticks < plain_end_) return timestamp_ns(static_cast<std::int64_t>(ticks * factor_));
    return odd(ticks);
  }

 private:
  __extension__ using Wide = __int128;
  static constexpr Wide kFarthest = (Wide{1} << 62) - 1;  // nanoseconds from 1970

  static std::uint64_t power_of_ten(int exponent) {
    std::uint64_t power = 1;
    for (int i = 0; i < exponent; ++i) power *= 10;
    return power;
  }

  Timestamp odd(std::uint64_t ticks) const {
    const int exponent = resolution_ & 0x7f;
    Wide ns = 0;
    if (resolution_ & 0x80) {
      ns = (Wide{ticks} * 1'000'000'000) >> exponent;  // below 2^94, exponent below 2^7
    } else if (exponent <= 9) {
      ns = Wide{ticks} * power_of_ten(9 - exponent);
    } else if (exponent <= 28) {
      ns = ticks / power_of_ten(exponent - 9);
    }  // finer: 2^64 ticks are less than a nanosecond
    ns += Wide{offset_seconds_} * 1'000'000'000;
    return timestamp_ns(static_cast<std::int64_t>(std::clamp(ns, -kFarthest, kFarthest)));
  }

  std::uint8_t resolution_;
  std::int64_t offset_seconds_;
  std::uint64_t factor_ = 0;     ///< nanoseconds a tick
  std::uint64_t plain_end_ = 0;  ///< below it a multiplication is all
};

}  // namespace wirelens
