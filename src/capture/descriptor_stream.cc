// capture/descriptor_stream.cc - reading with patience, but not for ever.
#include "capture/descriptor_stream.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace wirelens {

DescriptorStream::DescriptorStream(int descriptor, const std::atomic<bool>* stop,
                                   std::optional<std::uint64_t> total)
    : descriptor_(descriptor), stop_(stop), total_(total) {}

DescriptorStream::~DescriptorStream() {
  close(descriptor_);
}

Bytes DescriptorStream::peek(std::size_t count) {
  while (peeked_.size() < count) {
    const std::size_t have = peeked_.size();
    peeked_.resize(count);
    const Read read = read_descriptor(std::span(peeked_).subspan(have));
    peeked_.resize(have + read.count);
    if (read.state == FeedState::ended || read.state == FeedState::broken) break;
  }
  return peeked_;
}

ByteStream::Read DescriptorStream::read(std::span<std::uint8_t> into) {
  if (peeked_.empty()) return read_descriptor(into);
  const std::size_t count = std::min(into.size(), peeked_.size());
  std::memcpy(into.data(), peeked_.data(), count);
  peeked_.erase(peeked_.begin(), peeked_.begin() + static_cast<std::ptrdiff_t>(count));
  return {count, FeedState::open};
}

ByteStream::Read DescriptorStream::read_descriptor(std::span<std::uint8_t> into) {
  if (stop_ != nullptr && *stop_) return {0, FeedState::ended};
  if (!total_) {
    pollfd wait{descriptor_, POLLIN, 0};
    const int ready = poll(&wait, 1, kPatienceMs);
    if (ready == 0 || (ready < 0 && errno == EINTR)) return {0, FeedState::idle};
  }
  const ssize_t count = ::read(descriptor_, into.data(), into.size());
  if (count > 0) {
    bytes_read_ += static_cast<std::uint64_t>(count);
    return {static_cast<std::size_t>(count), FeedState::open};
  }
  if (count == 0) return {0, FeedState::ended};
  if (errno == EINTR || errno == EAGAIN) return {0, FeedState::idle};
  fault_ = std::string("cannot be read: ") + std::strerror(errno);
  return {0, FeedState::broken};
}

}  // namespace wirelens
