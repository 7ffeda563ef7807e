// report/worst_rows.cc - a heap whose front is what would go next.
#include "report/worst_rows.h"

#include <algorithm>

namespace wirelens {

void WorstRows::offer(std::uint64_t weight, const Event& event) {
  const std::uint64_t order = offered_++;
  if (weight == 0 || most_rows_ == 0) return;
  const bool full = rows_.size() == most_rows_ || bytes_ >= most_bytes_;
  if (full && rows_.front().weight >= weight) return;
  Row row{weight, order, event.time(), event.connection(), {}};
  event.describe(row.fields);
  bytes_ += row.fields.bytes();
  rows_.push_back(std::move(row));
  std::push_heap(rows_.begin(), rows_.end(), outweighs);
  while (rows_.size() > most_rows_ || (bytes_ > most_bytes_ && rows_.size() > 1)) drop_lightest();
}

void WorstRows::drop_lightest() {
  std::pop_heap(rows_.begin(), rows_.end(), outweighs);
  bytes_ -= rows_.back().fields.bytes();
  rows_.pop_back();
}

void WorstRows::move_into(PackedTable& table) {
  std::sort(rows_.begin(), rows_.end(),
            [](const Row& a, const Row& b) { return a.order < b.order; });
  for (const Row& row : rows_) table.add(row.time, row.connection, row.fields);
}

}  // namespace wirelens
