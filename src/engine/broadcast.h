// engine/broadcast.h - one stream of packets for several workers: blocks that all of them walk.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "capture/source.h"
#include "engine/key_log_tail.h"

namespace wirelens {

/// Packets with their bytes, and what is known by then.
struct PacketBlock {
  std::vector<Packet> packets;
  std::vector<std::uint8_t> bytes;
  std::shared_ptr<const std::vector<Interface>> interfaces;
  std::vector<Annotations::Keys> keys;  ///< secrets that came with them
};

/// Blocks on their way to one worker; at most kMostWaiting of them.
class BlockQueue {
 public:
  void push(std::shared_ptr<const PacketBlock> block);
  void end();
  /// nullptr at the end.
  std::shared_ptr<const PacketBlock> pop();

 private:
  static constexpr std::size_t kMostWaiting = 8;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<const PacketBlock>> blocks_;
  bool ended_ = false;
};

/// Copies packets out of a source whose bytes live only until its next read.
class BlockReader {
 public:
  /// `keys`: a key log that grows, or nullptr.
  BlockReader(Source& source, KeyLogTail* keys) : source_(source), key_log_(keys) {}

  /// The next block: full, or what there was when a live source paused (maybe nothing); nullptr at
  /// the end.
  std::shared_ptr<const PacketBlock> read();

 private:
  static constexpr std::size_t kBlockPackets = 4096;
  static constexpr std::size_t kBlockBytes = 2u << 20;

  Source& source_;
  std::shared_ptr<const std::vector<Interface>> interfaces_;
  KeyLogTail* key_log_;
  std::size_t keys_seen_ = 0;
  bool ended_ = false;
};

}  // namespace wirelens
