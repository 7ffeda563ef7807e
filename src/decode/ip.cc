// decode/ip.cc - IPv4 (RFC 791), IPv6 and its extension headers (RFC 8200).
#include "base/work.h"
#include "decode/checksum.h"
#include "decode/walk.h"

namespace wirelens {
namespace {

// Protocol numbers of the IANA registry.
enum : std::uint8_t {
  kHopByHop = 0,
  kIcmp = 1,
  kIpv4InIp = 4,
  kTcp = 6,
  kUdp = 17,
  kIpv6InIp = 41,
  kRouting = 43,
  kFragment = 44,
  kGre = 47,
  kAuthentication = 51,
  kIcmp6 = 58,
  kNoNext = 59,
  kDestination = 60,
  kEtherIp = 97,
  kMplsInIp = 137,
  kMobility = 135,
  kHostIdentity = 139,
  kShim6 = 140,
};

constexpr int kMaxExtensions = 16;

/// IPv4 options that put another destination into the pseudo header.
bool has_source_route(const std::uint8_t* options, std::uint32_t size) {
  constexpr std::uint8_t kLoose = 131, kStrict = 137;
  for (std::uint32_t i = 0; i < size && options[i] != 0;) {
    work();
    if (options[i] == kLoose || options[i] == kStrict) return true;
    if (options[i] == 1) {
      ++i;
    } else if (i + 1 < size && options[i + 1] >= 2) {
      i += options[i + 1];
    } else {
      return false;
    }
  }
  return false;
}

/// RFC 2675: a hop-by-hop option of type 0xc2 that holds the true length. 0: none.
std::uint32_t jumbo_length(const std::uint8_t* options, std::uint32_t size) {
  for (std::uint32_t i = 0; i + 1 < size;) {
    work();
    if (options[i] == 0) {
      ++i;
      continue;
    }
    if (options[i] == 0xc2 && options[i + 1] == 4 && i + 6 <= size)
      return load_be32(options + i + 2);
    i += 2u + options[i + 1];
  }
  return 0;
}

}  // namespace

Verdict Walk::ipv4(Layer layer) {
  return ipv4_inline(layer);
}

/// A header with options. False: it is not all there.
bool Walk::ipv4_options(Layer layer, std::uint32_t header) {
  if (!has(layer, header, flaws::kIpv4Header)) return false;
  routed_ = has_source_route(layer.at + 20, header - 20);
  return true;
}

/// The length field says more than the frame holds. Which of the two lies: an intact header was cut
/// by the capture, a damaged one proves nothing.
std::uint32_t Walk::overlong_ipv4(Layer layer, std::uint32_t header, std::uint32_t total) {
  note(flaws::kIpv4Length);
  if (header_wrong_ && layer.length >= header) total = layer.length;
  header_wrong_ = true;
  return total;
}

Verdict Walk::ipv6(Layer layer) {
  if (!has(layer, 40, flaws::kIpv6Header)) return Verdict::flawed;
  const std::uint8_t* const at = layer.at;
  if (at[0] >> 4 != 6) return flawed(flaws::kIpv6Header);
  reached_ip_ = true;
  version_ = 6;
  source_ = at + 8;
  destination_ = at + 24;
  header_wrong_ = routed_ = false;
  out_.ttl = at[7];
  out_.ecn = at[1] >> 4 & 3;
  out_.identification = 0;
  const std::uint32_t length = load_be16(at + 4);
  Layer body = layer.after(40);
  if (length > body.length) {
    note(flaws::kIpv6Length);
    header_wrong_ = true;
  }
  // 0: a jumbogram, or left to the card by segmentation offload.
  if (length != 0 || at[6] == kNoNext) body = body.cut(length);
  if (at[6] == kTcp) [[likely]]
    return tcp(body);
  if (length == 0 && at[6] == kHopByHop && body.captured >= 8) {
    const std::uint32_t size = (body.at[1] + 1u) * 8;
    const std::uint32_t jumbo =
        jumbo_length(body.at + 2, (size < body.captured ? size : body.captured) - 2);
    if (jumbo != 0) body = body.cut_down(jumbo);
  }
  return extension_headers(at[6], body);
}

Verdict Walk::extension_headers(std::uint8_t next, Layer body) {
  for (int count = 0; count < kMaxExtensions; ++count) {
    work();
    std::uint32_t unit = 8, extra = 1;
    switch (next) {
      case kRouting:
      case kHopByHop:
      case kDestination:
      case kMobility:
      case kHostIdentity:
      case kShim6:
        break;
      case kAuthentication:  // RFC 4302 section 2.2: in words of 4 bytes, minus 2
        unit = 4;
        extra = 2;
        break;
      case kFragment:
        if (!has(body, 8, flaws::kIpv6Extension)) return Verdict::flawed;
        if ((load_be16(body.at + 2) & 0xfff9) != 0) return ipv6_fragment(body.at, body.after(8));
        next = body.at[0];  // atomic: a datagram by itself (RFC 6946)
        body = body.after(8);
        continue;
      default:
        return ip_payload(next, body);
    }
    if (!has(body, 4, flaws::kIpv6Extension)) return Verdict::flawed;
    const std::uint32_t size = (body.at[1] + extra) * unit;
    if (!has(body, size, flaws::kIpv6Extension)) return Verdict::flawed;
    if (next == kRouting && body.at[3] != 0) routed_ = true;  // segments left
    next = body.at[0];
    body = body.after(size);
  }
  return flawed(flaws::kIpv6Extension);
}

Verdict Walk::ip_payload(std::uint8_t protocol, Layer body) {
  switch (protocol) {
    case kTcp:
      return tcp(body);
    case kUdp:
      return udp(body);
    case kIcmp:
    case kIcmp6:
      return portless(Transport::icmp, protocol, body);
    case kIpv4InIp:
      if (!enter(version_ == 4 ? Tunnel::ipip : Tunnel::ip4_in_ip6)) return Verdict::flawed;
      return ipv4(body);
    case kIpv6InIp:
      if (!enter(version_ == 4 ? Tunnel::ip6_in_ip4 : Tunnel::ip6_in_ip6)) return Verdict::flawed;
      return ipv6(body);
    case kGre:
      return gre(body);
    case kMplsInIp:
      return mpls(body);
    case kEtherIp:  // RFC 3378
      if (!has(body, 2, flaws::kGreHeader) || !enter(Tunnel::etherip)) return Verdict::flawed;
      return ethernet(body.after(2));
    default:
      return portless(Transport::other, protocol, body);
  }
}

Fragment Walk::fragment_of(Layer body) const {
  Fragment fragment;
  const std::size_t width = version_ == 6 ? 16 : 4;
  std::memcpy(fragment.source.data(), source_, width);
  std::memcpy(fragment.destination.data(), destination_, width);
  fragment.version = version_;
  fragment.bytes = {body.at, body.captured};
  return fragment;
}

Verdict Walk::ipv4_fragment(std::uint16_t field, std::uint8_t protocol, Layer body) {
  Fragment fragment = fragment_of(body);
  fragment.outer = outer();
  fragment.identification = out_.identification;
  fragment.protocol = protocol;
  fragment.offset = (field & 0x1fffu) * 8;
  fragment.more = (field & 0x2000) != 0;
  ++shop_.counts.fragments;
  if (body.captured < body.length) {  // its end is missing, here or on the wire
    ++shop_.counts.fragments_dropped;
    return Verdict::flawed;
  }
  // Too short for the ports and flags, or made to replace them (RFC 1858 sections 3 and 4).
  const bool hides_header = protocol == kTcp && ((fragment.offset == 0 && body.length < 20) ||
                                                 (fragment.offset > 0 && fragment.offset < 20));
  if (hides_header) note(flaws::kIpv4TinyFragment);
  return joined(shop_.fragments.add(fragment, packet_.now));
}

Verdict Walk::ipv6_fragment(const std::uint8_t* header, Layer body) {
  const std::uint16_t field = load_be16(header + 2);
  Fragment fragment = fragment_of(body);
  fragment.outer = outer();
  fragment.identification = load_be32(header + 4);
  fragment.protocol = header[0];
  fragment.offset = field & 0xfff8;
  fragment.more = (field & 1) != 0;
  ++shop_.counts.fragments;
  if (body.captured < body.length) {
    ++shop_.counts.fragments_dropped;
    return Verdict::flawed;
  }
  const bool hides_header = fragment.protocol == kTcp && fragment.offset == 0 && body.length < 20;
  if (hides_header) note(flaws::kIpv6TinyFragment);
  return joined(shop_.fragments.add(fragment, packet_.now));
}

Verdict Walk::joined(const Fragments::Joined& found) {
  if (found.flaw != nullptr) note(*found.flaw);
  if (found.datagram.empty()) return Verdict::other;
  out_.joined = true;
  const auto size = static_cast<std::uint32_t>(found.datagram.size());
  const Layer body{found.datagram.data(), size, size};
  return version_ == 6 ? extension_headers(found.protocol, body) : ip_payload(found.protocol, body);
}

}  // namespace wirelens
