// cli/progress_line.h - how far a run is, on one line of a terminal that goes away at the end.
#pragma once

#include <chrono>
#include <string>

#include "engine/engine.h"

namespace wirelens {

class ProgressLine {
 public:
  /// `shown` false: does nothing, ever (standard error is no terminal, or --quiet).
  explicit ProgressLine(bool shown) : shown_(shown) {}
  ~ProgressLine() { clear(); }

  /// Redraws at most ten times a second.
  void update(const Progress& progress);
  /// Takes the line away, so that something else can be written.
  void clear();

  Duration elapsed() const;

 private:
  std::string text_of(const Progress& progress, double seconds) const;

  using Clock = std::chrono::steady_clock;
  bool shown_;
  bool drawn_ = false;
  Clock::time_point began_ = Clock::now();
  Clock::time_point due_ = began_;
};

}  // namespace wirelens
