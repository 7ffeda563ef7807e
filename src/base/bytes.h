// base/bytes.h - borrowed bytes, and the one cursor that reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace wirelens {

/// Borrowed bytes. Whoever hands them out says how long they live.
using Bytes = std::span<const std::uint8_t>;

inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Unaligned loads; the caller has proven that the bytes are there.
inline std::uint16_t load_be16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>((at[0] << 8) | at[1]);
}
inline std::uint32_t load_be32(const std::uint8_t* at) {
  std::uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap32(value);
}
inline std::uint64_t load_be64(const std::uint8_t* at) {
  std::uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap64(value);
}
inline std::uint16_t load_le16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>((at[1] << 8) | at[0]);
}
inline std::uint32_t load_le32(const std::uint8_t* at) {
  std::uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
inline std::uint64_t load_le64(const std::uint8_t* at) {
  std::uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
/// A word of which only the first `size` bytes, fewer than 8, are there; the rest is zero.
inline std::uint64_t load_le64(const std::uint8_t* at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::uint64_t{at[i]} << (8 * i);
  return value;
}
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the loads above assume it");

/// Reads network-order structure straight through. A read past the end gives zeros or nothing and
/// makes ok() false for good: read everything, ask once.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : rest_(bytes) {}

  std::uint8_t u8() {
    const Bytes field = take(1);
    return field.empty() ? std::uint8_t{0} : field[0];
  }
  std::uint16_t u16() {
    const Bytes field = take(2);
    return field.empty() ? std::uint16_t{0} : load_be16(field.data());
  }
  std::uint32_t u24() {
    const Bytes field = take(3);
    return field.empty() ? 0u : (std::uint32_t{field[0]} << 16) | load_be16(field.data() + 1);
  }
  std::uint32_t u32() {
    const Bytes field = take(4);
    return field.empty() ? 0u : load_be32(field.data());
  }
  std::uint64_t u64() {
    const Bytes field = take(8);
    return field.empty() ? 0u : load_be64(field.data());
  }
  /// The next `count` bytes, or nothing when fewer are left.
  Bytes take(std::size_t count) {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const Bytes taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  void skip(std::size_t count) { (void)take(count); }

  /// All that is unread.
  Bytes rest() const { return rest_; }
  std::size_t left() const { return rest_.size(); }
  bool ok() const { return ok_; }
  /// Everything was there and nothing is left over.
  bool done() const { return ok_ && rest_.empty(); }

 private:
  Bytes rest_;
  bool ok_ = true;
};

}  // namespace wirelens
