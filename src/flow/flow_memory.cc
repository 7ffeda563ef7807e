// flow/flow_memory.cc - who makes room for whom.
#include <limits>

#include "flow/flow_table.h"

namespace wirelens {
namespace {

/// Records looked at to find one that is little missed: enough to find an idle one nearly always,
/// few enough to cost nothing.
constexpr std::uint32_t kLookedAt = 32;
/// Flows forgotten after one packet at most, so that a packet's cost stays bounded.
constexpr int kRelievedPerPacket = 4;

/// 0 is the least missed.
int usefulness(const TcpFlow& flow) {
  if (flow.connection.closed()) return 0;
  return flow.one_sided() ? 1 : 2;
}
int usefulness(const UdpFlow& flow) {
  return flow.one_sided() ? 1 : 2;
}

FlowHandle::Kind kind_of(const TcpFlow&) {
  return FlowHandle::Kind::tcp;
}
FlowHandle::Kind kind_of(const UdpFlow&) {
  return FlowHandle::Kind::udp;
}

}  // namespace

template <class Flow>
bool FlowTable::evict_from(Flows<Flow>& flows, std::uint32_t& hand) {
  std::uint32_t best = Flows<Flow>::kNone;
  std::pair<int, Timestamp> least{std::numeric_limits<int>::max(), {}};
  for (std::uint32_t looked = 0, steps = 0; looked < kLookedAt && steps < flows.made(); ++steps) {
    if (++hand >= flows.made()) hand = 0;
    if (!flows.alive(hand)) continue;
    const Flow& flow = flows.at(hand);
    if (static_cast<const FlowHead*>(&flow) == at_hand_) continue;
    ++looked;
    const std::pair<int, Timestamp> value{usefulness(flow), flow.last_time};
    if (value < least) {
      least = value;
      best = hand;
    }
  }
  if (best == Flows<Flow>::kNone) return false;
  ++(least.first == 0 ? tally_.closed_evicted : tally_.evicted);
  TcpFlow* const flow = at_hand_;
  const FlowOrigin* const origin = origin_;
  close(FlowHandle::of(kind_of(flows.at(best)), best), Why::evicted);
  if (flow) take_up(*flow, *origin);
  return true;
}

template <class Flow, class... Arguments>
std::uint32_t FlowTable::make(Flows<Flow>& flows, std::uint32_t& hand, Arguments&&... arguments) {
  if (!flows.has_room() && ledger_.pressed()) evict_from(flows, hand);
  std::uint32_t number = flows.make(std::forward<Arguments>(arguments)...);
  if (number == Flows<Flow>::kNone && evict_from(flows, hand)) {
    number = flows.make(std::forward<Arguments>(arguments)...);
  }
  if (number == Flows<Flow>::kNone) ++tally_.refused;
  return number;
}

template std::uint32_t FlowTable::make(Flows<TcpFlow>&, std::uint32_t&);
template std::uint32_t FlowTable::make(Flows<TcpFlow>&, std::uint32_t&, const tcp::HalfOpen&);
template std::uint32_t FlowTable::make(Flows<UdpFlow>&, std::uint32_t&);

void FlowTable::relieve() {
  at_hand_ = nullptr;
  for (int i = 0; i < kRelievedPerPacket && ledger_.total() > ledger_.limit(); ++i) {
    if (tcp_.used() > 0) {
      if (!evict_from(tcp_, tcp_hand_)) return;
    } else if (!evict_from(udp_, udp_hand_)) {
      return;
    }
  }
}

}  // namespace wirelens
