// bench/tcp_bench.cc - one connection's segments: in order, with holes that fill, and backwards.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory_resource>
#include <vector>

#include "tcp/connection.h"

namespace wirelens {
namespace {

constexpr std::uint32_t kSegment = 1'448;
constexpr std::size_t kSegments = 4'096;
constexpr std::size_t kWindow = 64;

enum class Order { in_sequence, hole_fills, reversed };

/// Swallows the stream, and counts it.
class Counter final : public tcp::Listener {
 public:
  std::uint64_t bytes = 0;

  void data(Direction, Bytes more, const Stamp&) override { bytes += more.size(); }
  void gap(Direction, std::uint64_t, const Stamp&) override {}
  void end(Direction, tcp::Ending, const Stamp&) override {}
  void flaw(const Flaw&, std::optional<Direction>, std::string_view) override {}
};

// The order in which the segments of each window arrive.
std::vector<std::uint32_t> arrivals(Order order) {
  std::vector<std::uint32_t> result(kSegments);
  for (std::uint32_t i = 0; i < kSegments; ++i) result[i] = i;
  for (std::size_t at = 0; at < kSegments; at += kWindow) {
    const auto first = result.begin() + static_cast<std::ptrdiff_t>(at);
    if (order == Order::reversed) std::reverse(first, first + kWindow);
    if (order == Order::hole_fills) std::rotate(first, first + 1, first + kWindow / 2);
  }
  return result;
}

struct Segment {
  Packet packet;
  Decoded decoded;
};

Segment segment(std::uint64_t number, std::uint8_t flags, std::uint32_t sequence, bool from_high,
                Bytes payload) {
  Segment made;
  made.packet.time = made.packet.now =
      timestamp_ns(1'795'208'444'000'000'000 + static_cast<std::int64_t>(number) * 12'000);
  made.packet.number = number;
  made.packet.bytes = payload;
  made.packet.original_length = static_cast<std::uint32_t>(payload.size());
  made.decoded.transport = Transport::tcp;
  made.decoded.checksum = Checksum::good;
  made.decoded.from_high = from_high;
  made.decoded.key.low_port = 80;
  made.decoded.key.high_port = 40'000;
  made.decoded.ttl = 64;
  made.decoded.tcp.flags = flags;
  made.decoded.tcp.sequence = sequence;
  made.decoded.tcp.acknowledgment = 1;
  made.decoded.tcp.window = 65'535;
  made.decoded.payload = payload;
  made.decoded.payload_length = static_cast<std::uint32_t>(payload.size());
  return made;
}

std::vector<Segment> conversation(Order order, Bytes payload) {
  std::vector<Segment> segments;
  segments.push_back(segment(1, TcpHeader::kSyn, 0, true, {}));
  segments.back().decoded.tcp.acknowledgment = 0;
  segments.push_back(segment(2, TcpHeader::kSyn | TcpHeader::kAck, 0, false, {}));
  segments.push_back(segment(3, TcpHeader::kAck, 1, true, {}));
  for (const std::uint32_t i : arrivals(order)) {
    segments.push_back(
        segment(segments.size() + 1, TcpHeader::kAck, 1 + i * kSegment, true, payload));
  }
  return segments;
}

void reassemble(benchmark::State& state, Order order) {
  const std::vector<std::uint8_t> payload(kSegment);
  const std::vector<Segment> segments = conversation(order, payload);
  Ledger ledger(std::size_t{1} << 30);
  const tcp::Settings settings;
  std::pmr::unsynchronized_pool_resource memory;
  tcp::Surroundings around{ledger, memory, settings};
  Counter counter;
  for (auto _ : state) {
    tcp::Connection connection;
    for (const Segment& one : segments) {
      connection.segment(one.packet, one.decoded, around, counter);
    }
    connection.finish(around, counter);
  }
  const auto runs = static_cast<std::uint64_t>(state.iterations());
  if (counter.bytes != runs * kSegments * kSegment) state.SkipWithError("bytes were lost");
  state.SetItemsProcessed(static_cast<std::int64_t>(runs * segments.size()));
  state.SetBytesProcessed(static_cast<std::int64_t>(counter.bytes));
}
BENCHMARK_CAPTURE(reassemble, in_sequence, Order::in_sequence)->Name("tcp/in_order");
BENCHMARK_CAPTURE(reassemble, hole_fills, Order::hole_fills)->Name("tcp/hole_fills");
BENCHMARK_CAPTURE(reassemble, reversed, Order::reversed)->Name("tcp/reversed");

}  // namespace
}  // namespace wirelens
