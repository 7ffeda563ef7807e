// cli/progress_line.h - how far a run is, on one line of a terminal that goes away at the end.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "engine/engine.h"

namespace wirelens {

/// "7 % · 5 s left · 166,608 packets/s · 5.8 MB of 79 MB", as much of it as fits, beginning with
/// what matters most. `what` is read, unless it is the first reading.
std::string progress_text(const Progress& progress, double seconds, std::string_view what,
                          std::size_t columns);

class ProgressLine {
 public:
  /// `shown` false: does nothing, ever (standard error is no terminal, or --quiet).
  explicit ProgressLine(bool shown) : shown_(shown) {}
  ~ProgressLine() { clear(); }

  /// Redraws at most ten times a second.
  void update(const Progress& progress);
  /// From now on the input is read once more, for `what`.
  void stage(std::string_view what);
  /// Takes the line away, so that something else can be written.
  void clear();

  Duration elapsed() const;

 private:
  using Clock = std::chrono::steady_clock;
  bool shown_;
  bool drawn_ = false;
  std::string what_;  ///< empty: the first reading
  Clock::time_point began_ = Clock::now();
  Clock::time_point stage_began_ = began_;
  Clock::time_point due_ = began_;
};

}  // namespace wirelens
