// flow/flow_index.h - from a key's hash to the records that may have that key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/ledger.h"

namespace wirelens {

/// Which record: its kind and its number there.
struct FlowHandle {
  enum class Kind : std::uint32_t { none = 0, half_open = 1, tcp = 2, udp = 3 };
  std::uint32_t bits = 0;  ///< kind in the top two bits, number below

  static constexpr std::uint32_t kMaxNumber = (1u << 30) - 1;
  static FlowHandle of(Kind kind, std::uint32_t number) {
    return {(static_cast<std::uint32_t>(kind) << 30) | number};
  }
  Kind kind() const { return static_cast<Kind>(bits >> 30); }
  std::uint32_t number() const { return bits & kMaxNumber; }
  explicit operator bool() const { return bits != 0; }
  friend bool operator==(FlowHandle, FlowHandle) = default;
};

/// Open addressing with linear probing, at most 3/4 full; entries are moved back on erase, so there
/// are no tombstones. Holds 32 bits of a keyed hash and the handle; the caller compares full keys.
class FlowIndex {
 public:
  explicit FlowIndex(Ledger& ledger) : ledger_(ledger), entries_(kSmallest), mask_(kSmallest - 1) {
    ledger_.force(Charge::flows, kSmallest * sizeof(Entry));
  }
  ~FlowIndex() { ledger_.give(Charge::flows, entries_.size() * sizeof(Entry)); }
  FlowIndex(const FlowIndex&) = delete;
  FlowIndex& operator=(const FlowIndex&) = delete;

  void prefetch(std::uint32_t hash) const { __builtin_prefetch(&entries_[hash & mask_]); }
  /// The first handle under `hash`, for prefetching its record: a guess that looks not far.
  FlowHandle guess(std::uint32_t hash) const {
    std::size_t at = hash & mask_;
    for (int looked = 0; looked < kGuesses && entries_[at].handle; ++looked) {
      if (entries_[at].hash == hash) return entries_[at].handle;
      at = (at + 1) & mask_;
    }
    return {};
  }
  /// The handle for which `same(handle)` holds among those under `hash`.
  template <class Same>
  FlowHandle find(std::uint32_t hash, Same same) const {
    for (std::size_t at = hash & mask_; entries_[at].handle; at = (at + 1) & mask_) {
      if (entries_[at].hash == hash && same(entries_[at].handle)) return entries_[at].handle;
    }
    return {};
  }
  void insert(std::uint32_t hash, FlowHandle handle) {
    if ((used_ + 1) * 4 > entries_.size() * 3) grow();
    place({hash, handle});
    ++used_;
  }
  /// Another record takes the place of `from`.
  void replace(std::uint32_t hash, FlowHandle from, FlowHandle to) {
    for (std::size_t at = hash & mask_; entries_[at].handle; at = (at + 1) & mask_) {
      if (entries_[at].hash == hash && entries_[at].handle == from) {
        entries_[at].handle = to;
        return;
      }
    }
  }
  void erase(std::uint32_t hash, FlowHandle handle);
  std::size_t size() const { return used_; }
  /// The next insert() doubles the table.
  std::size_t bytes_to_grow() const {
    return (used_ + 1) * 4 > entries_.size() * 3 ? entries_.size() * sizeof(Entry) : 0;
  }

 private:
  struct Entry {
    std::uint32_t hash = 0;
    FlowHandle handle;
  };
  static constexpr std::size_t kSmallest = 1024;
  static constexpr int kGuesses = 8;  // about a cache line

  void place(Entry entry) {
    std::size_t at = entry.hash & mask_;
    while (entries_[at].handle) at = (at + 1) & mask_;
    entries_[at] = entry;
  }
  void grow();

  Ledger& ledger_;
  std::vector<Entry> entries_;
  std::size_t mask_;
  std::size_t used_ = 0;
};

}  // namespace wirelens
