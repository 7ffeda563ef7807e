// tcp/arrival.h - what the parts of the TCP analysis hand each other about the packet at hand.
#pragma once

#include "capture/packet.h"
#include "decode/decode.h"
#include "event/stamp.h"
#include "tcp/connection.h"
#include "tcp/incident.h"
#include "tcp/reassembly.h"
#include "tcp/seq.h"

namespace wirelens::tcp {

/// A point in packet time at which something becomes certain.
struct Moment {
  Surroundings& around;
  Listener& listener;
  Stamp stamp;    ///< the packet that makes it so
  Timestamp now;  ///< packet time that never goes back
};

/// A packet that has come.
struct Arrival : Moment {
  const Packet& packet;
  const Decoded& decoded;
  Direction from;
  Offset begin = 0;    ///< of its payload, once its direction has a base
  Duration silence{};  ///< since the packet before it, of either end

  const TcpHeader& tcp() const { return decoded.tcp; }
  Direction to() const { return opposite(from); }
  std::uint32_t length() const { return decoded.payload_length; }
  Offset end() const { return begin + length(); }
  Incident incident(Incident::Kind kind, Direction of) const {
    Incident incident;
    incident.kind = kind;
    incident.from = of;
    incident.at = stamp;
    return incident;
  }
  bool has(std::uint8_t flag) const { return decoded.tcp.has(flag); }
  Chunk chunk() const {
    return {begin,
            length(),
            decoded.payload,
            stamp,
            tcp().options.has_timestamp ? tcp().options.timestamp_value : 0,
            decoded.identification,
            false};
  }
};

}  // namespace wirelens::tcp
