// capture/pcapng_format.cc - the pcapng format: sections of blocks.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "capture/format.h"
#include "capture/notes.h"
#include "capture/time_scale.h"

namespace wirelens {
namespace {

constexpr std::size_t kMaxBlock = 16u << 20;
constexpr std::size_t kMaxInterfaces = 65'536;  ///< of all sections of a file together
constexpr std::size_t kBlockFrame = 12;         ///< type and length in front, length behind

constexpr std::uint32_t kSection = 0x0a0d0d0a;  // reads the same in both byte orders
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kObsoletePacket = 2;
constexpr std::uint32_t kSimplePacket = 3;
constexpr std::uint32_t kNames = 4;
constexpr std::uint32_t kStatistics = 5;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint32_t kSecrets = 10;
constexpr std::uint32_t kTlsKeyLog = 0x544c534b;

std::size_t padded(std::size_t length) {
  return (length + 3) & ~std::size_t{3};
}

/// Walks a list of options or name records: code, length, value padded to 4 bytes, until code 0 or
/// the end. False if the list does not fit in itself.
template <class Visit>
bool each_option(ByteOrder order, Bytes list, Visit visit) {
  while (!list.empty()) {
    if (list.size() < 4) return false;
    const unsigned code = order.u16(list.data());
    const std::size_t length = order.u16(list.data() + 2);
    if (code == 0) return true;
    if (padded(length) > list.size() - 4) return false;
    if (!visit(code, list.subspan(4, length))) return false;
    list = list.subspan(4 + padded(length));
  }
  return true;
}

class PcapngFormat final : public Format {
 public:
  Parsed parse(Bytes stretch, std::span<Packet> packets) override;
  std::string unfinished() const override {
    return fmt::format("a block behind packet {}", packets_);
  }

 private:
  struct SectionInterface {
    TimeScale scale;
    std::uint32_t snaplen = 0;  ///< 0: no limit
  };

  // Each takes a block's body. False: it is broken, and fault_ says how.
  bool read_block(std::uint32_t type, Bytes body);
  bool read_section(Bytes body);
  bool read_interface(Bytes body);
  bool read_names(Bytes body);
  bool read_statistics(Bytes body);
  bool read_secrets(Bytes body);
  bool read_packet(std::uint32_t type, Bytes body, Packet& packet);
  bool read_simple_packet(Bytes body, Packet& packet);

  /// From a section header of which kBlockFrame bytes are there.
  bool learn_order(Bytes section);
  bool fail(std::string fault) {
    fault_ = std::move(fault);
    return false;
  }

  /// Comments are all that is kept of a list of options.
  bool read_comments(std::uint64_t packet, Bytes options);

