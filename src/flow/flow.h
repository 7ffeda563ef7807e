// flow/flow.h - what is kept of one connection or one exchange of datagrams.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/prefetch.h"
#include "base/time.h"
#include "decode/flow_key.h"
#include "dissect/conversation.h"
#include "event/event.h"
#include "event/flaw.h"
#include "event/peers.h"
#include "flow/slab.h"
#include "flow/timer_wheel.h"
#include "tcp/connection.h"

namespace wirelens {

/// What every packet of a flow of either transport looks at.
struct FlowHead {
  FlowKey key;
  /// Packets of one end may wear another VLAN or tunnel key than those of the other end: then this
  /// is what the second end wears; else the same as key.outer.
  std::uint32_t second_outer = 0;
  Timestamp last_time{};
  std::uint32_t hash = 0;
  std::uint16_t interims = 0;      ///< interim records' periods that have passed
  std::uint8_t seen : 2 = 0;       ///< ends that were heard: 1 key.low, 2 key.high
  bool midstream : 1 = false;      ///< TCP: it did not begin with a SYN
  bool opaque : 1 = false;         ///< TCP: nobody reads its bytes any more
  std::uint8_t ruled_out : 2 = 0;  ///< TCP without a conversation: see Conversation::ruled_out()
  bool armed : 1 = false;          ///< TCP: a timer has been set

  void hear(bool high) { seen = static_cast<std::uint8_t>((seen | (high ? 2u : 1u)) & 3u); }
  bool one_sided() const { return seen != 3; }

  bool is(const FlowKey& other) const {
    return key == other || (second_outer != key.outer && is_under(other, second_outer));
  }

 private:
  bool is_under(const FlowKey& other, std::uint32_t outer) const {
    FlowKey mine = key;
    mine.outer = outer;
    return mine == other;
  }
};

static_assert(sizeof(FlowHead) <= kCacheLine);

/// How a flow began, and what is due: few packets look at it, so it lies apart.
struct FlowOrigin {
  ConnectionId id = 0;
  std::uint64_t first_packet = 0;
  Timestamp first_time{};
  TimerLink timer;
};

/// All flows of one transport.
template <class Flow>
using Flows = Slab<Flow, FlowOrigin>;

inline Peers peers_of(const FlowKey& key, bool client_is_high) {
  const auto low = PeerAddress::of(key.low, key.low_port, key.version);
  const auto high = PeerAddress::of(key.high, key.high_port, key.version);
  return client_is_high ? Peers{high, low} : Peers{low, high};
}

/// What few connections have.
struct FlowNotes {
  struct Count {
    const Flaw* flaw;
    std::uint64_t count;
  };
  std::string server_name;
  std::vector<std::string_view> protocols;
  std::vector<Count> flaws;
};

/// Four lines of the cache.
struct alignas(kCacheLine) TcpFlow : FlowHead {
  std::unique_ptr<FlowNotes> notes;
  std::unique_ptr<Conversation> conversation;
  tcp::Connection connection;

  TcpFlow() = default;
  explicit TcpFlow(const tcp::HalfOpen& syn) : connection(syn) {}
};

static_assert(sizeof(TcpFlow) == 4 * kCacheLine);
static_assert(sizeof(TcpFlow) + sizeof(FlowOrigin) <= 296,
              "an idle connection costs at most 320 bytes with its index");

struct UdpFlow : FlowHead {
  bool client_is_high = false;
  std::uint64_t packets[2] = {};  ///< from key.low, from key.high
  std::uint64_t bytes[2] = {};    ///< payload
};
static_assert(sizeof(UdpFlow) + sizeof(FlowOrigin) <= 160,
              "an idle UDP flow costs at most 160 bytes");

}  // namespace wirelens
