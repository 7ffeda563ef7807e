// capture/feed.cc - the sliding buffer over a stream.
#include "capture/feed.h"

#include <algorithm>
#include <cassert>

namespace wirelens {

Stretch StreamFeed::advance(std::uint64_t offset, std::size_t need) {
  drop_before(offset);
  make_room(need);
  FeedState state = FeedState::open;
  while (end_ - begin_ < need && state == FeedState::open) {
    const auto read = stream_->read(std::span(buffer_).subspan(end_));
    end_ += read.count;
    state = read.state;
  }
  return {Bytes(buffer_).subspan(begin_, end_ - begin_), state};
}

void StreamFeed::drop_before(std::uint64_t offset) {
  assert(offset >= offset_ && offset - offset_ <= end_ - begin_);
  begin_ += static_cast<std::size_t>(offset - offset_);
  offset_ = offset;
}

void StreamFeed::make_room(std::size_t need) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (begin_ + need <= buffer_.size() && end_ < buffer_.size()) return;
  // What is left is less than one record, so all moves together cost no more than the input.
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
            buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
  bytes_moved_ += end_ - begin_;
  end_ -= begin_;
  begin_ = 0;
  if (need > buffer_.size()) buffer_.resize(std::max({need, chunk_, buffer_.size() * 2}));
}

}  // namespace wirelens
