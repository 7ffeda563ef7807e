// socketio/packet.h - the packets of Engine.IO and, inside its messages, those of Socket.IO.
//
//   42/chat,7["say","hello"]     Engine.IO message (4), Socket.IO event (2), namespace, ack, data
//   51-["file",{"_placeholder":true,"num":0}]   binary event (5) with one attachment to follow
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wirelens::socketio {

/// Engine.IO, protocols 3 and 4.
enum class EngineType : std::uint8_t { open, close, ping, pong, message, upgrade, noop };
/// Nothing if `c` is no digit of a type.
std::optional<EngineType> engine_type(char c);

/// Socket.IO, protocols 4 (with Engine.IO 3) and 5 (with Engine.IO 4).
enum class SocketType : std::uint8_t {
  connect,
  disconnect,
  event,
  ack,
  connect_error,
  binary_event,
  binary_ack,
};
std::string_view name_of(SocketType type);

struct SocketPacket {
  SocketType type = SocketType::event;
  std::uint64_t attachments = 0;     ///< binary messages that follow and belong to it
  std::string_view name_space;       ///< without the query that protocol 4 allows; "/" if unsaid
  std::optional<std::uint64_t> ack;  ///< of an event: wants an answer; of an ack: answers that one
  std::string_view data;             ///< JSON, as sent
};
/// Nothing if `text`, the data of an Engine.IO message, is no Socket.IO packet. Borrows from it.
std::optional<SocketPacket> parse_packet(std::string_view text);

/// The first element of a JSON list if it is a text, unescaped: the name of an event, at most
/// kMaxName bytes of it.
std::optional<std::string> first_text(std::string_view list);
inline constexpr std::size_t kMaxName = 256;

/// What the server announces in its `open` packet.
struct Announcement {
  std::optional<std::string_view> sid;
  std::optional<std::uint64_t> ping_interval;  ///< milliseconds
  std::optional<std::uint64_t> ping_timeout;
  bool offers_websocket = false;
};
/// Borrows from `json`.
Announcement parse_open(std::string_view json);

/// The value of a parameter in the query of a request target.
std::optional<std::string_view> parameter(std::string_view target, std::string_view name);

}  // namespace wirelens::socketio
