// bench/workloads.cc - the table of workloads, and the addresses that they share.
#include "bench/workloads.h"

#include <array>
#include <utility>

namespace wirelens::bench {
namespace {

constexpr std::array<std::string_view, 10> kNames = {"bulk",  "http",  "mix",   "lossy", "hour",
                                                     "small", "flows", "flood", "fixed", "path"};
constexpr std::array<Make, 10> kMakers = {make_bulk,  make_http,  make_mix,   make_lossy,
                                          make_hour,  make_small, make_flows, make_flood,
                                          make_fixed, make_path};

constexpr std::uint64_t kClients = 4'093;  // prime: addresses and ports walk at different paces
constexpr std::uint64_t kFirstPort = 32'768;

}  // namespace

Make find_workload(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return kMakers[i];
  }
  return nullptr;
}

std::span<const std::string_view> workload_names() {
  return kNames;
}

Endpoints endpoints(std::uint64_t flow, std::uint64_t server, std::uint16_t server_port) {
  Endpoints ends;
  ends.address[0] = ipv4(static_cast<std::uint32_t>(0x0a000001 + flow % kClients));
  ends.address[1] = ipv4(static_cast<std::uint32_t>(0xc6120001 + server % 65'000));
  ends.port[0] = static_cast<std::uint16_t>(kFirstPort + flow / kClients % 28'000);
  ends.port[1] = server_port;
  return ends;
}

}  // namespace wirelens::bench
