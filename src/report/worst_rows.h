// report/worst_rows.h - the heaviest of more records than a table holds, kept until all are known.
//
// A table takes records as they come. Those that come when it is full are offered here with a
// weight, and at the end the heaviest go into the table behind the others, in the order in which
// they came. What is kept is bounded by a count and by bytes; the lightest goes first, and of
// equals the last.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"
#include "report/packed_table.h"

namespace wirelens {

class WorstRows {
 public:
  WorstRows(std::size_t most_rows, std::size_t most_bytes)
      : most_rows_(most_rows), most_bytes_(most_bytes) {}

  /// Keeps a copy of the event if it is among the heaviest so far. What weighs nothing is not kept.
  void offer(std::uint64_t weight, const Event& event);
  /// Events that were offered and are not kept.
  std::uint64_t left_out() const { return offered_ - rows_.size(); }
  /// Puts what is kept into the table. Nothing is offered afterwards.
  void move_into(PackedTable& table);

 private:
  struct Row {
    std::uint64_t weight;
    std::uint64_t order;
    Timestamp time;
    std::optional<ConnectionId> connection;
    FieldRecording fields;
  };
  /// Whether `a` is to be kept rather than `b`: a heap's front is what goes next.
  static bool outweighs(const Row& a, const Row& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.order < b.order;
  }
  void drop_lightest();

  std::size_t most_rows_;
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::uint64_t offered_ = 0;
  std::vector<Row> rows_;  ///< a heap
};

}  // namespace wirelens
