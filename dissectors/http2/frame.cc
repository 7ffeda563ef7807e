// http2/frame.cc - what frames look like.
#include "http2/frame.h"

namespace wirelens::http2 {
namespace {

constexpr std::uint32_t kAnyLength = 0xffffff;

}  // namespace

FrameHeader read_header(Bytes bytes) {
  ByteReader reader(bytes.first(kHeaderSize));
  FrameHeader header;
  header.length = reader.u24();
  header.type = FrameType{reader.u8()};
  header.flags = reader.u8();
  const std::uint32_t stream = reader.u32();
  header.stream = stream & 0x7fffffff;
  header.reserved = header.stream != stream;
  return header;
}

FrameShape shape_of(FrameType type) {
  using enum FrameShape::Stream;
  using namespace flag;
  constexpr std::uint8_t kHeadersFlags = kEndStream | kEndHeaders | kPadded | kPriority;
  switch (type) {
    case FrameType::data:
      return {0, kAnyLength, kEndStream | kPadded, always, true};
    case FrameType::headers:
      return {0, kAnyLength, kHeadersFlags, always, true};
    case FrameType::priority:
      return {5, 5, 0, always, true};
    case FrameType::rst_stream:
      return {4, 4, 0, always, true};
    case FrameType::settings:
      return {0, kAnyLength, kAck, never, true};
    case FrameType::push_promise:
      return {4, kAnyLength, kEndHeaders | kPadded, always, true};
    case FrameType::ping:
      return {8, 8, kAck, never, true};
    case FrameType::goaway:
      return {8, kAnyLength, 0, never, true};
    case FrameType::window_update:
      return {4, 4, 0, either, true};
    case FrameType::continuation:
      return {0, kAnyLength, kEndHeaders, always, true};
    case FrameType::altsvc:
      return {2, kAnyLength, 0, either, true};
    case FrameType::origin:
      return {0, kAnyLength, 0, never, true};
    case FrameType::priority_update:
      return {4, kAnyLength, 0, never, true};
  }
  return {0, kAnyLength, 0xff, either, false};
}

Likeness likeness(const FrameHeader& header, std::uint32_t most) {
  const FrameShape shape = shape_of(header.type);
  if (!shape.known || header.reserved || (header.flags & ~shape.flags) != 0) return Likeness::none;
  if (header.length < shape.least || header.length > shape.most) return Likeness::none;
  if (header.length > most) return Likeness::none;
  if (shape.stream == FrameShape::Stream::never && header.stream != 0) return Likeness::none;
  if (shape.stream == FrameShape::Stream::always && header.stream == 0) return Likeness::none;
  switch (header.type) {
    case FrameType::settings:
      if (header.length % 6 != 0 || (header.has(flag::kAck) && header.length != 0)) {
        return Likeness::none;
      }
      return header.has(flag::kAck) ? Likeness::certain : Likeness::plausible;
    case FrameType::ping:
      return Likeness::certain;
    case FrameType::headers:
      // A block of no fields is only good for trailers, and nobody sends those.
      return header.length == 0 ? Likeness::none : Likeness::plausible;
    case FrameType::data:
      return header.length == 0 && !header.has(flag::kEndStream) ? Likeness::none
                                                                 : Likeness::plausible;
    default:
      return Likeness::plausible;
  }
}

std::string_view error_name(std::uint32_t code) {
  static constexpr std::array<std::string_view, 14> kNames = {"NO_ERROR",
                                                              "PROTOCOL_ERROR",
                                                              "INTERNAL_ERROR",
                                                              "FLOW_CONTROL_ERROR",
                                                              "SETTINGS_TIMEOUT",
                                                              "STREAM_CLOSED",
                                                              "FRAME_SIZE_ERROR",
                                                              "REFUSED_STREAM",
                                                              "CANCEL",
                                                              "COMPRESSION_ERROR",
                                                              "CONNECT_ERROR",
                                                              "ENHANCE_YOUR_CALM",
                                                              "INADEQUATE_SECURITY",
                                                              "HTTP_1_1_REQUIRED"};
  return code < kNames.size() ? kNames[code] : "unknown";
}

}  // namespace wirelens::http2
