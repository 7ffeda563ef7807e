// flow/flow_index.cc - growing and erasing.
#include "flow/flow_index.h"

namespace wirelens {

void FlowIndex::grow() {
  std::vector<Entry> old(entries_.size() * 2);
  ledger_.force(Charge::flows, entries_.size() * sizeof(Entry));
  old.swap(entries_);
  mask_ = entries_.size() - 1;
  for (const Entry& entry : old) {
    if (entry.handle) place(entry);
  }
}

void FlowIndex::erase(std::uint32_t hash, FlowHandle handle) {
  std::size_t hole = hash & mask_;
  while (entries_[hole].hash != hash || entries_[hole].handle != handle) {
    if (!entries_[hole].handle) return;
    hole = (hole + 1) & mask_;
  }
  // Whoever stands behind the hole moves into it, unless that would put it in front of its home.
  for (std::size_t at = (hole + 1) & mask_; entries_[at].handle; at = (at + 1) & mask_) {
    const std::size_t home = entries_[at].hash & mask_;
    if (((at - home) & mask_) < ((at - hole) & mask_)) continue;
    entries_[hole] = entries_[at];
    hole = at;
  }
  entries_[hole] = {};
  --used_;
}

}  // namespace wirelens
