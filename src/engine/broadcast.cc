// engine/broadcast.cc - filling blocks and handing them round.
#include "engine/broadcast.h"

#include <array>

namespace wirelens {

void BlockQueue::push(std::shared_ptr<const PacketBlock> block) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return blocks_.size() < kMostWaiting; });
  blocks_.push_back(std::move(block));
  changed_.notify_all();
}

void BlockQueue::end() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

std::shared_ptr<const PacketBlock> BlockQueue::pop() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended_ || !blocks_.empty(); });
  if (blocks_.empty()) return nullptr;
  std::shared_ptr<const PacketBlock> block = std::move(blocks_.front());
  blocks_.pop_front();
  changed_.notify_all();
  return block;
}

std::shared_ptr<const PacketBlock> BlockReader::read() {
  if (ended_) return nullptr;
  auto block = std::make_shared<PacketBlock>();
  block->bytes.reserve(kBlockBytes);
  std::array<Packet, 64> batch;
  while (block->packets.size() < kBlockPackets && block->bytes.size() < kBlockBytes) {
    const ReadResult result = source_.read(batch);
    for (const Packet& packet : std::span(batch).first(result.count)) {
      block->packets.push_back(packet);
      block->bytes.insert(block->bytes.end(), packet.bytes.begin(), packet.bytes.end());
    }
    ended_ = result.ended;
    if (result.count == 0 || ended_) break;
  }
  // Only now do the bytes lie where they stay.
  const std::uint8_t* at = block->bytes.data();
  for (Packet& packet : block->packets) {
    packet.bytes = {at, packet.bytes.size()};
    at += packet.bytes.size();
  }
  if (!interfaces_ || interfaces_->size() != source_.interfaces().size()) {
    interfaces_ = std::make_shared<const std::vector<Interface>>(source_.interfaces());
  }
  block->interfaces = interfaces_;
  if (key_log_ != nullptr) {
    SecretText fresh = key_log_->fresh();
    if (!fresh.empty()) block->keys.push_back({0, std::move(fresh)});
  }
  const auto& keys = source_.annotations().tls_keys;
  for (; keys_seen_ < keys.size(); ++keys_seen_) block->keys.push_back(keys[keys_seen_]);
  return block;
}

}  // namespace wirelens
