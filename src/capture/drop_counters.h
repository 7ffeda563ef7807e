// capture/drop_counters.h - libpcap's 32-bit counters, widened.
#pragma once

#include <cstdint>

namespace wirelens {

/// A counter of 64 bits fed by one of 32 that wraps, or begins again at 0 when a capture is
/// reopened. It must be fed before it can wrap twice.
class WideCounter {
 public:
  void feed(std::uint32_t value) {
    total_ += static_cast<std::uint32_t>(value - last_);
    last_ = value;
  }
  /// The source of the counter begins again.
  void restart() { last_ = 0; }
  std::uint64_t total() const { return total_; }

 private:
  std::uint64_t total_ = 0;
  std::uint32_t last_ = 0;
};

}  // namespace wirelens
