// dissect/input.cc - slices in, tokens out.
//
// window_ is what can be read: the current slice, or, while a split token is being gathered, the
// carry buffer with the slice appended to it. carry_ empties as soon as everything in it has been
// read.
#include "dissect/input.h"

#include <algorithm>

#include "base/work.h"

namespace wirelens {

bool Input::step_over() {
  const std::uint64_t count = std::min<std::uint64_t>(left(), pass_left_);
  if (count > 0) {
    if (pass_sink_) {
      const std::size_t old = at_ < carried_ ? std::min<std::size_t>(carried_ - at_, count) : 0;
      if (old > 0) pass_sink_->content(window_.subspan(at_, old), carry_stamp_);
      if (count > old) pass_sink_->content(window_.subspan(at_ + old, count - old), slice_stamp_);
    }
    consume(count);
    pass_left_ -= count;
    passed_ += count;
  }
  return pass_left_ == 0 || ended_;
}

bool Input::pump() {
  bool resumed = false;
  while (waiting_ && can_go_on()) {
    resumed = true;
    std::exchange(waiting_, {}).resume();
  }
  return resumed;
}

bool Input::feed(Bytes bytes, const Stamp& stamp) {
  offer(bytes, stamp);
  const bool resumed = pump();
  keep();
  return resumed;
}

void Input::offer(Bytes bytes, const Stamp& stamp) {
  slice_stamp_ = stamp;
  if (carry_.empty()) {
    window_ = bytes;
    at_ = carried_ = 0;
  } else {
    carried_ = carry_.size();
    carry_.insert(carry_.end(), bytes.begin(), bytes.end());
    work(bytes.size());
    window_ = carry_;
    at_ = 0;
  }
}

void Input::keep() {
  if (at_ == window_.size()) {
    carry_.clear();
    if (carry_.capacity() > 0) carry_.shrink_to_fit();
    window_ = {};
    at_ = carried_ = 0;
    return;
  }
  if (!carry_.empty() && window_.data() == carry_.data()) {
    if (at_ > 0) work(left());
    if (at_ >= carried_) carry_stamp_ = slice_stamp_;
    carry_.erase(carry_.begin(), carry_.begin() + static_cast<std::ptrdiff_t>(at_));
  } else {
    carry_stamp_ = slice_stamp_;
    work(left());
    carry_.assign(window_.begin() + static_cast<std::ptrdiff_t>(at_), window_.end());
  }
  window_ = carry_;
  carried_ = carry_.size();
  at_ = 0;
}

std::uint64_t Input::skip(std::uint64_t count, const Stamp& stamp) {
  std::uint64_t absorbed = 0;
  if (waiting_ && !ready_ && left() == 0) {
    absorbed = std::min(count, pass_left_);
    if (pass_sink_ && absorbed > 0) pass_sink_->missing(absorbed, stamp);
    pass_left_ -= absorbed;
    passed_ += absorbed;
    slice_stamp_ = last_stamp_ = stamp;
  }
  position_ += count;
  if (absorbed == count) pump();
  return count - absorbed;
}

void Input::finish(bool cleanly, const Stamp& stamp) {
  ended_ = true;
  cleanly_ = cleanly;
  slice_stamp_ = stamp;
  pump();
  keep();
}

void Input::abandon(bool drop) {
  waiting_ = {};
  pass_left_ = 0;
  pass_sink_ = nullptr;
  released_ = false;
  if (!drop) return;
  position_ += left();
  carry_.clear();
  carry_.shrink_to_fit();
  window_ = {};
  at_ = carried_ = 0;
}

}  // namespace wirelens
