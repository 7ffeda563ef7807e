// capture/clock.h - makes packet time from packet stamps.
#pragma once

#include <optional>

#include "base/time.h"

namespace wirelens {

/// Packet time never goes back, and one bogus stamp does not move it: a jump forward by more than
/// kMaxJump counts only after kAgreeing packets in a row that lie beyond it and near each other.
/// Timers run on this, durations are measured between the packets' own stamps.
class PacketTime {
 public:
  static constexpr Duration kMaxJump = std::chrono::hours(1);
  static constexpr int kAgreeing = 8;

  Timestamp advance(Timestamp stamp) {
    if (!now_) return *(now_ = stamp);
    if (stamp <= *now_) {
      doubtful_ = 0;
      return *now_;
    }
    if (stamp - *now_ > kMaxJump && !believed(stamp)) return *now_;
    doubtful_ = 0;
    return *(now_ = stamp);
  }

 private:
  bool believed(Timestamp stamp) {
    const bool near =
        doubtful_ > 0 && stamp - candidate_ <= kMaxJump && candidate_ - stamp <= kMaxJump;
    doubtful_ = near ? doubtful_ + 1 : 1;
    candidate_ = stamp;
    return doubtful_ >= kAgreeing;
  }

  std::optional<Timestamp> now_;
  Timestamp candidate_{};
  int doubtful_ = 0;
};

}  // namespace wirelens
