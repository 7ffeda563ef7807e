// socketio/records.h - what the dissector tells.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

#include "event/records.h"

namespace wirelens::socketio {

/// One Socket.IO packet.
struct PacketSeen {
  static constexpr std::string_view kName = "socketio";
  static constexpr std::string_view kCounted = "socket.io packets";
  static constexpr std::string_view kAbout =
      "One Socket.IO packet, written when it and its attachments have come; `ts` is its first "
      "byte.";

  std::optional<std::uint64_t> stream;
  std::optional<std::string_view> sid;
  std::string_view transport;
  std::optional<bool> upgraded;
  Direction from = Direction::from_client;
  std::string_view kind;
  std::string_view name_space;
  std::optional<std::string_view> event;
  std::optional<std::uint64_t> ack;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> attachments;
  std::optional<std::uint64_t> attachment_bytes;
  std::optional<std::string_view> preview;
  std::uint64_t packet = 0;
  bool complete = true;

  static constexpr auto fields() {
    return std::tuple(
        field("stream", &PacketSeen::stream, "stream of HTTP/2 or HTTP/3"),
        field("sid", &PacketSeen::sid, "Engine.IO session; the same over all its transports"),
        field("transport", &PacketSeen::transport, "polling or websocket"),
        field("upgraded", &PacketSeen::upgraded,
              "over WebSocket: whether the session began by polling"),
        field("from", &PacketSeen::from, "who sent it: client or server"),
        field("kind", &PacketSeen::kind,
              "connect, disconnect, event, ack, connect_error, binary_event or binary_ack"),
        field("namespace", &PacketSeen::name_space, "namespace, / if it names none"),
        field("event", &PacketSeen::event, "name of the event"),
        field("ack", &PacketSeen::ack,
              "number by which the event asks for an acknowledgement, or which is acknowledged"),
        field("bytes", &PacketSeen::bytes, "the packet without its attachments"),
        field("attachments", &PacketSeen::attachments,
              "binary messages that belong to it, as it announces"),
        field("attachment_bytes", &PacketSeen::attachment_bytes,
              "their payload; absent unless all came with it"),
        field("preview", &PacketSeen::preview, "first 64 characters of its data, without secrets"),
        field("packet", &PacketSeen::packet, "packet of its first byte"),
        field("complete", &PacketSeen::complete, "all of it was seen"));
  }
};

/// What a server announced when it opened a session, and what was seen of it on one transport.
struct SessionSeen {
  static constexpr std::string_view kName = "socketio_session";
  static constexpr std::string_view kAbout =
      "An Engine.IO session: written with the response that opens it by polling, and at the end of "
      "its WebSocket.";

  std::optional<std::uint64_t> stream;
  std::optional<std::string_view> sid;
  std::string_view transport;
  std::optional<unsigned> version;
  std::optional<bool> upgraded;
  std::optional<Duration> ping_interval;
  std::optional<Duration> ping_timeout;
  std::optional<bool> offers_websocket;
  std::optional<Duration> probe_time;
  std::uint64_t pings = 0;
  std::uint64_t pongs = 0;
  std::optional<Duration> longest_ping_gap;
  std::uint64_t packets = 0;
  std::optional<Direction> closed_by;

  static constexpr auto fields() {
    return std::tuple(
        field("stream", &SessionSeen::stream, "stream of HTTP/2 or HTTP/3"),
        field("sid", &SessionSeen::sid, "its id"),
        field("transport", &SessionSeen::transport, "polling or websocket"),
        field("version", &SessionSeen::version, "protocol of Engine.IO, from the request"),
        field("upgraded", &SessionSeen::upgraded,
              "over WebSocket: whether the session began by polling and came over"),
        field("ping_interval", &SessionSeen::ping_interval,
              "seconds between heartbeats, as announced"),
        field("ping_timeout", &SessionSeen::ping_timeout,
              "seconds after which a missing heartbeat ends it, as announced"),
        field("offers_websocket", &SessionSeen::offers_websocket,
              "the server would go over to WebSocket"),
        field("probe_time", &SessionSeen::probe_time,
              "from the client's probe of the WebSocket to the answer, seconds"),
        field("pings", &SessionSeen::pings, "heartbeats seen"),
        field("pongs", &SessionSeen::pongs, "answers to them"),
        field("longest_ping_gap", &SessionSeen::longest_ping_gap,
              "longest time between two heartbeats, seconds"),
        field("packets", &SessionSeen::packets, "Socket.IO packets"),
        field("closed_by", &SessionSeen::closed_by, "who sent Engine.IO's close"));
  }
};

}  // namespace wirelens::socketio
