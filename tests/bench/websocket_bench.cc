// bench/websocket_bench.cc - unmasking, and the check of text, a payload at a time.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "common/utf8.h"
#include "websocket/frame.h"

namespace wirelens::websocket {
namespace {

void unmask_payload(benchmark::State& state) {
  const std::vector<std::uint8_t> payload(static_cast<std::size_t>(state.range(0)), 0x5a);
  std::vector<std::uint8_t> clear(payload.size());
  const Mask mask = {1, 2, 3, 4};
  for (auto _ : state) {
    unmask(payload, mask, 1, clear.data());
    benchmark::DoNotOptimize(clear.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(unmask_payload)->Arg(16)->Arg(256)->Arg(4096)->Arg(65536);

void check_text(benchmark::State& state) {
  const std::vector<std::uint8_t> text(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    Utf8Check check;
    benchmark::DoNotOptimize(check.feed(text));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(check_text)->Arg(256)->Arg(4096);

}  // namespace
}  // namespace wirelens::websocket
