// http2/window.h - how much a sender may still send (RFC 9113 section 5.2), and how long it could
// not.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace wirelens::http2 {

/// Times that a window was at zero or below with data to send.
struct Stalls {
  std::uint64_t count = 0;
  Duration time{};
  Duration longest{};

  void add(Duration stall) {
    ++count;
    time += stall;
    longest = std::max(longest, stall);
  }
};

/// The window of a stream or a connection, as its sender sees it. That there was data to send is
/// believed when some comes promptly once the window is open again.
class Window {
 public:
  /// Without a size it is not known, and nothing is said about it.
  explicit Window(std::optional<std::int64_t> size = std::nullopt) : left_(size) {}

  /// DATA of `bytes` was sent; it may end a stall, which goes to `stalls` and is answered.
  /// `prompt`: how long after the window opened data may come that has waited for it.
  std::optional<Duration> sent(std::uint32_t bytes, Timestamp now, Duration prompt,
                               Stalls& stalls) {
    std::optional<Duration> stall;
    if (!left_) return stall;
    if (opened_ && empty_ && now >= *opened_ && now - *opened_ <= prompt && *opened_ >= *empty_) {
      stall = *opened_ - *empty_;
      stalls.add(*stall);
    }
    if (opened_) opened_ = empty_ = std::nullopt;
    *left_ -= bytes;
    if (*left_ <= 0 && !empty_) empty_ = now;
    return stall;
  }
  /// Since when nothing may be sent, if that is so.
  std::optional<Timestamp> shut_since() const {
    return left_ && *left_ <= 0 ? empty_ : std::nullopt;
  }
  /// WINDOW_UPDATE, or a change of SETTINGS_INITIAL_WINDOW_SIZE.
  void change(std::int64_t by, Timestamp now) {
    if (!left_) return;
    const bool was_open = *left_ > 0;
    *left_ += by;
    if (!was_open && *left_ > 0) opened_ = now;
    if (was_open && *left_ <= 0) empty_ = now;
    if (*left_ <= 0) opened_.reset();
  }
  /// Frames were missed.
  void lose() {
    left_.reset();
    empty_.reset();
    opened_.reset();
  }
  std::optional<std::int64_t> left() const { return left_; }

 private:
  std::optional<std::int64_t> left_;
  std::optional<Timestamp> empty_;   // since when it is at zero, or was until opened_
  std::optional<Timestamp> opened_;  // when it opened again, until something is sent
};

}  // namespace wirelens::http2
