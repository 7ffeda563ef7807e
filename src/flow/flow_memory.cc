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
bool FlowTable::evict_from(Slab<Flow>& slab, std::uint32_t& hand) {
  std::uint32_t best = Slab<Flow>::kNone;
  std::pair<int, Timestamp> least{std::numeric_limits<int>::max(), {}};
  for (std::uint32_t looked = 0, steps = 0; looked < kLookedAt && steps < slab.made(); ++steps) {
    if (++hand >= slab.made()) hand = 0;
    if (!slab.alive(hand)) continue;
    const Flow& flow = slab.at(hand);
    if (static_cast<const FlowHead*>(&flow) == at_hand_) continue;
    ++looked;
    const std::pair<int, Timestamp> value{usefulness(flow), flow.last_time};
    if (value < least) {
      least = value;
      best = hand;
    }
  }
  if (best == Slab<Flow>::kNone) return false;
  ++(least.first == 0 ? tally_.closed_evicted : tally_.evicted);
  TcpFlow* const flow = at_hand_;
  close(FlowHandle::of(kind_of(slab.at(best)), best), Why::evicted);
  if (flow) at_hand_ = flow;
  return true;
}

template <class Flow, class... Arguments>
std::uint32_t FlowTable::make(Slab<Flow>& slab, std::uint32_t& hand, Arguments&&... arguments) {
  if (!slab.has_room() && ledger_.pressed()) evict_from(slab, hand);
  std::uint32_t number = slab.make(std::forward<Arguments>(arguments)...);
  if (number == Slab<Flow>::kNone && evict_from(slab, hand)) {
    number = slab.make(std::forward<Arguments>(arguments)...);
  }
  if (number == Slab<Flow>::kNone) ++tally_.refused;
  return number;
}

template std::uint32_t FlowTable::make(Slab<TcpFlow>&, std::uint32_t&);
template std::uint32_t FlowTable::make(Slab<TcpFlow>&, std::uint32_t&, const tcp::HalfOpen&);
template std::uint32_t FlowTable::make(Slab<UdpFlow>&, std::uint32_t&);

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
