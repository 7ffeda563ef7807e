// bench/decode_bench.cc - from captured bytes to headers, and the hash of a flow.
#include <benchmark/benchmark.h>

#include <cstring>
#include <string>
#include <vector>

#include "bench/generated.h"
#include "decode/decode.h"

namespace wirelens {
namespace {

std::string workload(const char* name) {
  bench::Options options;
  options.packets = 50'000;
  return bench::Generated(name, options).bytes();
}

// The records of a pcap file in native byte order; they borrow from `file`.
std::vector<Packet> packets_of(const std::string& file) {
  std::vector<Packet> packets;
  for (std::size_t at = 24; at < file.size();) {
    std::uint32_t header[4];
    std::memcpy(header, file.data() + at, sizeof header);
    at += sizeof header;
    Packet packet;
    packet.time = packet.now = timestamp_ns(header[0] * std::int64_t{1'000'000'000} + header[1]);
    packet.number = packets.size() + 1;
    packet.bytes = as_bytes(std::string_view(file).substr(at, header[2]));
    packet.original_length = header[3];
    packets.push_back(packet);
    at += header[2];
  }
  return packets;
}

void decode(benchmark::State& state, const char* name, DecodeOptions options = {}) {
  const std::string file = workload(name);
  const std::vector<Packet> packets = packets_of(file);
  const Interface ethernet;
  Ledger ledger(std::size_t{1} << 30);
  Decoder decoder(ledger, options);
  Decoded decoded;
  std::uint64_t flows = 0;
  for (auto _ : state) {
    for (const Packet& packet : packets) {
      flows += decoder.decode(packet, ethernet, decoded) == Verdict::flow;
    }
  }
  if (flows != packets.size() * static_cast<std::uint64_t>(state.iterations())) {
    state.SkipWithError("packets were not decoded");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(flows));
}
BENCHMARK_CAPTURE(decode, mix, "mix")->Name("decode/mix");
BENCHMARK_CAPTURE(decode, small, "small")->Name("decode/small");
BENCHMARK_CAPTURE(decode, bulk, "bulk")->Name("decode/bulk");

constexpr DecodeOptions kHeadersOnly{.verify_checksums = false};
BENCHMARK_CAPTURE(decode, mix_headers, "mix", kHeadersOnly)->Name("decode/mix_headers_only");
BENCHMARK_CAPTURE(decode, small_headers, "small", kHeadersOnly)->Name("decode/small_headers_only");
BENCHMARK_CAPTURE(decode, bulk_headers, "bulk", kHeadersOnly)->Name("decode/bulk_headers_only");

void hash(benchmark::State& state) {
  const HashKey secret = HashKey::random();
  FlowKey key;
  for (auto _ : state) {
    ++key.low_port;
    benchmark::DoNotOptimize(hash_of(secret, key));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hash)->Name("flow/hash");

}  // namespace
}  // namespace wirelens
