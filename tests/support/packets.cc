// support/packets.cc - see packets.h.
#include "support/packets.h"

#include <arpa/inet.h>

#include <cstdlib>

namespace wirelens {
namespace {

bool is_ipv6(const std::string& address) {
  return address.find(':') != std::string::npos;
}

Octets address_octets(const std::string& address) {
  Octets bytes(is_ipv6(address) ? 16 : 4);
  if (inet_pton(is_ipv6(address) ? AF_INET6 : AF_INET, address.c_str(), bytes.data()) != 1) {
    std::abort();
  }
  return bytes;
}

void put16(Octets& bytes, std::size_t at, std::size_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

Octets padded(Octets options) {
  options.resize((options.size() + 3) / 4 * 4);
  return options;
}

/// RFC 9293 section 3.1, RFC 8200 section 8.1.
std::uint16_t transport_checksum(const std::string& source, const std::string& destination,
                                 std::uint8_t protocol, const Octets& segment) {
  return internet_checksum(
      join({address_octets(source), address_octets(destination),
            be32(static_cast<std::uint32_t>(segment.size())), be32(protocol), segment}));
}

std::uint8_t nibble(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<std::uint8_t>(digit - '0');
  return static_cast<std::uint8_t>((digit | 0x20) - 'a' + 10);
}

template <class Spec>
IpSpec ip_spec(const Spec& spec, std::uint8_t protocol) {
  return {.source = spec.source,
          .destination = spec.destination,
          .protocol = protocol,
          .ttl = spec.ttl,
          .traffic_class = spec.traffic_class,
          .identification = spec.identification,
          .options = {}};
}

}  // namespace

Octets from_hex(std::string_view hex) {
  Octets bytes;
  int high = -1;
  for (const char digit : hex) {
    if (digit == ' ' || digit == '\n') continue;
    if (high < 0) {
      high = nibble(digit);
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high * 16 + nibble(digit)));
      high = -1;
    }
  }
  return bytes;
}

Octets octets(std::string_view text) {
  return {text.begin(), text.end()};
}

Octets join(std::initializer_list<Octets> parts) {
  Octets bytes;
  for (const Octets& part : parts) bytes.insert(bytes.end(), part.begin(), part.end());
  return bytes;
}

