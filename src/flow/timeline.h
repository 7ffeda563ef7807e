// flow/timeline.h - counts over packet time in a bounded number of equal steps.
//
// Every worker sees every packet, so all of them have the same steps; what only one of them knows
// (its own connections) is added up at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace wirelens {

class Timeline {
 public:
  static constexpr std::size_t kMostSteps = 1024;  ///< beyond, two steps become one

  struct Step {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint64_t opened = 0;
    std::uint64_t resent = 0;
    std::uint64_t resets = 0;
  };

  /// A packet at `now`, which never goes back; what else is counted until the next one is its.
  void packet(Timestamp now, std::uint64_t bytes);
  void opened() { ++steps_[current_].opened; }
  void resent(std::uint64_t count) { steps_[current_].resent += count; }
  void reset() { ++steps_[current_].resets; }
  /// Adds what another worker knows of its connections.
  void join(const Timeline& other);

  Timestamp begin() const { return begin_; }
  Duration step() const { return step_; }
  const std::vector<Step>& steps() const { return steps_; }

 private:
  void widen();

  Timestamp begin_{};
  Duration step_ = std::chrono::milliseconds(1);
  std::vector<Step> steps_{1};
  std::size_t current_ = 0;
  bool begun_ = false;
};

}  // namespace wirelens
