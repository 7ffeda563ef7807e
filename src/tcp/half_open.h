// tcp/half_open.h - a bare SYN: all that is kept until somebody answers or payload comes.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "decode/flow_key.h"
#include "event/event.h"

namespace wirelens::tcp {

/// A SYN is sent again after a second at the earliest (RFC 6298); the same one within this is a
/// copy by the capture.
inline constexpr Duration kSynCopy = std::chrono::milliseconds(20);

/// 64 bytes, so that a flood of spoofed SYNs costs little; two of them never share a cache line.
struct alignas(64) HalfOpen {
  AddressBytes low{};
  AddressBytes high{};
  std::uint16_t low_port = 0;
  std::uint16_t high_port = 0;
  std::uint16_t outer = 0;     ///< FlowKey::outer; larger ones get a full record at once
  std::uint16_t mss = 0;       ///< 0: not announced
  std::uint32_t sequence = 0;  ///< of the SYN
  std::uint32_t packet_rest = 0;
  std::uint32_t id_rest = 0;
  std::uint8_t packet_top = 0;
  std::uint8_t id_top = 0;
  std::uint16_t is_version6 : 1 = 0;
  std::uint16_t from_high : 1 = 0;
  std::uint16_t has_window_scale : 1 = 0;
  std::uint16_t sack_permitted : 1 = 0;
  std::uint16_t has_timestamp : 1 = 0;
  std::uint16_t fast_open : 1 = 0;
  std::uint16_t ecn : 1 = 0;
  std::uint16_t window_scale : 4 = 0;
  std::uint16_t resent : 3 = 0;  ///< times that the same SYN came again; 7: give it a full record
  std::uint16_t copies : 2 = 0;  ///< times that the capture saw it twice, see kSynCopy; 3: or more
  std::int64_t time = 0;         ///< of the first SYN, nanoseconds since 1970

  /// Packet numbers and ids of 40 bits: 2^40 of either take years at a million a second.
  std::uint64_t first_packet() const { return (std::uint64_t{packet_top} << 32) | packet_rest; }
  ConnectionId id() const { return (std::uint64_t{id_top} << 32) | id_rest; }
  void first_packet(std::uint64_t number) {
    packet_top = static_cast<std::uint8_t>(number >> 32);
    packet_rest = static_cast<std::uint32_t>(number);
  }
  void id(ConnectionId number) {
    id_top = static_cast<std::uint8_t>(number >> 32);
    id_rest = static_cast<std::uint32_t>(number);
  }
  Timestamp first_time() const { return timestamp_ns(time); }
  FlowKey key() const {
    FlowKey key;
    key.low = low;
    key.high = high;
    key.low_port = low_port;
    key.high_port = high_port;
    key.outer = outer;
    key.version = is_version6 ? 6 : 4;
    key.protocol = 6;
    return key;
  }
};
static_assert(sizeof(HalfOpen) == 64);

}  // namespace wirelens::tcp
