// support/packets.h - packets made by hand, layer by layer, with right lengths and checksums.
//
//   Octets frame = frame_of(TcpSpec{.sequence = 100, .payload = "GET / HTTP/1.1\r\n\r\n"});
//   Packet packet = packet_of(frame, 1ms);
//
// For anything else the layers compose from the inside out:
//   ethernet(0x0800, ip({.protocol = 47}, join({gre_header, ip({}, tcp_segment({}))})))
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capture/packet.h"

namespace wirelens {

using Octets = std::vector<std::uint8_t>;

/// "4500 0028 …": spaces are skipped.
Octets from_hex(std::string_view hex);
Octets octets(std::string_view text);
Octets join(std::initializer_list<Octets> parts);
Octets be16(std::uint16_t value);
Octets be32(std::uint32_t value);

/// Addresses are text; one with a colon is IPv6.
struct IpSpec {
  std::string source = "10.0.0.1";
  std::string destination = "10.0.0.2";
  std::uint8_t protocol = 6;
  std::uint8_t ttl = 64;
  std::uint8_t traffic_class = 0;  ///< DSCP and ECN
  std::uint16_t identification = 1;
  bool dont_fragment = false;
  bool more_fragments = false;        ///< IPv4 only; see ipv6_fragment() for IPv6
  std::uint16_t fragment_offset = 0;  ///< in units of 8 bytes, IPv4 only
  Octets options = {};                ///< IPv4 options, padded to 4 bytes with zeros
};

struct TcpSpec {
  std::string source = "10.0.0.1";
  std::string destination = "10.0.0.2";
  std::uint16_t source_port = 40000;
  std::uint16_t destination_port = 80;
  std::uint32_t sequence = 1;
  std::uint32_t acknowledgment = 0;
  std::uint8_t flags = 0x10;  ///< ACK; FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128
  std::uint16_t window = 65535;
  std::uint16_t urgent = 0;
  Octets options = {};  ///< see option::; padded to 4 bytes with zeros
  std::string payload = {};
  std::uint8_t ttl = 64;
  std::uint8_t traffic_class = 0;
  std::uint16_t identification = 1;
  bool bad_checksum = false;              ///< one bit of the TCP checksum flipped
  std::vector<std::uint16_t> vlans = {};  ///< outermost first; 802.1Q
};

struct UdpSpec {
  std::string source = "10.0.0.1";
  std::string destination = "10.0.0.2";
  std::uint16_t source_port = 40000;
  std::uint16_t destination_port = 53;
  std::string payload = {};
  std::uint8_t ttl = 64;
  std::uint8_t traffic_class = 0;
  std::uint16_t identification = 1;
  bool bad_checksum = false;
  bool no_checksum = false;  ///< sent as 0
  std::vector<std::uint16_t> vlans = {};
};

/// TCP options, to be joined: join({option::mss(1460), option::sack_permitted()}).
namespace option {
Octets end();
Octets nop();
Octets mss(std::uint16_t size);
Octets window_scale(std::uint8_t shift);
Octets sack_permitted();
Octets sack(std::initializer_list<std::pair<std::uint32_t, std::uint32_t>> blocks);
Octets timestamps(std::uint32_t value, std::uint32_t echo);
Octets fast_open(const Octets& cookie = {});
}  // namespace option

/// The transport header and payload alone, with a checksum over the pseudo header.
Octets tcp_segment(const TcpSpec& spec);
Octets udp_datagram(const UdpSpec& spec);
/// An IP packet around `payload`; version by the addresses.
Octets ip(const IpSpec& spec, const Octets& payload);
/// An IPv6 fragment header (`next` is what it carries) before `part`.
Octets ipv6_fragment(std::uint8_t next, std::uint16_t offset_units, bool more,
                     std::uint32_t identification, const Octets& part);
/// An Ethernet II frame; not padded to 60 bytes.
Octets ethernet(std::uint16_t type, const Octets& payload,
                std::span<const std::uint16_t> vlans = {});
/// From `source` text alone: 0x0800 or 0x86dd.
std::uint16_t ethertype_of(const std::string& source);

Octets ip_packet(const TcpSpec& spec);
Octets ip_packet(const UdpSpec& spec);
/// The whole Ethernet frame.
Octets frame_of(const TcpSpec& spec);
Octets frame_of(const UdpSpec& spec);

/// Borrows `bytes`. `original_length` 0: all of it was captured.
Packet packet_of(const Octets& bytes, Duration time = {}, std::uint64_t number = 1,
                 std::uint32_t original_length = 0);

/// The internet checksum (RFC 1071) as it stands in a header, by the book and not by the product's
/// code.
std::uint16_t internet_checksum(const Octets& bytes);

}  // namespace wirelens