  ByteOrder order_;
  std::vector<SectionInterface> section_;  ///< interfaces of this section
  std::size_t section_begin_ = 0;          ///< where they begin among all
  bool first_section_ = true;
  std::string fault_;  ///< of the block that stopped us
  Notes notes_{annotations_};
};

bool is_packet(std::uint32_t type) {
  return type == kEnhancedPacket || type == kSimplePacket || type == kObsoletePacket;
}

bool PcapngFormat::learn_order(Bytes section) {
  const std::uint32_t magic = load_le32(section.data() + 8);
  order_.big = magic != kByteOrderMagic;
  if (magic == kByteOrderMagic || magic == __builtin_bswap32(kByteOrderMagic)) return true;
  return fail(fmt::format("section with the byte-order magic {:#010x}", magic));
}

Parsed PcapngFormat::parse(Bytes stretch, std::span<Packet> packets) {
  Parsed progress;
  Bytes rest = stretch;
  while (true) {
    if (rest.size() < kBlockFrame) {
      progress.need = kBlockFrame;
      break;
    }
    const std::uint32_t type = order_.u32(rest.data());
    if (type == kSection && !learn_order(rest)) break;
    const std::uint32_t length = order_.u32(rest.data() + 4);
    if (length < kBlockFrame || length % 4 != 0 || length > kMaxBlock) {
      fail(fmt::format("block of type {:#x} claims {} bytes", type, length));
      break;
    }
    if (rest.size() < length) {
      progress.need = length;
      break;
    }
    const std::uint32_t length_behind = order_.u32(rest.data() + length - 4);
    if (length_behind != length) {
      fail(fmt::format("block of {} bytes says {} at its end", length, length_behind));
      break;
    }
    const Bytes body = rest.subspan(8, length - kBlockFrame);
    if (is_packet(type)) {
      if (progress.packets == packets.size()) break;
      if (!read_packet(type, body, packets[progress.packets])) break;
      ++progress.packets;
    } else if (!read_block(type, body)) {
      break;
    }
    rest = rest.subspan(length);
  }
  progress.damage = std::move(fault_);
  progress.consumed = stretch.size() - rest.size();
  return progress;
}

bool PcapngFormat::read_block(std::uint32_t type, Bytes body) {
  switch (type) {
    case kSection:
      return read_section(body);
    case kInterface:
      return read_interface(body);
    case kNames:
      return read_names(body);
    case kStatistics:
      return read_statistics(body);
    case kSecrets:
      return read_secrets(body);
    default:  // custom blocks, and kinds that are none of ours
      return true;
  }
}

bool PcapngFormat::read_comments(std::uint64_t packet, Bytes options) {
  return each_option(order_, options, [&](unsigned code, Bytes value) {
    if (code == 1) notes_.comment(packet, as_text(value));
    return true;
  });
}

bool PcapngFormat::read_section(Bytes body) {
  if (body.size() < 16) return fail("section header that is too short");
  const unsigned major = order_.u16(body.data() + 4);
  const unsigned minor = order_.u16(body.data() + 6);
  if (major != 1) return fail(fmt::format("section of the unknown version {}.{}", major, minor));
  section_.clear();
  section_begin_ = interfaces_.size();
  const bool first = std::exchange(first_section_, false);
  const bool whole = each_option(order_, body.subspan(16), [&](unsigned code, Bytes value) {
    if (code == 1) notes_.comment(0, as_text(value));
    if (first && code == 2) annotations_.hardware = note_name(as_text(value));
    if (first && code == 3) annotations_.os = note_name(as_text(value));
    if (first && code == 4) annotations_.application = note_name(as_text(value));
    return true;
  });
  return whole || fail("section header with broken options");
}

bool PcapngFormat::read_interface(Bytes body) {
  if (body.size() < 8) return fail("interface description that is too short");
  if (interfaces_.size() == kMaxInterfaces) {
    return fail(fmt::format("more than {} interfaces", kMaxInterfaces));
  }
  Interface interface;
  interface.linktype = order_.u16(body.data());
  const std::uint32_t snaplen = order_.u32(body.data() + 4);
  if (snaplen != 0) interface.snaplen = snaplen;
  std::uint8_t resolution = 6;
  std::int64_t offset = 0;
  const bool whole = each_option(order_, body.subspan(8), [&](unsigned code, Bytes value) {
    if (code == 1) notes_.comment(0, as_text(value));
    if (code == 2) interface.name = note_name(as_text(value));
    if (code == 3) interface.description = note_name(as_text(value));
    if (code == 9 && value.size() == 1) resolution = value[0];
    if (code == 14 && value.size() == 8) {
      offset = static_cast<std::int64_t>(order_.u64(value.data()));
    }
    return (code != 9 || value.size() == 1) && (code != 14 || value.size() == 8);
  });
  if (!whole) return fail("interface description with broken options");
  section_.push_back({TimeScale(resolution, offset), snaplen});
  interfaces_.push_back(std::move(interface));
  return true;
}

bool PcapngFormat::read_packet(std::uint32_t type, Bytes body, Packet& packet) {
  if (type == kSimplePacket) return read_simple_packet(body, packet);
  constexpr std::size_t kHeader = 20;
  if (body.size() < kHeader)
    return fail(fmt::format("packet {} in too short a block", packets_ + 1));
  const std::uint8_t* const at = body.data();
  const std::uint32_t interface = type == kEnhancedPacket ? order_.u32(at) : order_.u16(at);
  if (interface >= section_.size()) {
    return fail(fmt::format("packet {} is of interface {}, but the section has {}", packets_ + 1,
                            interface, section_.size()));
  }
  const std::uint32_t captured = order_.u32(at + 12);
  if (captured > kMaxCaptured || captured > body.size() - kHeader) {
    return fail(fmt::format("packet {} claims {} captured bytes in a block of {}", packets_ + 1,
                            captured, body.size() + kBlockFrame));
  }
  const std::size_t options = kHeader + padded(captured);  // the body's size is a multiple of 4
  if (options < body.size() && !read_comments(packets_ + 1, body.subspan(options))) {
    return fail(fmt::format("packet {} with broken options", packets_ + 1));
  }
  const std::uint64_t ticks = std::uint64_t{order_.u32(at + 4)} << 32 | order_.u32(at + 8);
  stamp(packet, section_[interface].scale.at(ticks));
  packet.bytes = body.subspan(kHeader, captured);
  packet.original_length = std::max(captured, order_.u32(at + 16));
  packet.interface = static_cast<std::uint32_t>(section_begin_ + interface);
  return true;
}

bool PcapngFormat::read_simple_packet(Bytes body, Packet& packet) {
  if (section_.empty()) {
    return fail(fmt::format("packet {}, but the section has no interface", packets_ + 1));
  }
  if (body.size() < 4) return fail(fmt::format("packet {} in too short a block", packets_ + 1));
  const std::uint32_t original = order_.u32(body.data());
  const std::uint32_t snaplen = section_[0].snaplen;
  const std::uint32_t captured = snaplen == 0 ? original : std::min(original, snaplen);
  if (captured > kMaxCaptured || captured > body.size() - 4) {
    return fail(fmt::format("packet {} claims {} captured bytes in a block of {}", packets_ + 1,
                            captured, body.size() + kBlockFrame));
  }
  stamp_untimed(packet);
  packet.bytes = body.subspan(4, captured);
  packet.original_length = original;
  packet.interface = static_cast<std::uint32_t>(section_begin_);
  return true;
}

bool PcapngFormat::read_names(Bytes body) {
  const bool whole = each_option(order_, body, [&](unsigned kind, Bytes record) {
    const std::size_t address_bytes = kind == 1 ? 4 : kind == 2 ? 16 : 0;
    if (address_bytes == 0) return true;  // EUI-48 and EUI-64
    if (record.size() < address_bytes) return false;
    char address[INET6_ADDRSTRLEN];
    inet_ntop(kind == 1 ? AF_INET : AF_INET6, record.data(), address, sizeof address);
    std::string_view names = as_text(record.subspan(address_bytes));
    while (!names.empty()) {
      const std::string_view name = names.substr(0, names.find('\0'));
      if (!name.empty()) notes_.name(address, name);
      names.remove_prefix(std::min(names.size(), name.size() + 1));
    }
    return true;
  });
  return whole || fail("broken name resolution block");
}

bool PcapngFormat::read_statistics(Bytes body) {
  if (body.size() < 12) return fail("interface statistics that are too short");
  const std::uint32_t index = order_.u32(body.data());
  if (index >= section_.size()) {
    return fail(
        fmt::format("statistics of interface {}, but the section has {}", index, section_.size()));
  }
  Interface& interface = interfaces_[section_begin_ + index];
  const bool whole = each_option(order_, body.subspan(12), [&](unsigned code, Bytes value) {
    if (code == 1) notes_.comment(0, as_text(value));
    if (value.size() != 8) return code != 4 && code != 5 && code != 7;
    if (code == 4) interface.received = order_.u64(value.data());
    if (code == 5) interface.dropped_by_interface = order_.u64(value.data());
    if (code == 7) interface.dropped_by_kernel = order_.u64(value.data());
    return true;
  });
  return whole || fail("interface statistics with broken options");
}

bool PcapngFormat::read_secrets(Bytes body) {
  if (body.size() < 8) return fail("secrets block that is too short");
  const std::uint32_t length = order_.u32(body.data() + 4);
  if (length > body.size() - 8) {
    return fail(fmt::format("secrets block that claims {} bytes of secrets", length));
  }
  if (order_.u32(body.data()) == kTlsKeyLog) {
    notes_.tls_keys(packets_, as_text(body.subspan(8, length)));
  }
  const bool whole = read_comments(0, body.subspan(std::min(body.size(), 8 + padded(length))));
  return whole || fail("secrets block with broken options");
}

}  // namespace

std::unique_ptr<Format> pcapng_format() {
  return std::make_unique<PcapngFormat>();
}

}  // namespace wirelens
