// event/peers.h - the two ends of the conversation that an event belongs to.
#pragma once

#include <cstdint>
#include <string>

#include "decode/flow_key.h"

namespace wirelens {

/// One end, as bytes: cheap to compare and to hash, text only when it is told.
struct PeerAddress {
  AddressBytes address{};
  std::uint16_t port = 0;
  std::uint8_t version = 4;  ///< 4 or 6
  std::uint8_t reserved = 0;

  /// "192.0.2.1:80", "[2001:db8::1]:80".
  std::string text() const {
    const std::string host = host_text();
    return (version == 6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  }
  /// Without the port.
  std::string host_text() const { return address_text(address, version); }
  /// The host alone: the same for all of its ports.
  PeerAddress host() const { return {address, 0, version, 0}; }

  friend bool operator==(const PeerAddress&, const PeerAddress&) = default;
};
static_assert(std::has_unique_object_representations_v<PeerAddress>);

/// Client and server as they were known when the event was told.
struct Peers {
  PeerAddress client;
  PeerAddress server;

  friend bool operator==(const Peers&, const Peers&) = default;
};
static_assert(std::has_unique_object_representations_v<Peers>);

}  // namespace wirelens
