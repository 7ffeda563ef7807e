// flow/timer_wheel.h - what falls due, by packet time.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "base/time.h"

namespace wirelens {

/// Links of one record in a wheel; part of the record.
struct TimerLink {
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t next = kNone;
  std::uint32_t previous = kNone;  ///< kNone: first of its slot, or in no slot
  std::uint32_t tick = 0;          ///< low bits of the tick that it is armed for
  std::uint16_t slot = kNoSlot;
  static constexpr std::uint16_t kNoSlot = 0xffff;
};

/// Three levels of 256 slots with 67 ms, 17 s and 73 minutes a slot: 13 days in all; later
/// deadlines wait in the last slot and are put off again. A record is moved at most once a level,
/// however far time jumps.
///
/// `Links` maps a record's number to its TimerLink.
template <class Links>
class TimerWheel {
 public:
  explicit TimerWheel(Links links) : links_(links) { heads_.fill(TimerLink::kNone); }

  /// (Re-)arms a record. Deadlines in the past fall due at the next advance().
  void arm(std::uint32_t number, Timestamp deadline) {
    disarm(number);
    const std::int64_t due = std::max(tick(deadline), now_ + 1);
    link(number, slot_for(due));
    links_(number).tick = static_cast<std::uint32_t>(due);
  }
  /// It is not armed, or for later than `deadline`.
  bool later_than(std::uint32_t number, Timestamp deadline) const {
    const TimerLink& link = links_(number);
    const std::int64_t due = std::max(tick(deadline), now_ + 1);
    return link.slot == TimerLink::kNoSlot ||
           static_cast<std::int32_t>(link.tick - static_cast<std::uint32_t>(due)) > 0;
  }
  void disarm(std::uint32_t number) {
    TimerLink& link = links_(number);
    if (link.slot == TimerLink::kNoSlot) return;
    if (link.previous == TimerLink::kNone) {
      heads_[link.slot] = link.next;
    } else {
      links_(link.previous).next = link.next;
    }
    if (link.next != TimerLink::kNone) links_(link.next).previous = link.previous;
    link = {};
  }
  /// True if time `now` is in another tick than the last advance().
  bool due(Timestamp now) const { return !started_ || tick(now) > now_; }
  /// Moves to `now` and appends the numbers whose slots have passed to `out`; they are disarmed. A
  /// slot may hold a record whose own deadline lies later: whoever gets it looks and arms it again.
  void advance(Timestamp now, std::vector<std::uint32_t>& out) {
    const std::int64_t to = tick(now);
    if (!started_) {
      started_ = true;
      now_ = to;
      return;
    }
    for (int level = 2; level >= 0; --level) {
      const int shift = level * kBits;
      const std::int64_t first = (now_ >> shift) + 1, last = to >> shift;
      for (std::int64_t at = first; at <= last && at < first + kSlots; ++at) {
        empty(
            static_cast<std::size_t>(level) * kSlots + static_cast<std::size_t>(at & (kSlots - 1)),
            out);
      }
    }
    now_ = std::max(now_, to);
  }

 private:
  static constexpr int kBits = 8;
  static constexpr std::int64_t kSlots = 1 << kBits;
  static constexpr int kTickShift = 26;  // 2^26 ns: 67 ms

  static std::int64_t tick(Timestamp time) { return time.time_since_epoch().count() >> kTickShift; }
  std::size_t slot_for(std::int64_t due) const {
    for (int level = 0; level < 3; ++level) {
      const int shift = level * kBits;
      if ((due >> shift) - (now_ >> shift) < kSlots) {
        return static_cast<std::size_t>(level * kSlots + ((due >> shift) & (kSlots - 1)));
      }
    }
    return static_cast<std::size_t>(2 * kSlots + (((now_ >> (2 * kBits)) - 1) & (kSlots - 1)));
  }
  void link(std::uint32_t number, std::size_t slot) {
    TimerLink& link = links_(number);
    link = {heads_[slot], TimerLink::kNone, 0, static_cast<std::uint16_t>(slot)};
    if (link.next != TimerLink::kNone) links_(link.next).previous = number;
    heads_[slot] = number;
  }
  void empty(std::size_t slot, std::vector<std::uint32_t>& out) {
    std::uint32_t number = std::exchange(heads_[slot], TimerLink::kNone);
    while (number != TimerLink::kNone) {
      out.push_back(number);
      number = std::exchange(links_(number), TimerLink{}).next;
    }
  }

  Links links_;
  std::array<std::uint32_t, 3 * kSlots> heads_;
  std::int64_t now_ = 0;
  bool started_ = false;
};

}  // namespace wirelens
