// websocket/records.h - what the dissector tells.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>

#include "event/records.h"

namespace wirelens::websocket {

/// One message, control messages included.
struct MessageSeen {
  static constexpr std::string_view kName = "websocket_message";
  static constexpr std::string_view kCounted = "websocket";
  static constexpr std::string_view kAbout =
      "One WebSocket message, written when its last byte came; `ts` is its first.";

  std::optional<std::uint64_t> stream;
  Direction from = Direction::from_client;
  std::optional<std::string_view> opcode;
  std::optional<std::uint64_t> bytes;
  std::uint64_t wire_bytes = 0;
  std::uint64_t fragments = 0;
  bool compressed = false;
  std::optional<std::uint16_t> close_code;
  std::uint64_t packet = 0;
  std::optional<std::string_view> preview;
  bool complete = true;

  static constexpr auto fields() {
    return std::tuple(
        field("stream", &MessageSeen::stream, "stream of HTTP/2 or HTTP/3"),
        field("from", &MessageSeen::from, "who sent it: client or server"),
        field("opcode", &MessageSeen::opcode,
              "text, binary, close, ping or pong; absent if the first fragment was not seen"),
        field("bytes", &MessageSeen::bytes,
              "payload, decompressed; absent if it could not be decompressed"),
        field("wire_bytes", &MessageSeen::wire_bytes, "payload as sent, without frame headers"),
        field("fragments", &MessageSeen::fragments, "frames that it came in"),
        field("compressed", &MessageSeen::compressed, "compressed by permessage-deflate"),
        field("close_code", &MessageSeen::close_code, "status of a close (RFC 6455 section 7.4)"),
        field("packet", &MessageSeen::packet, "packet of its first byte"),
        field("preview", &MessageSeen::preview,
              "its first 64 characters, without secrets; U+FFFD stands for what was said before "
              "the capture"),
        field("complete", &MessageSeen::complete, "all of it was seen"));
  }
};

/// How much each side said of something.
struct PerSide {
  std::uint64_t client = 0;
  std::uint64_t server = 0;

  static constexpr auto fields() {
    return std::tuple(field("client", &PerSide::client, "by the client"),
                      field("server", &PerSide::server, "by the server"));
  }
};

struct Parameter {
  std::string_view name;
  std::optional<std::string_view> value;

  static constexpr auto fields() {
    return std::tuple(field("name", &Parameter::name, "parameter"),
                      field("value", &Parameter::value, "its value, if it has one"));
  }
};
struct Extension {
  std::string_view name;
  std::span<const Parameter> parameters;

  static constexpr auto fields() {
    return std::tuple(field("name", &Extension::name, "extension agreed on"),
                      field("parameters", &Extension::parameters, "its parameters, in order"));
  }
};

struct Frames {
  std::string_view opcode;
  PerSide count;

  static constexpr auto fields() {
    return std::tuple(field("opcode", &Frames::opcode, "text, continuation, ...; reserved ones"),
                      field("count", &Frames::count, "frames"));
  }
};

/// One WebSocket, at its end.
struct Session {
  static constexpr std::string_view kName = "websocket";
  static constexpr std::string_view kAbout =
      "One WebSocket connection, written at its end; `ts` is its first frame, or its end if there "
      "was none.";

  std::optional<std::uint64_t> stream;
  std::optional<std::string_view> host;
  std::optional<std::string_view> path;
  std::optional<std::string_view> subprotocol;
  std::span<const Extension> extensions;
  PerSide messages;
  PerSide bytes;
  PerSide wire_bytes;
  std::span<const Frames> frames;
  std::optional<std::uint16_t> close_code;
  std::optional<std::string_view> close_reason;
  std::optional<Direction> closed_by;
  std::uint64_t pings = 0;
  std::uint64_t pongs = 0;
  std::optional<RoundTrip> ping_rtt;
  std::uint64_t missing_bytes = 0;
  std::optional<bool> midstream;

  static constexpr auto fields() {
    return std::tuple(
        field("stream", &Session::stream, "stream of HTTP/2 or HTTP/3"),
        field("host", &Session::host, "authority of the handshake"),
        field("path", &Session::path, "request target of the handshake"),
        field("subprotocol", &Session::subprotocol, "Sec-WebSocket-Protocol of the response"),
        field("extensions", &Session::extensions, "Sec-WebSocket-Extensions of the response"),
        field("messages", &Session::messages, "text and binary messages"),
        field("bytes", &Session::bytes, "their payload, decompressed where that was possible"),
        field("wire_bytes", &Session::wire_bytes, "payload of all frames as sent"),
        field("frames", &Session::frames, "frames by opcode, of those that occurred"),
        field("close_code", &Session::close_code, "status of the first close, if it has one"),
        field("close_reason", &Session::close_reason, "and its reason"),
        field("closed_by", &Session::closed_by, "who sent the first close; absent if nobody did"),
        field("pings", &Session::pings, "pings of both sides"),
        field("pongs", &Session::pongs, "pongs of both sides"),
        field("ping_rtt", &Session::ping_rtt, "from a ping to the pong that answers it"),
        field("missing_bytes", &Session::missing_bytes, "bytes lost inside frames"),
        field("midstream", &Session::midstream, "true: its handshake was not seen"));
  }
};

}  // namespace wirelens::websocket
