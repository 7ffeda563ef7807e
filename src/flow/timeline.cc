// flow/timeline.cc - finds the step of a packet, and doubles the steps' length when they run out.
#include "flow/timeline.h"

#include <algorithm>

namespace wirelens {
namespace {

void add(Timeline::Step& to, const Timeline::Step& from) {
  to.packets += from.packets;
  to.bytes += from.bytes;
  to.opened += from.opened;
  to.resent += from.resent;
  to.resets += from.resets;
}

}  // namespace

void Timeline::packet(Timestamp now, std::uint64_t bytes) {
  if (!begun_) begin_ = now;
  begun_ = true;
  const Duration since = std::max(now - begin_, Duration::zero());
  while (since / step_ >= static_cast<std::int64_t>(kMostSteps)) widen();
  current_ = static_cast<std::size_t>(since / step_);
  if (current_ >= steps_.size()) steps_.resize(current_ + 1);
  ++steps_[current_].packets;
  steps_[current_].bytes += bytes;
}

void Timeline::widen() {
  step_ *= 2;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (i % 2 == 0) {
      steps_[i / 2] = steps_[i];
    } else {
      add(steps_[i / 2], steps_[i]);
    }
  }
  steps_.resize((steps_.size() + 1) / 2);
}

void Timeline::join(const Timeline& other) {
  for (std::size_t i = 0; i < std::min(steps_.size(), other.steps_.size()); ++i) {
    Step theirs = other.steps_[i];
    theirs.packets = theirs.bytes = 0;  // counted by each
    add(steps_[i], theirs);
  }
}

}  // namespace wirelens
