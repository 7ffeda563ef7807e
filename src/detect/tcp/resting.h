// detect/tcp/resting.h - how many sockets rest in TIME_WAIT right now, in constant memory.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/time.h"

namespace wirelens::detect {

/// Linux's ports for outgoing connections: 32768 to 60999 (net.ipv4.ip_local_port_range).
inline constexpr std::uint32_t kEphemeralPorts = 28'232;

/// A ring of kSlices over one TIME_WAIT: a socket counts from its slice until as long after, so the
/// count is right within 1/64 of the time.
class Resting {
 public:
  static constexpr std::int64_t kSlices = 64;

  void enter(Timestamp now, Duration time_wait) {
    turn(slice(now, time_wait));
    ++counts_[place(newest_)];
    ++alive_;
  }
  /// One that came to rest `ago` before `now` is used again.
  void leave(Timestamp now, Duration ago, Duration time_wait) {
    turn(slice(now, time_wait));
    const std::int64_t then = slice(now - ago, time_wait);
    if (then <= newest_ - kSlices) return;
    std::uint32_t& count = counts_[place(std::min(then, newest_))];
    if (count == 0) return;
    --count;
    --alive_;
  }
  std::uint32_t alive() const { return alive_; }

 private:
  static std::int64_t slice(Timestamp time, Duration time_wait) {
    const std::int64_t length = std::max<std::int64_t>(time_wait.count() / kSlices, 1);
    return time.time_since_epoch().count() / length;
  }
  static std::size_t place(std::int64_t number) {
    return static_cast<std::size_t>(number & (kSlices - 1));
  }
  void turn(std::int64_t now) {
    if (now <= newest_) return;
    for (std::int64_t next = std::max(newest_ + 1, now - kSlices + 1); next <= now; ++next) {
      alive_ -= counts_[place(next)];
      counts_[place(next)] = 0;
    }
    newest_ = now;
  }

  std::array<std::uint32_t, kSlices> counts_{};
  std::int64_t newest_ = 0;
  std::uint32_t alive_ = 0;
};

}  // namespace wirelens::detect
