// websocket/course.h - how a WebSocket went, for the rules: what its record does not say.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

#include "event/event.h"
#include "event/stamp.h"

namespace wirelens::websocket {

/// Pings of one side that no pong answered, though there was time.
struct Unanswered {
  std::uint64_t count = 0;
  std::uint64_t packet = 0;  ///< of the first one
  Duration longest{};        ///< without a pong, from the first ping behind the last pong
};

/// Told at the end of a WebSocket, in front of its record.
struct Course {
  static constexpr std::string_view kName = "websocket_course";
  static constexpr std::string_view kAbout = "How a WebSocket went.";
  static constexpr bool kInternal = true;

  std::optional<std::string_view> host;
  std::optional<std::string_view> path;
  bool in_stream = false;  ///< of HTTP/2
  bool closed = false;     ///< a close frame was seen
  bool lossy = false;      ///< frames may have been missed
  std::uint64_t frames = 0;
  std::uint64_t pings = 0;
  Stamp last;                  ///< the last frame's; without one the handshake's
  Stamp ended;                 ///< the connection's last packet so far
  Duration longest_silence{};  ///< no frame of either side; also in front of the end
  Stamp silence_after;         ///< what came before it
  Unanswered of_client;        ///< pings that the server did not answer
  Unanswered of_server;

  static constexpr auto fields() {
    return std::tuple(field("host", &Course::host, "authority of the handshake"),
                      field("path", &Course::path, "request target of the handshake"));
  }
};

}  // namespace wirelens::websocket
