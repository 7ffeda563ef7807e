// tcp/half_open.h - a bare SYN: all that is kept until somebody answers or payload comes.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "decode/flow_key.h"

namespace wirelens::tcp {

/// 64 bytes, so that a flood of spoofed SYNs costs little; two of them never share a cache line.
struct alignas(64) HalfOpen {
  AddressBytes low{};
  AddressBytes high{};
  std::uint16_t low_port = 0;
  std::uint16_t high_port = 0;
  std::uint32_t outer = 0;
  std::uint32_t sequence = 0;  ///< of the SYN
  std::uint16_t mss = 0;       ///< 0: not announced
  std::uint16_t packet_high = 0;
  std::uint32_t packet_low = 0;
  std::uint8_t window_scale = 0;
  bool is_version6 : 1 = false;
  bool from_high : 1 = false;
  bool has_window_scale : 1 = false;
  bool sack_permitted : 1 = false;
  bool has_timestamp : 1 = false;
  bool fast_open : 1 = false;
  bool ecn : 1 = false;
  std::uint8_t resent = 0;  ///< times that the same SYN came again, up to 255
  std::uint8_t spare = 0;
  std::int64_t time = 0;  ///< of the first SYN, nanoseconds since 1970

  std::uint64_t first_packet() const { return (std::uint64_t{packet_high} << 32) | packet_low; }
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
