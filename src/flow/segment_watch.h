// flow/segment_watch.h - tells every packet of a few chosen connections, as `segment` records.
//
// It looks at a connection before and after it took a packet: what changed in its counters is what
// the packet was. That costs nothing to those who do not ask.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "decode/decode.h"
#include "event/emitter.h"
#include "event/segment.h"
#include "flow/flow.h"

namespace wirelens {

/// Which connections: by the number of their first packet, which no two share; or that of one
/// packet, of which alone a record is written then.
struct Watch {
  std::vector<std::uint64_t> first_packets;
  std::optional<std::uint64_t> packet;
  std::size_t data = 0;  ///< bytes of payload in a record
};

class SegmentWatch {
 public:
  /// Both outlive it.
  SegmentWatch(const Watch& watch, Emitter& emitter) : watch_(watch), emitter_(emitter) {}

  bool wants(std::uint64_t first_packet, std::uint64_t packet) const;
  /// The connection is about to take a packet.
  void before(const tcp::Connection& connection) { connection.fill(before_, text_); }
  /// It has taken it.
  void after(const TcpFlow& flow, const FlowOrigin& origin, const Packet& packet,
             const Decoded& decoded);
  /// A bare SYN that waits for an answer; `again`: not the first.
  void syn(ConnectionId id, std::uint64_t first_packet, bool again, const Packet& packet,
           const Decoded& decoded);
  void datagram(const UdpFlow& flow, ConnectionId id, const Packet& packet, const Decoded& decoded);

 private:
  /// One direction's sequence numbers, unwrapped.
  struct Counted {
    bool known = false;
    std::uint32_t last = 0;
    std::int64_t relative = 0;

    std::int64_t at(std::uint32_t sequence, std::int64_t first);
  };
  struct Watched {
    std::array<Counted, 2> of;  ///< by from_high
  };

  SegmentSeen described(Watched& watched, const Packet& packet, const Decoded& decoded);

  const Watch& watch_;
  Emitter& emitter_;
  std::unordered_map<std::uint64_t, Watched> watched_;  ///< by first packet
  Connection before_;
  tcp::Connection::Text text_;
  std::array<SegmentSeen::Range, 4> sack_{};
  std::string flags_;
};

}  // namespace wirelens
