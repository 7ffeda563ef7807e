// flow/flow_ahead.cc - fetches what packets, and flows that fall due, will look at.
//
// Each stage asks for what the one before has brought: the index, the record, what hangs on the
// record, and what is behind that.
#include "base/prefetch.h"
#include "flow/flow_table.h"

namespace wirelens {

FlowHead* FlowTable::approach(FlowHandle handle) {
  switch (handle.kind()) {
    case FlowHandle::Kind::tcp: {
      TcpFlow* const flow = &tcp_.at(handle.number());
      prefetch(flow);
      return flow;
    }
    case FlowHandle::Kind::udp: {
      UdpFlow* const flow = &udp_.at(handle.number());
      prefetch(flow);
      return flow;
    }
    case FlowHandle::Kind::half_open:
      half_open_.approach(handle.number());
      break;
    case FlowHandle::Kind::none:
      break;
  }
  return nullptr;
}

void FlowTable::reach(const Decoded& decoded, const Guess& guess) {
  if (lives(guess.handle, FlowHandle::Kind::tcp)) {
    const TcpFlow& flow = static_cast<const TcpFlow&>(*guess.flow);
    flow.connection.approach(decoded);
    if (flow.conversation) flow.conversation->approach(decoded.payload_length > 0);
  } else if (!guess.handle) {
    prefetch(&place_for_join(decoded.key).entry);
  }
}

void FlowTable::reach(FlowHandle handle) {
  if (lives(handle, FlowHandle::Kind::tcp)) {
    const TcpFlow& flow = tcp_.at(handle.number());
    flow.connection.approach();
    if (flow.connection.closed()) index_.prefetch(flow.hash);  // it will leave
  } else if (lives(handle, FlowHandle::Kind::udp)) {
    index_.prefetch(udp_.at(handle.number()).hash);
  }
}

void FlowTable::grasp(FlowHandle handle) {
  if (!lives(handle, FlowHandle::Kind::tcp)) return;
  tcp_.at(handle.number()).connection.reach();
}

}  // namespace wirelens
