// bench/dissect_bench.cc - what it costs to read a stream by a coroutine, whatever the protocol.
#include <benchmark/benchmark.h>

#include <memory_resource>

#include "bench/material.h"
#include "dissect/dissection.h"
#include "dissect/input.h"

namespace wirelens {
namespace {

constexpr std::size_t kSegment = 1'448;

// Messages of a length in two bytes and as many bytes behind it, which nobody wants.
Dissection step_over(Input& in, std::uint64_t& messages) {
  while (co_await in.more()) {
    const std::optional<Bytes> length = co_await in.take(2);
    if (!length) co_return;
    co_await in.pass(load_be16(length->data()));
    ++messages;
  }
}

std::vector<std::uint8_t> stream_of(std::size_t message) {
  std::vector<std::uint8_t> stream;
  while (stream.size() < 1 << 20) {
    stream.push_back(static_cast<std::uint8_t>(message >> 8));
    stream.push_back(static_cast<std::uint8_t>(message));
    stream.resize(stream.size() + message);
  }
  return stream;
}

void pass_messages(benchmark::State& state) {
  const auto stream = stream_of(static_cast<std::size_t>(state.range(0)));
  std::uint64_t messages = 0;
  for (auto _ : state) {
    Input in(Direction::from_client, *std::pmr::get_default_resource());
    Dissection reader = step_over(in, messages);
    reader.resume();
    for (std::size_t at = 0; at < stream.size(); at += kSegment) {
      const Bytes segment = Bytes(stream).subspan(at, std::min(kSegment, stream.size() - at));
      in.feed(segment, {});
    }
    in.finish(true, {});
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(messages));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
}
BENCHMARK(pass_messages)->Name("dissect/pass")->Arg(16)->Arg(500)->Arg(16'384);

}  // namespace
}  // namespace wirelens
