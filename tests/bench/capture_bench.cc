// bench/capture_bench.cc - walking a capture, by our reader and by libpcap.
#include <benchmark/benchmark.h>

#include <array>
#include <stdexcept>

#include "bench/generated.h"
#include "capture/source.h"

namespace wirelens {
namespace {

constexpr std::size_t kBatch = 64;

const bench::Generated& mix() {
  static const bench::Generated generated("mix", [] {
    bench::Options options;
    options.packets = 100'000;
    return options;
  }());
  return generated;
}

std::unique_ptr<Source> open_mix(bool use_libpcap) {
  OpenOptions options;
  options.use_libpcap = use_libpcap;
  auto source = open_savefile(mix().path(), options);
  if (!source) throw std::runtime_error("cannot open the workload");
  return std::move(*source);
}

template <class Take>
std::uint64_t read_all(Source& source, Take take) {
  std::array<Packet, kBatch> packets;
  std::uint64_t count = 0;
  ReadResult result;
  while (!result.ended) {
    result = source.read(packets);
    for (std::size_t i = 0; i < result.count; ++i) take(packets[i]);
    count += result.count;
  }
  return count;
}

void walk(benchmark::State& state, bool use_libpcap) {
  std::uint64_t packets = 0, bytes = 0;
  for (auto _ : state) {
    const auto source = open_mix(use_libpcap);
    packets += read_all(*source, [&](const Packet& packet) { bytes += packet.bytes.size(); });
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(packets));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK_CAPTURE(walk, own, false)->Name("capture/own");
BENCHMARK_CAPTURE(walk, libpcap, true)->Name("capture/libpcap");

}  // namespace
}  // namespace wirelens
