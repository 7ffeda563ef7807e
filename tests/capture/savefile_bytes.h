// capture/savefile_bytes.h - writes savefiles byte by byte, right ones and wrong ones.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace wirelens {

/// Appends fields in one byte order.
class FileBytes {
 public:
  explicit FileBytes(bool big = false) : big_(big) {}

  FileBytes& u8(std::uint64_t value) { return number(value, 1); }
  FileBytes& u16(std::uint64_t value) { return number(value, 2); }
  FileBytes& u32(std::uint64_t value) { return number(value, 4); }
  FileBytes& u64(std::uint64_t value) { return number(value, 8); }
  FileBytes& text(std::string_view bytes) {
    text_ += bytes;
    return *this;
  }
  FileBytes& pad() {
    while (text_.size() % 4 != 0) text_ += '\0';
    return *this;
  }
  const std::string& str() const { return text_; }
  bool big() const { return big_; }

 private:
  FileBytes& number(std::uint64_t value, int width) {
    for (int i = 0; i < width; ++i) {
      const int shift = 8 * (big_ ? width - 1 - i : i);
      text_ += static_cast<char>(value >> shift & 0xff);
    }
    return *this;
  }

  bool big_;
  std::string text_;
};

struct PcapShape {
  bool big = false;
  std::uint32_t magic = 0xa1b2c3d4;
  std::uint16_t minor = 4;
  std::uint32_t snaplen = 262144;
  std::uint32_t linktype = 1;
};

inline std::string pcap_header(const PcapShape& shape = {}) {
  FileBytes out(shape.big);
  out.u32(shape.magic).u16(2).u16(shape.minor).u32(0).u32(0).u32(shape.snaplen);
  return out.u32(shape.linktype).str();
}

/// One record; `fraction` in the file's unit.
inline std::string pcap_record(std::uint32_t second, std::uint32_t fraction, std::string_view bytes,
                               std::uint32_t original = 0, const PcapShape& shape = {}) {
  FileBytes out(shape.big);
  out.u32(second).u32(fraction).u32(bytes.size()).u32(original == 0 ? bytes.size() : original);
  if (shape.magic == 0xa1b2cd34) out.u32(3).u16(0x800).u8(0).u8(0);
  return out.text(bytes).str();
}

using Options = std::vector<std::pair<std::uint16_t, std::string>>;

inline std::string options(const Options& list, bool big = false) {
  if (list.empty()) return {};
  FileBytes out(big);
  for (const auto& [code, value] : list) out.u16(code).u16(value.size()).text(value).pad();
  return out.u32(0).str();
}

/// A pcapng block around `body`, which is padded.
inline std::string block(std::uint32_t type, const std::string& body, bool big = false) {
  const std::string whole = FileBytes(big).text(body).pad().str();
  FileBytes out(big);
  return out.u32(type).u32(whole.size() + 12).text(whole).u32(whole.size() + 12).str();
}

inline std::string section(bool big = false, const Options& list = {}) {
  FileBytes out(big);
  out.u32(0x1a2b3c4d).u16(1).u16(0).u64(~std::uint64_t{0}).text(options(list, big));
  return block(0x0a0d0d0a, out.str(), big);
}

inline std::string interface_block(bool big = false, std::uint16_t linktype = 1,
                                   std::uint32_t snaplen = 0, const Options& list = {}) {
  FileBytes out(big);
  out.u16(linktype).u16(0).u32(snaplen).text(options(list, big));
  return block(1, out.str(), big);
}

inline std::string enhanced(std::uint64_t ticks, std::string_view bytes, bool big = false,
                            std::uint32_t interface = 0, std::uint32_t original = 0,
                            const Options& list = {}) {
  FileBytes out(big);
  out.u32(interface).u32(ticks >> 32).u32(ticks).u32(bytes.size());
  out.u32(original == 0 ? bytes.size() : original).text(bytes).pad().text(options(list, big));
  return block(6, out.str(), big);
}

inline std::string simple(std::string_view bytes, std::uint32_t original = 0, bool big = false) {
  FileBytes out(big);
  return block(3, out.u32(original == 0 ? bytes.size() : original).text(bytes).str(), big);
}

inline std::string obsolete(std::uint64_t ticks, std::string_view bytes, bool big = false,
                            std::uint16_t interface = 0) {
  FileBytes out(big);
  out.u16(interface).u16(0xffff).u32(ticks >> 32).u32(ticks).u32(bytes.size()).u32(bytes.size());
  return block(2, out.text(bytes).pad().str(), big);
}

}  // namespace wirelens
