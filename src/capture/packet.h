// capture/packet.h - one captured packet, borrowed from its source.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/time.h"

namespace wirelens {

/// What captured packets, as a savefile or libpcap tells it.
struct Interface {
  std::uint16_t linktype = 1;            ///< LINKTYPE_ value of the registry (1: Ethernet)
  std::optional<std::uint32_t> snaplen;  ///< absent: no limit
  std::string name;                      ///< empty: unknown
  std::string description;
  std::optional<std::uint64_t> received;  ///< pcapng interface statistics, or libpcap's counters
  std::optional<std::uint64_t> dropped_by_interface;
  std::optional<std::uint64_t> dropped_by_kernel;
};

struct Packet {
  Timestamp time;            ///< as captured; where a file has none, that of the one before
  Timestamp now;             ///< packet time that never goes back (see clock.h)
  std::uint64_t number = 0;  ///< from 1 over the input
  Bytes bytes;               ///< what was captured
  std::uint32_t original_length = 0;  ///< what was on the wire; never less than bytes.size()
  std::uint32_t interface = 0;        ///< index into Source::interfaces()

  bool truncated() const { return bytes.size() < original_length; }
};

}  // namespace wirelens
