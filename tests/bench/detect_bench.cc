// bench/detect_bench.cc - the analysis of the mix with all rules and without any: what rules cost.
#include <benchmark/benchmark.h>

#include <stdexcept>

#include "all.h"
#include "bench/generated.h"
#include "capture/source.h"
#include "engine/engine.h"

namespace wirelens {
namespace {

class Nowhere final : public EventSink {
 public:
  void write(const Event&) override { ++events; }
  std::uint64_t events = 0;
};

void analysis(benchmark::State& state, std::span<const detect::Rule* const> rules) {
  static const bench::Generated generated("mix", [] {
    bench::Options options;
    options.packets = 200'000;
    return options;
  }());
  EngineOptions options;
  options.protocols = all_protocols();
  options.rules = rules;
  const SourceOpener open = [&] { return open_savefile(generated.path(), {}); };
  std::uint64_t events = 0;
  for (auto _ : state) {
    Nowhere sink;
    if (!run(open, options, {}, sink)) throw std::runtime_error("cannot read the workload");
    events += sink.events;
  }
  state.counters["events"] =
      benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
}

void with_rules(benchmark::State& state) {
  analysis(state, all_rules());
}
void without_rules(benchmark::State& state) {
  analysis(state, {});
}
BENCHMARK(with_rules)->Name("analysis/rules")->Unit(benchmark::kMillisecond);
BENCHMARK(without_rules)->Name("analysis/no_rules")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wirelens
