// tests/dissectors/http2/frames.h - writes frames and header blocks, by hand.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http2/frame.h"

namespace wirelens::http2::testing {

inline std::string big_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text.push_back(static_cast<char>(value >> shift & 0xff));
  }
  return text;
}

inline std::string frame(FrameType type, unsigned flags, std::uint32_t stream,
                         std::string_view payload) {
  return big_endian(payload.size(), 3) + big_endian(static_cast<unsigned>(type), 1) +
         big_endian(flags, 1) + big_endian(stream, 4) + std::string(payload);
}

inline std::string preface() {
  return std::string(kPreface);
}
inline std::string settings(const std::vector<std::pair<Setting, std::uint32_t>>& values = {}) {
  std::string payload;
  for (const auto& [setting, value] : values) {
    payload += big_endian(static_cast<unsigned>(setting), 2) + big_endian(value, 4);
  }
  return frame(FrameType::settings, 0, 0, payload);
}
inline std::string settings_ack() {
  return frame(FrameType::settings, flag::kAck, 0, {});
}
inline std::string headers(std::uint32_t stream, std::string_view block,
                           unsigned flags = flag::kEndHeaders | flag::kEndStream) {
  return frame(FrameType::headers, flags, stream, block);
}
inline std::string data(std::uint32_t stream, std::string_view bytes, unsigned flags = 0) {
  return frame(FrameType::data, flags, stream, bytes);
}
inline std::string window_update(std::uint32_t stream, std::uint32_t increment) {
  return frame(FrameType::window_update, 0, stream, big_endian(increment, 4));
}
inline std::string reset(std::uint32_t stream, std::uint32_t code) {
  return frame(FrameType::rst_stream, 0, stream, big_endian(code, 4));
}

// ---- HPACK, without Huffman codes

inline std::string integer(std::uint32_t value, unsigned bits, unsigned pattern) {
  const std::uint32_t all = (1u << bits) - 1;
  if (value < all) return {static_cast<char>(pattern | value)};
  std::string text{static_cast<char>(pattern | all)};
  for (value -= all; value >= 128; value >>= 7) text.push_back(static_cast<char>(value | 0x80));
  text.push_back(static_cast<char>(value));
  return text;
}
inline std::string literal(std::string_view text) {
  return integer(static_cast<std::uint32_t>(text.size()), 7, 0) + std::string(text);
}
/// The field of an entry.
inline std::string indexed(std::uint32_t index) {
  return integer(index, 7, 0x80);
}
/// A field that becomes the newest entry; with the name of an entry, or its own.
inline std::string inserted(std::uint32_t index, std::string_view value) {
  return integer(index, 6, 0x40) + literal(value);
}
inline std::string inserted(std::string_view name, std::string_view value) {
  return integer(0, 6, 0x40) + literal(name) + literal(value);
}
/// A field that leaves the table alone.
inline std::string plain(std::uint32_t index, std::string_view value) {
  return integer(index, 4, 0) + literal(value);
}
inline std::string plain(std::string_view name, std::string_view value) {
  return integer(0, 4, 0) + literal(name) + literal(value);
}

// Static entries (RFC 7541 appendix A).
inline constexpr std::uint32_t kAuthority = 1, kGet = 2, kPost = 3, kPath = 4, kHttp = 6,
                               kStatus = 8, kOk = 8, kContentLength = 28, kContentType = 31;

/// GET of a path at a.test.
inline std::string get(std::string_view path) {
  return indexed(kGet) + indexed(kHttp) + plain(kPath, path) + plain(kAuthority, "a.test");
}
inline std::string post(std::string_view path) {
  return indexed(kPost) + indexed(kHttp) + plain(kPath, path) + plain(kAuthority, "a.test");
}
inline std::string ok() {
  return indexed(kOk);
}

}  // namespace wirelens::http2::testing
