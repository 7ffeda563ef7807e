// capture/packet_copies.h - keeps the bytes of one batch that libpcap lends only for a moment.
#pragma once

#include <cstddef>
#include <cstring>
#include <vector>

#include "base/bytes.h"

namespace wirelens {

/// A bounded block of copied packets. Whoever fills it asks has_room() before the next packet is
/// fetched, so that none is lost.
class PacketCopies {
 public:
  static constexpr std::size_t kBlock = 4u << 20;

  /// `largest`: the most bytes that a packet can have.
  explicit PacketCopies(std::size_t largest) : largest_(largest), block_(kBlock + largest) {}

  /// Forgets the batch before.
  void clear() { used_ = 0; }
  bool has_room() const { return block_.size() - used_ >= largest_; }
  /// A copy that lives until clear(). `bytes` has at most `largest` bytes.
  Bytes copy(Bytes bytes) {
    if (bytes.empty()) return {};
    std::memcpy(block_.data() + used_, bytes.data(), bytes.size());
    const Bytes kept = Bytes(block_).subspan(used_, bytes.size());
    used_ += bytes.size();
    return kept;
  }

 private:
  std::size_t largest_;
  std::vector<std::uint8_t> block_;
  std::size_t used_ = 0;
};

}  // namespace wirelens
