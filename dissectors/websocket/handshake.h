// websocket/handshake.h - what the opening handshake agreed on (RFC 6455 section 4, RFC 7692).
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "event/exchange.h"
#include "event/flaw.h"
#include "websocket/records.h"

namespace wirelens::websocket {

inline constexpr Flaw kBadAccept{"websocket.bad_accept", "RFC 6455 4.1"};
inline constexpr Flaw kBadKey{"websocket.bad_key", "RFC 6455 4.1"};
inline constexpr Flaw kUnofferedProtocol{"websocket.subprotocol_not_offered", "RFC 6455 4.1"};
inline constexpr Flaw kUnofferedExtension{"websocket.extension_not_offered", "RFC 6455 9.1"};

/// Extensions, and parameters of all of them together, that are kept at most.
inline constexpr std::size_t kMaxExtensions = 16;
inline constexpr std::size_t kMaxParameters = 64;

/// How one side compresses (RFC 7692 section 7.1).
struct Compression {
  bool agreed = false;
  bool context_takeover = true;
  int window_bits = 15;
};

/// Sec-WebSocket-Accept for a Sec-WebSocket-Key: 28 characters written to `out`.
void accept_for(std::string_view key, char (&out)[28]);

/// Texts point into the exchange that was read.
class Handshake {
 public:
  explicit Handshake(std::pmr::memory_resource& memory)
      : extensions_(&memory), parameters_(&memory) {}

  /// Reads a handshake over HTTP/1.1 (101) or by extended CONNECT (RFC 8441: no key there). Calls
  /// tell(const Flaw&) for each fault of the server's response.
  template <class Tell>
  void read(const Exchange& exchange, Tell tell) {
    seen_ = true;
    Faults faults;
    read(exchange, faults);
    if (faults.bad_key) tell(kBadKey, Direction::from_client);
    if (faults.bad_accept) tell(kBadAccept, Direction::from_server);
    if (faults.protocol) tell(kUnofferedProtocol, Direction::from_server);
    if (faults.extension) tell(kUnofferedExtension, Direction::from_server);
  }

  bool seen() const { return seen_; }
  std::optional<std::string_view> subprotocol() const { return subprotocol_; }
  std::span<const Extension> extensions() const { return extensions_; }
  /// Of what the client sends, or of what the server sends. Without a handshake everything is
  /// possible.
  const Compression& compression(Direction from) const { return compression_[index(from)]; }
  /// An extension other than permessage-deflate may mean anything by the reserved bits.
  bool other_extensions() const { return other_extensions_; }

 private:
  struct Faults {
    bool bad_key = false;
    bool bad_accept = false;
    bool protocol = false;
    bool extension = false;
  };
  void read(const Exchange& exchange, Faults& faults);
  void read_extensions(std::string_view list);
  void agree(const Extension& extension);

  bool seen_ = false;
  bool other_extensions_ = false;
  std::optional<std::string_view> subprotocol_;
  std::array<Compression, 2> compression_{};
  std::pmr::vector<Extension> extensions_;
  std::pmr::vector<Parameter> parameters_;
};

}  // namespace wirelens::websocket
