// flow/half_open_ring.h - bare SYNs in order of arrival; the oldest makes room.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <vector>

#include "base/ledger.h"
#include "base/prefetch.h"
#include "tcp/half_open.h"

namespace wirelens {

/// A queue of chunks. It grows up to its cap (the ledger's for Charge::half_open); then chunks are
/// used again from the oldest on. Entries that were answered leave dead places behind. An entry
/// never moves.
class HalfOpenRing {
 public:
  using Number = std::uint32_t;

  explicit HalfOpenRing(Ledger& ledger) : ledger_(ledger) {}
  ~HalfOpenRing() {
    ledger_.give(Charge::half_open, (order_.size() + spare_.size()) * sizeof(Chunk));
  }
  HalfOpenRing(const HalfOpenRing&) = delete;
  HalfOpenRing& operator=(const HalfOpenRing&) = delete;

  tcp::HalfOpen& at(Number number) {
    return chunks_[number / kPerChunk]->entries[number % kPerChunk];
  }
  /// Prefetches an entry that may be long gone.
  [[gnu::always_inline]] void approach(Number number) const {
    const Chunk* const chunk = chunks_[number / kPerChunk].get();
    if (chunk != nullptr) prefetch(&chunk->entries[number % kPerChunk]);
  }
  /// Any number may be asked for, also one whose entry is long gone.
  bool alive(Number number) {
    return chunks_[number / kPerChunk] != nullptr && at(number).time != kDead;
  }
  void kill(Number number) {
    at(number).time = kDead;
    --used_;
    while (!empty() && !alive(oldest())) drop_oldest();
  }

  /// There is no place and no memory for another: the oldest must go until there is.
  bool full() {
    if (!order_.empty() && end_ < kPerChunk) return false;
    if (!spare_.empty()) return false;
    if (order_.size() == kMaxChunks || !ledger_.take(Charge::half_open, sizeof(Chunk))) return true;
    if (vacant_.empty()) {
      vacant_.push_back(static_cast<Number>(chunks_.size()));
      chunks_.emplace_back();
    }
    chunks_[vacant_.back()] = std::make_unique<Chunk>();
    spare_.push_back(vacant_.back());
    vacant_.pop_back();
    return false;
  }
  bool empty() const { return order_.empty(); }
  /// The oldest living entry; the ring is not empty.
  Number oldest() const { return order_.front() * kPerChunk + begin_; }
  std::uint32_t used() const { return used_; }
  /// A place for a new entry; full() has said no.
  Number add(const tcp::HalfOpen& entry) {
    if (order_.empty() || end_ == kPerChunk) {
      if (order_.empty()) begin_ = 0;
      order_.push_back(spare_.back());
      spare_.pop_back();
      end_ = 0;
    }
    const Number number = order_.back() * kPerChunk + end_++;
    at(number) = entry;
    ++used_;
    return number;
  }
  /// Calls see(number) for each living entry, oldest first, until it says false.
  template <class See>
  void each_until(See see) {
    for (std::size_t i = 0; i < order_.size(); ++i) {
      const Number begin = i == 0 ? begin_ : 0;
      const Number end = i + 1 == order_.size() ? end_ : kPerChunk;
      for (Number at = begin; at < end; ++at) {
        const Number number = order_[i] * kPerChunk + at;
        if (alive(number) && !see(number)) return;
      }
    }
  }

 private:
  static constexpr Number kPerChunk = 256;
  static constexpr std::size_t kMaxChunks = (1u << 30) / kPerChunk;
  static constexpr std::int64_t kDead = std::numeric_limits<std::int64_t>::min();
  struct Chunk {
    tcp::HalfOpen entries[kPerChunk];
  };

  void drop_oldest() {
    const bool last_chunk = order_.size() == 1;
    if (++begin_ < (last_chunk ? end_ : kPerChunk)) return;
    const Number emptied = order_.front();
    order_.pop_front();
    if (spare_.empty()) {
      spare_.push_back(emptied);
    } else {
      chunks_[emptied].reset();
      vacant_.push_back(emptied);
      ledger_.give(Charge::half_open, sizeof(Chunk));
    }
    begin_ = 0;
  }

  Ledger& ledger_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::deque<Number> order_;    // chunks in use, oldest first
  std::vector<Number> spare_;   // chunks to use again
  std::vector<Number> vacant_;  // places in chunks_ without a chunk
  Number begin_ = 0;            // first entry of the first chunk in use
  Number end_ = 0;              // behind the last entry of the last one
  std::uint32_t used_ = 0;
};

}  // namespace wirelens
