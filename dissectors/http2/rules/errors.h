// http2/rules/errors.h - which error codes accuse the other end of breaking the protocol.
#pragma once

#include <cstdint>

namespace wirelens::http2 {

/// RFC 9113 section 7: PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR and
/// COMPRESSION_ERROR.
constexpr bool accuses(std::uint32_t code) {
  return code == 1 || code == 3 || code == 5 || code == 6 || code == 9;
}
inline constexpr std::uint32_t kEnhanceYourCalm = 11;

}  // namespace wirelens::http2