Octets be16(std::uint16_t value) {
  return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

Octets be32(std::uint32_t value) {
  return join({be16(static_cast<std::uint16_t>(value >> 16)),
               be16(static_cast<std::uint16_t>(value & 0xffff))});
}

namespace option {

Octets end() {
  return {0};
}
Octets nop() {
  return {1};
}
Octets mss(std::uint16_t size) {
  return join({{2, 4}, be16(size)});
}
Octets window_scale(std::uint8_t shift) {
  return {3, 3, shift};
}
Octets sack_permitted() {
  return {4, 2};
}

Octets sack(std::initializer_list<std::pair<std::uint32_t, std::uint32_t>> blocks) {
  Octets bytes = {5, static_cast<std::uint8_t>(2 + 8 * blocks.size())};
  for (const auto& [left, right] : blocks) bytes = join({bytes, be32(left), be32(right)});
  return bytes;
}

Octets timestamps(std::uint32_t value, std::uint32_t echo) {
  return join({{8, 10}, be32(value), be32(echo)});
}

Octets fast_open(const Octets& cookie) {
  return join({{34, static_cast<std::uint8_t>(2 + cookie.size())}, cookie});
}

}  // namespace option

Octets tcp_segment(const TcpSpec& spec) {
  const Octets options = padded(spec.options);
  Octets segment = join({be16(spec.source_port),
                         be16(spec.destination_port),
                         be32(spec.sequence),
                         be32(spec.acknowledgment),
                         {static_cast<std::uint8_t>((5 + options.size() / 4) << 4), spec.flags},
                         be16(spec.window),
                         be16(0),
                         be16(spec.urgent),
                         options,
                         octets(spec.payload)});
  put16(segment, 16, transport_checksum(spec.source, spec.destination, 6, segment));
  if (spec.bad_checksum) segment[16] ^= 0x10;
  return segment;
}

Octets udp_datagram(const UdpSpec& spec) {
  Octets datagram = join({be16(spec.source_port), be16(spec.destination_port),
                          be16(static_cast<std::uint16_t>(8 + spec.payload.size())), be16(0),
                          octets(spec.payload)});
  if (spec.no_checksum) return datagram;
  const std::uint16_t sum = transport_checksum(spec.source, spec.destination, 17, datagram);
  put16(datagram, 6, sum == 0 ? 0xffff : sum);  // RFC 768: a computed 0 goes out as all ones
  if (spec.bad_checksum) datagram[6] ^= 0x10;
  return datagram;
}

Octets ip(const IpSpec& spec, const Octets& payload) {
  if (is_ipv6(spec.source)) {
    return join({{static_cast<std::uint8_t>(0x60 | spec.traffic_class >> 4),
                  static_cast<std::uint8_t>(spec.traffic_class << 4), 0, 0},
                 be16(static_cast<std::uint16_t>(payload.size())),
                 {spec.protocol, spec.ttl},
                 address_octets(spec.source),
                 address_octets(spec.destination),
                 payload});
  }
  const Octets options = padded(spec.options);
  const auto fragment =
      static_cast<std::uint16_t>((spec.dont_fragment ? 0x4000 : 0) |
                                 (spec.more_fragments ? 0x2000 : 0) | spec.fragment_offset);
  Octets header = join({{static_cast<std::uint8_t>(0x45 + options.size() / 4), spec.traffic_class},
                        be16(static_cast<std::uint16_t>(20 + options.size() + payload.size())),
                        be16(spec.identification),
                        be16(fragment),
                        {spec.ttl, spec.protocol},
                        be16(0),
                        address_octets(spec.source),
                        address_octets(spec.destination),
                        options});
  put16(header, 10, internet_checksum(header));
  return join({header, payload});
}

Octets ipv6_fragment(std::uint8_t next, std::uint16_t offset_units, bool more,
                     std::uint32_t identification, const Octets& part) {
  const auto word = static_cast<std::uint16_t>(offset_units << 3 | (more ? 1 : 0));
  return join({{next, 0}, be16(word), be32(identification), part});
}

Octets ethernet(std::uint16_t type, const Octets& payload, std::span<const std::uint16_t> vlans) {
  Octets frame = from_hex("020000000002 020000000001");
  for (const std::uint16_t vlan : vlans) frame = join({frame, be16(0x8100), be16(vlan)});
  return join({frame, be16(type), payload});
}

std::uint16_t ethertype_of(const std::string& source) {
  return is_ipv6(source) ? 0x86dd : 0x0800;
}

Octets ip_packet(const TcpSpec& spec) {
  return ip(ip_spec(spec, 6), tcp_segment(spec));
}
Octets ip_packet(const UdpSpec& spec) {
  return ip(ip_spec(spec, 17), udp_datagram(spec));
}

Octets frame_of(const TcpSpec& spec) {
  return ethernet(ethertype_of(spec.source), ip_packet(spec), spec.vlans);
}

Octets frame_of(const UdpSpec& spec) {
  return ethernet(ethertype_of(spec.source), ip_packet(spec), spec.vlans);
}

Packet packet_of(const Octets& bytes, Duration time, std::uint64_t number,
                 std::uint32_t original_length) {
  const auto captured = static_cast<std::uint32_t>(bytes.size());
  return {.time = Timestamp(time),
          .now = Timestamp(time),
          .number = number,
          .bytes = bytes,
          .original_length = original_length == 0 ? captured : original_length};
}

std::uint16_t internet_checksum(const Octets& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : std::uint32_t{bytes[i]};
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum & 0xffff);
}

}  // namespace wirelens
