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
      std::size_t at = at_;
      for (const std::size_t end = at_ + count; at < end;) {
        const std::size_t of_packet =
            at >= carried_ ? end : (at < first_mark_.end ? first_mark_.end : later_mark(at).end);
        const std::size_t size = std::min(of_packet, end) - at;
        pass_sink_->content(window_.subspan(at, size), stamp_of(at));
        at += size;
      }
    }
    consume(count);
    pass_left_ -= count;
    passed_ += count;
  }
  return pass_left_ == 0 || ended_;
}

const Input::Mark& Input::later_mark(std::size_t place) const {
  return *std::upper_bound(more_marks_->begin(), more_marks_->end(), place,
                           [](std::size_t at, const Mark& each) { return at < each.end; });
}

/// The carried bytes up to `end` that have no mark yet are of this packet.
void Input::mark(std::size_t end, const Stamp& stamp) {
  Mark& last = more_marks_ ? more_marks_->back() : first_mark_;
  if (last.end >= end) return;
  if (last.end == 0) {
    last = {end, stamp};
  } else if (last.stamp.packet == stamp.packet ||
             (more_marks_ && more_marks_->size() == kMaxMarks)) {
    last.end = end;
  } else {
    if (!more_marks_) more_marks_ = std::make_unique<std::pmr::vector<Mark>>(&memory());
    more_marks_->push_back({end, stamp});
  }
}

/// The first `count` bytes are carried no more.
void Input::drop_marks(std::size_t count) {
  if (first_mark_.end > count) {
    first_mark_.end -= count;
  } else if (!more_marks_ || more_marks_->back().end <= count) {
    return forget_marks();
  } else {
    const auto first = std::find_if(more_marks_->begin(), more_marks_->end(),
                                    [&](const Mark& each) { return each.end > count; });
    first_mark_ = {first->end - count, first->stamp};
    more_marks_->erase(more_marks_->begin(), first + 1);
  }
  if (more_marks_ && more_marks_->empty()) more_marks_.reset();
  if (!more_marks_) return;
  work(more_marks_->size());
  for (Mark& each : *more_marks_) each.end -= count;
}

bool Input::pump() {
  // Who is resumed goes on as far as it can with what is here.
  if (!waiting_ || !can_go_on()) return false;
  std::exchange(waiting_, {}).resume();
  return true;
}

bool Input::feed(Bytes bytes, const Stamp& stamp) {
  const bool within_pass =
      waiting_ && !ready_ && bytes.size() < pass_left_ && carry_.empty() && !ended_;
  if (within_pass && !bytes.empty()) {  // what most bytes are: nobody need wake up
    slice_stamp_ = stamp;
    if (pass_sink_) pass_sink_->content(bytes, stamp);
    last_stamp_ = stamp;
    position_ += bytes.size();
    pass_left_ -= bytes.size();
    passed_ += bytes.size();
    return false;
  }
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
    forget_marks();
    window_ = {};
    at_ = carried_ = 0;
    return;
  }
  if (!carry_.empty() && window_.data() == carry_.data()) {
    if (at_ > 0) work(left());
    if (at_ > 0) drop_marks(at_);
    carry_.erase(carry_.begin(), carry_.begin() + static_cast<std::ptrdiff_t>(at_));
  } else {
    forget_marks();
    work(left());
    carry_.assign(window_.begin() + static_cast<std::ptrdiff_t>(at_), window_.end());
  }
  mark(carry_.size(), slice_stamp_);
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
  forget_marks();
  window_ = {};
  at_ = carried_ = 0;
}

}  // namespace wirelens
