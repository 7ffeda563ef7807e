// http2/hole_watch.cc - who lost and who waited.
#include "http2/hole_watch.h"

#include <algorithm>

#include "base/work.h"

namespace wirelens::http2 {

bool HoleWatch::Lost::has(std::uint32_t stream) const {
  const auto end = ids.begin() + static_cast<std::ptrdiff_t>(count);
  return std::find(ids.begin(), end, stream) != end;
}

std::optional<HoleWatch::Hole> HoleWatch::read_other(std::uint32_t stream, std::uint64_t bytes,
                                                     const Stamp& own, const Stamp& now) {
  std::optional<Hole> done;
  if (now.packet != at_.packet) {
    done = finish();
    at_ = now;
  }
  if (own.packet == now.packet) {
    // Behind what waited: it came with the packet that filled the hole, at its end.
    if (bytes_ == 0) lost_.note(stream);
    return done;
  }
  if (given_up_ == now.packet || begun_ == now.packet || own.time > now.time) return done;
  if (bytes_ == 0) since_ = own.time;
  since_ = std::min(since_, own.time);
  bytes_ += bytes;
  if (stream == 0) return done;
  work(waiting_.size());
  if (!waiting_.empty() && waiting_.back().stream == stream) return done;
  const auto known = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const Waiter& each) { return each.stream == stream; });
  if (known == waiting_.end() && waiting_.size() < kMaxWaiting) {
    waiting_.push_back({stream, own.time});
  }
  return done;
}

std::optional<HoleWatch::Hole> HoleWatch::finish() {
  std::optional<Hole> hole;
  if (bytes_ > 0) {
    hole.emplace();
    hole->filled = at_;
    hole->time = at_.time - since_;
    hole->bytes = bytes_;
    told_ = lost_;
    hole->lost = std::span(told_.ids).first(told_.count);
    waiting_ids_.clear();
    for (const Waiter& each : waiting_) {
      if (told_.has(each.stream)) continue;
      waiting_ids_.push_back(each.stream);
      hole->stream_time += at_.time - each.since;
    }
    hole->waiting = waiting_ids_;
    waiting_.clear();
  }
  lost_.count = 0;
  bytes_ = 0;
  return hole;
}

}  // namespace wirelens::http2
