// event/peers.h - the two ends of the conversation that an event belongs to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "decode/flow_key.h"

namespace wirelens {

/// One end, as bytes: cheap to compare and to hash, text only when it is told.
struct PeerAddress {
  AddressBytes address{};
  std::uint16_t port = 0;
  std::uint8_t version = 4;  ///< 4 or 6
  std::uint8_t reserved = 0;

  /// What lies behind the address is stored at once, for it is next read so: by operator==.
  static PeerAddress of(const AddressBytes& address, std::uint16_t port, std::uint8_t version) {
    PeerAddress peer;
    peer.address = address;
    const std::uint32_t behind = port | std::uint32_t{version} << 16;
    std::memcpy(reinterpret_cast<char*>(&peer) + sizeof address, &behind, sizeof behind);
    return peer;
  }

  /// "192.0.2.1:80", "[2001:db8::1]:80".
  std::string text() const {
    const std::string host = host_text();
    return (version == 6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  }
  /// Without the port.
  std::string host_text() const { return address_text(address, version); }
  /// The host alone: the same for all of its ports.
  PeerAddress host() const { return of(address, 0, version); }

  friend bool operator==(const PeerAddress& a, const PeerAddress& b) {
    std::uint64_t mine[2], theirs[2];  // memcmp() is a call
    std::memcpy(mine, &a, sizeof mine);
    std::memcpy(theirs, &b, sizeof theirs);
    std::uint32_t behind, their_behind;
    std::memcpy(&behind, reinterpret_cast<const char*>(&a) + sizeof mine, sizeof behind);
    std::memcpy(&their_behind, reinterpret_cast<const char*>(&b) + sizeof mine, sizeof behind);
    return ((mine[0] ^ theirs[0]) | (mine[1] ^ theirs[1]) | (behind ^ their_behind)) == 0;
  }
};
static_assert(sizeof(PeerAddress) == 20 && std::has_unique_object_representations_v<PeerAddress>);

/// Client and server as they were known when the event was told.
struct Peers {
  PeerAddress client;
  PeerAddress server;

  friend bool operator==(const Peers&, const Peers&) = default;
};
static_assert(std::has_unique_object_representations_v<Peers>);

}  // namespace wirelens
