// bench/frame.cc - header layouts: IEEE 802.3 and 802.1Q, RFC 791, RFC 8200, RFC 9293, RFC 768.
#include "bench/frame.h"

#include <bit>
#include <cstring>

namespace wirelens::bench {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

constexpr std::uint16_t network_order(std::uint16_t value) {
  if constexpr (std::endian::native == std::endian::big) return value;
  return static_cast<std::uint16_t>((value << 8) | (value >> 8));
}

}  // namespace

Address ipv4(std::uint32_t value) {
  Address address{};
  for (std::size_t i = 0; i < 4; ++i) {
    address[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  }
  return address;
}

Address ipv6(std::uint64_t value) {
  Address address{0x20, 0x01, 0x0d, 0xb8};
  for (std::size_t i = 0; i < 8; ++i) {
    address[8 + i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
  }
  return address;
}

std::uint64_t add_words(std::uint64_t sum, View view) {
  while (view.size() >= 4) {
    std::uint32_t word;
    std::memcpy(&word, view.data(), 4);
    sum += word;
    view = view.subspan(4);
  }
  std::array<std::uint8_t, 4> tail{};
  std::memcpy(tail.data(), view.data(), view.size());
  return sum + std::bit_cast<std::uint32_t>(tail);
}

std::uint16_t fold(std::uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

void FrameBuilder::u16(std::uint16_t value) {
  u8(static_cast<std::uint8_t>(value >> 8));
  u8(static_cast<std::uint8_t>(value));
}

void FrameBuilder::u32(std::uint32_t value) {
  u16(static_cast<std::uint16_t>(value >> 16));
  u16(static_cast<std::uint16_t>(value));
}

void FrameBuilder::link(const Endpoints& ends, From from) {
  frame_.clear();
  const auto mac = [this](From end) {
    u32(0x02000000);  // locally administered
    u16(end == From::client ? 0x00c1 : 0x005e);
  };
  mac(other(from));
  mac(from);
  if (ends.vlan) {
    u16(0x8100);
    u16(*ends.vlan);
  }
  u16(ends.v6 ? 0x86dd : 0x0800);
}

void FrameBuilder::network(const Endpoints& ends, From from, std::uint8_t protocol,
                           std::uint16_t ip_id, std::uint16_t fragment, std::size_t payload_size) {
  const std::size_t start = frame_.size();
  const std::size_t width = ends.v6 ? 16 : 4;
  if (ends.v6) {
    u32(0x60000000);
    u16(static_cast<std::uint16_t>(payload_size));
    u8(protocol);
    u8(64);
  } else {
    u16(0x4500);
    u16(static_cast<std::uint16_t>(20 + payload_size));
    u16(ip_id);
    u16(fragment);
    u8(64);
    u8(protocol);
    u16(0);
  }
  addresses_ = frame_.size();
  bytes(View(ends.address[index(from)]).first(width));
  bytes(View(ends.address[index(other(from))]).first(width));
  if (ends.v6) return;
  const std::uint16_t checksum = fold(add_words(0, View(frame_).subspan(start)));
  std::memcpy(&frame_[start + 10], &checksum, 2);
}

void FrameBuilder::transport_checksum(std::uint8_t protocol, bool v6, std::size_t start,
                                      std::size_t field) {
  const View segment = View(frame_).subspan(start);
  std::uint64_t sum = add_words(0, View(frame_).subspan(addresses_, v6 ? 32 : 8));
  sum += network_order(protocol);
  sum += network_order(static_cast<std::uint16_t>(segment.size()));
  std::uint16_t checksum = fold(add_words(sum, segment));
  if (protocol == kUdp && checksum == 0) checksum = 0xffff;  // RFC 768: zero means none
  std::memcpy(&frame_[start + field], &checksum, 2);
}

View FrameBuilder::padded() {
  if (frame_.size() < shortest_) frame_.resize(shortest_);
  return frame_;
}

View FrameBuilder::tcp(const Endpoints& ends, From from, std::uint16_t ip_id,
                       const TcpFields& fields, View payload) {
  const bool syn_options = (fields.flags & kSyn) != 0 && fields.timestamps;
  const std::size_t header = 20U + (syn_options ? 20U : fields.timestamps ? 12U : 0U);
  link(ends, from);
  network(ends, from, kTcp, ip_id, 0x4000, header + payload.size());
  const std::size_t start = frame_.size();
  u16(ends.port[index(from)]);
  u16(ends.port[index(other(from))]);
  u32(fields.sequence);
  u32(fields.acknowledgment);
  u8(static_cast<std::uint8_t>(header / 4 << 4));
  u8(fields.flags);
  u16(fields.window);
  u32(0);
  if (syn_options) {
    u32(0x02040000U | (ends.v6 ? 1440U : 1460U));
    u16(0x0402);  // SACK permitted
  } else if (fields.timestamps) {
    u16(0x0101);
  }
  if (fields.timestamps) {
    u16(0x080a);
    u32(fields.timestamps->value);
    u32(fields.timestamps->echo);
  }
  if (syn_options) u32(0x01030307);  // window scale 7
  bytes(payload);
  transport_checksum(kTcp, ends.v6, start, 16);
  return padded();
}

View FrameBuilder::udp(const Endpoints& ends, From from, std::uint16_t ip_id, View payload) {
  link(ends, from);
  network(ends, from, kUdp, ip_id, 0x4000, 8 + payload.size());
  const std::size_t start = frame_.size();
  u16(ends.port[index(from)]);
  u16(ends.port[index(other(from))]);
  u16(static_cast<std::uint16_t>(8 + payload.size()));
  u16(0);
  bytes(payload);
  transport_checksum(kUdp, ends.v6, start, 6);
  return padded();
}

View FrameBuilder::ipv4_fragment(const Endpoints& ends, From from, std::uint16_t ip_id,
                                 std::uint16_t offset, bool more, View payload) {
  link(ends, from);
  const auto word = static_cast<std::uint16_t>((more ? 0x2000 : 0) | (offset / 8));
  network(ends, from, kUdp, ip_id, word, payload.size());
  bytes(payload);
  return padded();
}

}  // namespace wirelens::bench
