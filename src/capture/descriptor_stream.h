// capture/descriptor_stream.h - bytes from a file descriptor: a pipe, standard input, a file.
#pragma once

#include <atomic>
#include <vector>

#include "capture/feed.h"

namespace wirelens {

class DescriptorStream final : public ByteStream {
 public:
  /// How long a read waits before it says idle.
  static constexpr int kPatienceMs = 100;

  /// Owns `descriptor`. A wait ends when `stop` (may be null) is set: the input then counts as
  /// ended. `total`: bytes in all, if it is a regular file.
  DescriptorStream(int descriptor, const std::atomic<bool>* stop,
                   std::optional<std::uint64_t> total);
  ~DescriptorStream() override;
  DescriptorStream(const DescriptorStream&) = delete;
  DescriptorStream& operator=(const DescriptorStream&) = delete;

  /// The first `count` bytes (fewer if there are no more), which read() gives again. Waits for
  /// them. Before the first read() only.
  Bytes peek(std::size_t count);

  Read read(std::span<std::uint8_t> into) override;
  std::string fault() const override { return fault_; }
  std::uint64_t bytes_read() const override { return bytes_read_; }
  std::optional<std::uint64_t> bytes_total() const override { return total_; }

 private:
  Read read_descriptor(std::span<std::uint8_t> into);

  int descriptor_;
  const std::atomic<bool>* stop_;
  std::optional<std::uint64_t> total_;
  std::vector<std::uint8_t> peeked_;
  std::uint64_t bytes_read_ = 0;
  std::string fault_;
};

}  // namespace wirelens
