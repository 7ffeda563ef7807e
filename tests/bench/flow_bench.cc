// bench/flow_bench.cc - finding a flow, and the coming and going of flows, in small and large
// tables.
#include <benchmark/benchmark.h>

#include <vector>

#include "bench/random.h"
#include "flow/flow_index.h"

namespace wirelens {
namespace {

constexpr std::size_t kAhead = 8;

/// An index over `count` records of 64 bytes that hold their hash, as flows hold their key.
struct Table {
  struct alignas(64) Record {
    std::uint64_t key = 0;
  };

  explicit Table(std::uint64_t count) : records(count) {
    bench::Draws draws(1, 1);
    for (std::uint32_t i = 0; i < count; ++i) {
      records[i].key = draws.next();
      index.insert(hash_of(i), handle_of(i));
    }
  }
  std::uint32_t hash_of(std::uint32_t i) const {
    return static_cast<std::uint32_t>(records[i].key);
  }
  static FlowHandle handle_of(std::uint32_t i) { return FlowHandle::of(FlowHandle::Kind::tcp, i); }

  Ledger ledger{std::size_t{1} << 34};
  FlowIndex index{ledger};
  std::vector<Record> records;
};

// Which record each packet belongs to: any, as in round-robin traffic.
std::vector<std::uint32_t> visits(std::uint64_t count) {
  std::vector<std::uint32_t> result(1 << 20);
  bench::Draws draws(1, 2);
  for (auto& visit : result) visit = static_cast<std::uint32_t>(draws.below(count));
  return result;
}

void find(benchmark::State& state, bool prefetch) {
  const Table table(static_cast<std::uint64_t>(state.range(0)));
  const std::vector<std::uint32_t> order = visits(table.records.size());
  // What a packet brings along: its key, here without touching the record.
  std::vector<std::uint64_t> keys;
  for (const std::uint32_t visit : order) keys.push_back(table.records[visit].key);
  std::uint64_t found = 0;
  std::size_t at = 0;
  for (auto _ : state) {
    if (prefetch) {
      const auto next = static_cast<std::uint32_t>(keys[(at + 2 * kAhead) % keys.size()]);
      const auto soon = static_cast<std::uint32_t>(keys[(at + kAhead) % keys.size()]);
      table.index.prefetch(next);
      if (const FlowHandle guess = table.index.guess(soon)) {
        __builtin_prefetch(&table.records[guess.number()]);
      }
    }
    const std::uint64_t key = keys[at];
    const FlowHandle handle = table.index.find(
        static_cast<std::uint32_t>(key),
        [&](FlowHandle candidate) { return table.records[candidate.number()].key == key; });
    found += static_cast<bool>(handle);
    at = (at + 1) % keys.size();
  }
  if (found != static_cast<std::uint64_t>(state.iterations())) state.SkipWithError("not found");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(find, cold, false)->Name("flow/find")->Arg(10'000)->Arg(1'000'000);
BENCHMARK_CAPTURE(find, ahead, true)->Name("flow/find_prefetched")->Arg(10'000)->Arg(1'000'000);

void come_and_go(benchmark::State& state) {
  Table table(static_cast<std::uint64_t>(state.range(0)));
  const std::vector<std::uint32_t> order = visits(table.records.size());
  std::size_t at = 0;
  for (auto _ : state) {
    const std::uint32_t visit = order[at];
    table.index.erase(table.hash_of(visit), Table::handle_of(visit));
    table.index.insert(table.hash_of(visit), Table::handle_of(visit));
    at = (at + 1) % order.size();
  }
  if (table.index.size() != table.records.size()) state.SkipWithError("entries were lost");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(come_and_go)->Name("flow/erase_insert")->Arg(10'000)->Arg(1'000'000);

}  // namespace
}  // namespace wirelens
