// bench/mixed_workloads.cc - bulk, http, mix and lossy: whole conversations, merged by time.
#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

#include "bench/flow.h"
#include "bench/http_flow.h"
#include "bench/other_flows.h"
#include "bench/workloads.h"

namespace wirelens::bench {
namespace {

// Measured: what a packet of the mix carries, on the mean, of the bytes that were planned.
constexpr std::uint64_t kPlannedPerPacket = 700;
constexpr std::uint64_t kSmallestFlow = 8'000;

enum Kind : std::size_t { kTls, kDatagrams, kHttp, kDns, kKinds };
// Of the bytes, in percent.
constexpr std::array<std::uint64_t, kKinds> kShares = {60, 20, 18, 2};
constexpr std::array<std::uint16_t, kKinds> kPorts = {443, 443, 80, 53};

// The kind that lags most behind its share, so that the shares hold at every length.
Kind most_wanted(const std::array<std::uint64_t, kKinds>& planned) {
  std::size_t best = 0;
  for (std::size_t kind = 1; kind < kKinds; ++kind) {
    if (planned[kind] * kShares[best] < planned[best] * kShares[kind]) best = kind;
  }
  return static_cast<Kind>(best);
}

Endpoints mixed_endpoints(std::uint64_t flow, Draws& draws, std::uint16_t port) {
  Endpoints ends = endpoints(flow, draws.below(2'000), port);
  if (draws.chance(250'000)) {
    ends.v6 = true;
    ends.address[0] = ipv6(0x1'0000 + flow % 4'093);
    ends.address[1] = ipv6(0x2'0000 + draws.below(2'000));
  }
  if (draws.chance(50'000)) ends.vlan = static_cast<std::uint16_t>(draws.between(100, 109));
  return ends;
}

HttpPlan http_plan(Draws& draws, std::uint64_t bytes) {
  HttpPlan plan;
  plan.exchanges = draws.between(1, 40);
  plan.bytes = bytes;
  plan.pipelined = draws.chance(50'000);
  return plan;
}

/// What a workload of several kinds of traffic is made of.
struct Weather {
  Impairments impairments;
  bool healthy = false;                 // HttpPlan::healthy, and people think between requests
  std::int64_t nanoseconds_a_byte = 4;  // 2 Gbit/s
};

std::unique_ptr<Flow> make_flow(Kind kind, std::uint64_t flow, std::uint64_t bytes,
                                const World& world, const Weather& weather, std::int64_t start) {
  Draws draws(world.seed, flow);
  const Endpoints ends = mixed_endpoints(flow, draws, kPorts[kind]);
  switch (kind) {
    case kTls:
      return std::make_unique<TlsFlow>(ends, world, draws, start, bytes);
    case kDatagrams:
      return std::make_unique<DatagramFlow>(ends, world, draws, start, bytes);
    case kDns:
      return std::make_unique<DnsFlow>(ends, world, draws, start);
    default:
      break;
  }
  HttpPlan plan = http_plan(draws, bytes);
  plan.exchanges = std::max<std::uint64_t>(plan.exchanges, bytes / 1'000);
  plan.healthy = weather.healthy;
  if (weather.healthy) plan.pause = 800'000'000;
  return std::make_unique<HttpFlow>(ends, world, draws, start, plan);
}

void mix(const Options& options, Output& out, const Weather& weather) {
  const std::uint64_t total =
      (options.packets == 0 ? 400'000 : options.packets) * kPlannedPerPacket;
  const std::uint64_t largest = std::max<std::uint64_t>(total / 40, 4 * kSmallestFlow);
  const World world{.seed = options.seed,
                    .truth = out.truth,
                    .impairments = weather.impairments,
                    .segments_per_ack = 4};
  Draws sizes(options.seed, UINT64_MAX);
  Merge merge(out.builder, out.writer);
  std::array<std::uint64_t, kKinds> planned{};
  std::uint64_t bytes_so_far = 0;
  for (std::uint64_t flow = 0; bytes_so_far < total; ++flow) {
    const Kind kind = most_wanted(planned);
    const std::uint64_t drawn = sizes.pareto(kSmallestFlow, largest);
    const std::uint64_t bytes = kind == kDns ? DnsFlow::kTypicalBytes : drawn;
    // Flows begin when the bytes planned before them have had their time.
    const std::int64_t start =
        kEpoch + static_cast<std::int64_t>(bytes_so_far) * weather.nanoseconds_a_byte;
    merge.run_until(start);
    merge.add(make_flow(kind, flow, bytes, world, weather, start));
    planned[kind] += bytes;
    bytes_so_far += bytes;
  }
  merge.run_to_end();
}

}  // namespace

void make_mix(const Options& options, Output& out) {
  mix(options, out, {});
}

void make_lossy(const Options& options, Output& out) {
  mix(options, out,
      {.impairments = {.loss = 10'000,
                       .reordering = 10'000,
                       .duplicates = 2'000,
                       .gaps = 1'000,
                       .midstream = 10'000}});
}

void make_hour(const Options& options, Output& out) {
  constexpr std::int64_t kHour = 3'600'000'000'000;
  const std::uint64_t packets = options.packets == 0 ? 400'000 : options.packets;
  mix(options, out,
      {.impairments = {.loss = 200},
       .healthy = true,
       .nanoseconds_a_byte = kHour / static_cast<std::int64_t>(packets * kPlannedPerPacket)});
}

void make_http(const Options& options, Output& out) {
  // An exchange is about nine packets, and a connection about twenty exchanges.
  const std::uint64_t packets = options.packets == 0 ? 400'000 : options.packets;
  const std::uint64_t flows =
      options.flows == 0 ? std::max<std::uint64_t>(packets / 180, 1) : options.flows;
  const World world{.seed = options.seed, .truth = out.truth};
  Merge merge(out.builder, out.writer);
  for (std::uint64_t flow = 0; flow < flows; ++flow) {
    const std::int64_t start = kEpoch + static_cast<std::int64_t>(flow) * 300'000;
    Draws draws(options.seed, flow);
    const Endpoints ends = mixed_endpoints(flow, draws, 80);
    const HttpPlan plan = http_plan(draws, UINT64_MAX);
    merge.run_until(start);
    merge.add(std::make_unique<HttpFlow>(ends, world, draws, start, plan));
  }
  merge.run_to_end();
}

void make_bulk(const Options& options, Output& out) {
  const std::uint64_t flows = options.flows == 0 ? 64 : options.flows;
  const std::uint64_t packets = options.packets == 0 ? 400'000 : options.packets;
  // Two segments of 1,448 bytes and their acknowledgment make three packets.
  const std::uint64_t bytes = std::max<std::uint64_t>(packets / flows * 2 / 3 * 1'448, 1);
  const bool http = options.content == "http";
  if (!http && !options.content.empty() && options.content != "tls") {
    throw std::runtime_error("bulk content is tls or http, not " + options.content);
  }
  const World world{.seed = options.seed, .truth = out.truth};
  Merge merge(out.builder, out.writer);
  for (std::uint64_t flow = 0; flow < flows; ++flow) {
    const std::int64_t start = kEpoch + static_cast<std::int64_t>(flow) * 100'000;
    const Draws draws(options.seed, flow);
    const Endpoints ends = endpoints(flow, flow, http ? 80 : 443);
    if (http) {
      merge.add(std::make_unique<DownloadFlow>(ends, world, draws, start, bytes));
    } else {
      merge.add(std::make_unique<TlsFlow>(ends, world, draws, start, bytes));
    }
  }
  merge.run_to_end();
}

}  // namespace wirelens::bench
