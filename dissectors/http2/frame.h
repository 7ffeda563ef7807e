// http2/frame.h - the frames of HTTP/2 (RFC 9113 sections 4, 6 and 7).
//
//   +-----------------------------------------------+
//   |                 Length (24)                   |
//   +---------------+---------------+---------------+
//   |   Type (8)    |   Flags (8)   |
//   +-+-------------+---------------+-------------------------------+
//   |R|                 Stream Identifier (31)                      |
//   +=+=============================================================+
//   |                   Frame Payload (0...)                      ...
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace wirelens::http2 {

inline constexpr std::size_t kHeaderSize = 9;
/// What a client says first (section 3.4).
inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum class FrameType : std::uint8_t {
  data = 0x0,
  headers = 0x1,
  priority = 0x2,
  rst_stream = 0x3,
  settings = 0x4,
  push_promise = 0x5,
  ping = 0x6,
  goaway = 0x7,
  window_update = 0x8,
  continuation = 0x9,
  altsvc = 0xa,            ///< RFC 7838
  origin = 0xc,            ///< RFC 8336
  priority_update = 0x10,  ///< RFC 9218
};

namespace flag {
inline constexpr std::uint8_t kEndStream = 0x01;
inline constexpr std::uint8_t kAck = 0x01;
inline constexpr std::uint8_t kEndHeaders = 0x04;
inline constexpr std::uint8_t kPadded = 0x08;
inline constexpr std::uint8_t kPriority = 0x20;
}  // namespace flag

struct FrameHeader {
  std::uint32_t length = 0;
  FrameType type{};
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  bool reserved = false;  ///< the bit that must be 0 is not

  bool has(std::uint8_t bit) const { return (flags & bit) != 0; }
};

/// `bytes` are at least kHeaderSize.
FrameHeader read_header(Bytes bytes);

/// Lengths that a frame of this type may have, and whether it belongs to a stream or to the
/// connection. Types that are not known may be anything.
struct FrameShape {
  enum class Stream : std::uint8_t { never, always, either };
  std::uint32_t least = 0;
  std::uint32_t most = 0;  ///< exact when equal to `least`
  std::uint8_t flags = 0;  ///< those that are defined
  Stream stream = Stream::either;
  bool known = false;
};
FrameShape shape_of(FrameType type);

/// A SETTINGS_MAX_FRAME_SIZE can't be less, and is this until it is announced.
inline constexpr std::uint32_t kDefaultFrameSize = 16384;

/// How much a header looks like one. Where the reader has lost its place, that is all there is.
enum class Likeness : std::uint8_t {
  none,       ///< no sender would write this
  plausible,  ///< needs others behind it to be believed
  certain,    ///< of an exact shape that hardly any other bytes have
};
/// `most`: the longest payload to believe in.
Likeness likeness(const FrameHeader& header, std::uint32_t most);

/// Error codes of RST_STREAM and GOAWAY (section 7), "unknown" beyond.
std::string_view error_name(std::uint32_t code);

/// SETTINGS parameters that mean something here (section 6.5.2, RFC 8441, RFC 9218).
enum class Setting : std::uint16_t {
  header_table_size = 0x1,
  enable_push = 0x2,
  max_concurrent_streams = 0x3,
  initial_window_size = 0x4,
  max_frame_size = 0x5,
  max_header_list_size = 0x6,
  enable_connect_protocol = 0x8,
  no_rfc7540_priorities = 0x9,
};

inline constexpr std::int64_t kInitialWindow = 65535;
inline constexpr std::int64_t kMaxWindow = 0x7fffffff;

}  // namespace wirelens::http2
