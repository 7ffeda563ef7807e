// flow/slab.h - records of one size that never move, found by a 32-bit number; beside each lies
// what is seldom looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/ledger.h"

namespace wirelens {

/// Chunks of records, charged to the ledger a chunk at a time. Freed records are used again, the
/// last freed first; chunks stay until the slab goes.
template <class T, class Beside>
class Slab {
 public:
  using Number = std::uint32_t;
  static constexpr Number kNone = std::numeric_limits<Number>::max();

  /// `memory`, as the ledger, outlives it.
  Slab(Ledger& ledger, Charge charge, std::pmr::memory_resource& memory)
      : ledger_(ledger), charge_(charge), memory_(memory) {}
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    for (Number number = 0; number < made_; ++number) {
      if (alive_[number]) at(number).~T();
    }
    for (Chunk* const chunk : chunks_) memory_.deallocate(chunk, sizeof(Chunk), alignof(Chunk));
    ledger_.give(charge_, chunks_.size() * sizeof(Chunk));
  }

  /// A new record, or kNone if the ledger refuses.
  template <class... Arguments>
  Number make(Arguments&&... arguments) {
    Number number = free_;
    if (number != kNone) {
      free_ = next_free(number);
    } else {
      if (made_ == chunks_.size() * kPerChunk && !grow()) return kNone;
      number = made_++;
      alive_.push_back(false);
    }
    new (raw(number)) T(std::forward<Arguments>(arguments)...);
    beside(number) = {};
    alive_[number] = true;
    ++used_;
    return number;
  }
  void free(Number number) {
    at(number).~T();
    alive_[number] = false;
    next_free(number) = free_;
    free_ = number;
    --used_;
  }

  T& at(Number number) { return *std::launder(reinterpret_cast<T*>(raw(number))); }
  Beside& beside(Number number) { return chunk(number).beside[number % kPerChunk]; }
  bool alive(Number number) const { return alive_[number]; }
  /// Numbers run from 0 up to here.
  Number made() const { return made_; }
  Number used() const { return used_; }
  /// A record can be made without asking the ledger.
  bool has_room() const { return free_ != kNone || made_ < chunks_.size() * kPerChunk; }

 private:
  static constexpr std::size_t kPerChunk = 64;
  static_assert(sizeof(T) >= sizeof(Number));
  static_assert(std::is_trivially_destructible_v<Beside>);
  struct Chunk {
    alignas(T) std::byte bytes[kPerChunk * sizeof(T)];
    Beside beside[kPerChunk];
  };

  bool grow() {
    if (!ledger_.take(charge_, sizeof(Chunk))) return false;
    chunks_.push_back(new (memory_.allocate(sizeof(Chunk), alignof(Chunk))) Chunk);
    return true;
  }
  Chunk& chunk(Number number) { return *chunks_[number / kPerChunk]; }
  std::byte* raw(Number number) { return chunk(number).bytes + number % kPerChunk * sizeof(T); }
  Number& next_free(Number number) { return *reinterpret_cast<Number*>(raw(number)); }

  Ledger& ledger_;
  Charge charge_;
  std::pmr::memory_resource& memory_;
  std::vector<Chunk*> chunks_;
  std::vector<bool> alive_;
  Number free_ = kNone;
  Number made_ = 0;
  Number used_ = 0;
};

}  // namespace wirelens
