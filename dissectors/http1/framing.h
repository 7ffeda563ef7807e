// http1/framing.h - where the content of a message ends (RFC 9112 section 6.3).
#pragma once

#include <cstdint>
#include <string_view>

#include "http1/message.h"

namespace wirelens::http1 {

struct Framing {
  enum class Body : std::uint8_t {
    none,        ///< the message ends with its head
    length,      ///< `length` bytes
    chunked,     ///< chunks, to the last one
    close,       ///< everything up to the close
    unknowable,  ///< the lengths contradict each other: no recipient can go on behind it
  };
  Body body = Body::none;
  std::uint64_t length = 0;
};

/// For the records: content that framing rules out is absent, content of length 0 is 0 bytes.
inline bool has_content(const Framing& framing) {
  return framing.body != Framing::Body::none;
}

Framing framing_of_request(const Head& head);
/// `method` of the request that it answers, empty if that was not seen.
Framing framing_of_response(const Head& head, std::string_view method);

/// The response ends HTTP on this connection: 101, or 2xx to CONNECT.
bool leaves_http(const Head& head, std::string_view method);

}  // namespace wirelens::http1
