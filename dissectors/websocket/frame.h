// websocket/frame.h - the header of a frame (RFC 6455 section 5.2), and unmasking.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace wirelens::websocket {

enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};
constexpr bool is_known(Opcode opcode) {
  const auto value = static_cast<std::uint8_t>(opcode);
  return value <= 2 || (value >= 8 && value <= 10);
}
/// Opcodes 8 and above, reserved ones among them.
constexpr bool is_control(Opcode opcode) {
  return static_cast<std::uint8_t>(opcode) >= 8;
}
std::string_view name_of(Opcode opcode);

/// Most bytes of a header, and of a control frame's payload.
inline constexpr std::size_t kMaxHeader = 14;
inline constexpr std::size_t kMaxControl = 125;

using Mask = std::array<std::uint8_t, 4>;

struct FrameHeader {
  bool final = true;
  std::uint8_t reserved = 0;  ///< RSV1 is 4, RSV2 is 2, RSV3 is 1
  Opcode opcode = Opcode::continuation;
  bool masked = false;
  Mask mask{};  ///< zeros if not masked
  std::uint64_t length = 0;
  bool minimal = true;  ///< the length is said in as few bytes as it takes

  /// RSV1, which permessage-deflate takes for "this message is compressed" (RFC 7692 section 6).
  bool compressed() const { return (reserved & 4) != 0; }
  /// The most significant bit of a length must be 0.
  bool possible() const { return length >> 63 == 0; }
};

/// The header's length as far as `bytes` tell; 0 if they are too few to tell.
std::size_t header_length(Bytes bytes);
/// `bytes` is a whole header.
FrameHeader parse_header(Bytes bytes);

/// Writes `bytes` unmasked to `out`, which has room for them; `offset` bytes of the payload came
/// before. May be done in place (`out` equal to the beginning of `bytes`).
void unmask(Bytes bytes, const Mask& mask, std::uint64_t offset, std::uint8_t* out);

}  // namespace wirelens::websocket
