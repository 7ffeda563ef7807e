// decode/link.cc - link layers and the tags between them and IP.
#include "base/work.h"
#include "decode/walk.h"

namespace wirelens {
namespace {

// LINKTYPE_ values, https://www.tcpdump.org/linktypes.html
enum : std::uint16_t {
  kNull = 0,
  kPpp = 9,
  kRawOld = 12,
  kRawOlder = 14,
  kPppHdlc = 50,
  kPppEther = 51,
  kRaw = 101,
  kCiscoHdlc = 104,
  kLoop = 108,
  kCooked = 113,
  kIpv4Link = 228,
  kIpv6Link = 229,
  kNflog = 239,
  kCooked2 = 276,
};

constexpr std::uint32_t kMaxLabels = 64;  // an MPLS stack; real ones have one to three
constexpr std::uint16_t kCookedNovell = 1, kCookedLlc = 4;  // "protocols" of Linux, no EtherTypes

}  // namespace

Verdict Walk::ethernet(Layer layer) {
  return ethernet_inline(layer);
}

Verdict Walk::not_ip() {
  not_ip_ = true;
  return Verdict::other;
}

Verdict Walk::other_link(std::uint16_t linktype, Layer layer) {
  switch (linktype) {
    case kNull:
    case kLoop:
      return loopback(layer);
    case kRawOld:
    case kRawOlder:
    case kRaw:
    case kIpv4Link:
    case kIpv6Link:
      return raw_ip(layer);
    case kPpp:
    case kPppHdlc:
      return ppp(layer);
    case kPppEther:
      return pppoe(layer);
    case kCiscoHdlc:
      if (!has(layer, 4, flaws::kLinkHeader)) return Verdict::flawed;
      return ether_payload(load_be16(layer.at + 2), layer.after(4));
    case kNflog:
      return nflog(layer);
    default:
      break;
  }
  if (linktype != kCooked && linktype != kCooked2) {
    ++shop_.counts.unknown_link_types;
    return Verdict::other;
  }
  const std::uint32_t size = linktype == kCooked ? 16 : 20;
  if (!has(layer, size, flaws::kLinkHeader)) return Verdict::flawed;
  const std::uint16_t protocol = load_be16(layer.at + (linktype == kCooked ? 14 : 0));
  if (protocol == kCookedLlc) return llc(layer.after(size));
  if (protocol <= kCookedNovell) return not_ip();
  return ether_payload(protocol, layer.after(size));
}

Verdict Walk::ether_payload(std::uint16_t type, Layer layer) {
  for (;;) {
    work();
    switch (type) {
      case ethertype::kIpv4:
        return ipv4(layer);
      case ethertype::kIpv6:
        return ipv6(layer);
      case ethertype::kVlan:
      case ethertype::kServiceVlan:
      case ethertype::kOldServiceVlan:
      case ethertype::kOlderServiceVlan:
        break;
      case ethertype::kMpls:
      case ethertype::kMplsMulticast:
        return mpls(layer);
      case ethertype::kPppoeSession:
        return pppoe(layer);
      case ethertype::kPpp:
        return ppp(layer);
      case ethertype::kEthernet:
        return ethernet(layer);
      default:
        return type < ethertype::kFirst ? llc(layer.cut_down(type)) : not_ip();
    }
    if (!has(layer, 4, flaws::kVlanHeader)) return Verdict::flawed;
    if (vlans_++ == Workshop::kMaxVlans) return flawed(flaws::kTooManyLayers);
    const auto id = static_cast<std::uint16_t>(load_be16(layer.at) & 0x0fff);
    if (id != 0) around_.add_vlan(id);  // 0: a priority tag, no VLAN
    type = load_be16(layer.at + 2);
    layer = layer.after(4);
  }
}

/// IEEE 802.2: SNAP (RFC 1042) or IP's own service access point.
Verdict Walk::llc(Layer layer) {
  if (layer.captured < 3) return not_ip();
  const std::uint8_t* const at = layer.at;
  if (at[0] == 0x06 && at[1] == 0x06 && at[2] == 0x03) return ipv4(layer.after(3));
  const bool is_snap = at[0] == 0xaa && at[1] == 0xaa && at[2] == 0x03 && layer.captured >= 8;
  if (!is_snap) return not_ip();
  const std::uint32_t organization = load_be32(at + 2) & 0xffffff;
  const std::uint16_t type = load_be16(at + 6);
  const bool is_ethertype = organization == 0 || organization == 0x0000f8;  // IEEE 802.1H
  return is_ethertype && type >= ethertype::kFirst ? ether_payload(type, layer.after(8)) : not_ip();
}

/// A 32-bit address family of the capturing machine, in its byte order; IPv6's number differs
/// between the BSDs, Darwin, Linux and Windows.
Verdict Walk::loopback(Layer layer) {
  if (!has(layer, 4, flaws::kLinkHeader)) return Verdict::flawed;
  // Some captures of this type hold Cisco HDLC headers instead: unicast or multicast, then a zero.
  if (const std::uint16_t address = load_be16(layer.at); address == 0x0f00 || address == 0x8f00) {
    return ether_payload(load_be16(layer.at + 2), layer.after(4));
  }
  std::uint32_t family = load_be32(layer.at);
  if (family > 0xffff) family = load_le32(layer.at);
  switch (family) {
    case 2:
      return ipv4(layer.after(4));
    case 10:
    case 23:
    case 24:
    case 28:
    case 30:
      return ipv6(layer.after(4));
    default:
      return not_ip();
  }
}

Verdict Walk::raw_ip(Layer layer) {
  if (!has(layer, 1, flaws::kLinkHeader)) return Verdict::flawed;
  switch (layer.at[0] >> 4) {
    case 4:
      return ipv4(layer);
    case 6:
      return ipv6(layer);
    default:
      return not_ip();
  }
}

/// Type-length-value records in the byte order of the capturing machine; the packet is type 9.
Verdict Walk::nflog(Layer layer) {
  constexpr std::uint16_t kPayload = 9;
  if (!has(layer, 4, flaws::kLinkHeader)) return Verdict::flawed;
  layer = layer.after(4);
  while (layer.captured >= 4) {
    work();
    std::uint16_t size = load_le16(layer.at);
    std::uint16_t type = load_le16(layer.at + 2);
    if (size < 4 || size > layer.length) {
      size = load_be16(layer.at);
      type = load_be16(layer.at + 2);
    }
    if (size < 4 || size > layer.length) return flawed(flaws::kLinkHeader);
    if ((type & 0x7fff) == kPayload) return raw_ip(layer.cut(size).after(4));
    const std::uint32_t step = (size + 3u) & ~3u;
    if (step >= layer.captured) break;
    layer = layer.after(step);
  }
  return not_ip();
}

/// RFC 3032. What lies below the stack isn't said: an IP version tells IP; otherwise it is an
/// Ethernet pseudowire with (RFC 4448 section 4.6: 16 zero bits first) or without a control word.
Verdict Walk::mpls(Layer layer) {
  bool bottom = false;
  for (std::uint32_t label = 0; !bottom; ++label) {
    work();
    if (!has(layer, 4, flaws::kMplsStack)) return Verdict::flawed;
    if (label == kMaxLabels) return flawed(flaws::kTooManyLayers);
    bottom = (layer.at[2] & 1) != 0;
    layer = layer.after(4);
  }
  if (!has(layer, 1, flaws::kMplsStack)) return Verdict::flawed;
  const std::uint8_t first = layer.at[0];
  const bool is_ipv4 = first >= 0x45 && first <= 0x4f && layer.captured >= 4 &&
                       load_be16(layer.at + 2) <= layer.length;
  const bool is_ipv6 =
      first >> 4 == 6 && layer.captured >= 6 && load_be16(layer.at + 4) + 40u <= layer.length;
  if (is_ipv4) return ipv4(layer);
  if (is_ipv6) return ipv6(layer);
  if (layers_++ == shop_.options.max_layers) return flawed(flaws::kTooManyLayers);
  const bool has_control_word = layer.captured >= 4 && load_be16(layer.at) == 0;
  return ethernet(has_control_word ? layer.after(4) : layer);
}

Verdict Walk::pppoe(Layer layer) {
  if (!has(layer, 6, flaws::kPppoeHeader)) return Verdict::flawed;
  if (layer.at[0] != 0x11) return flawed(flaws::kPppoeHeader);
  if (layer.at[1] != 0) return not_ip();  // discovery
  const std::uint16_t session = load_be16(layer.at + 2);
  const std::uint16_t length = load_be16(layer.at + 4);
  if (!enter(Tunnel::pppoe, session)) return Verdict::flawed;
  return ppp(layer.after(6).cut_down(length));
}

/// RFC 1661 section 2, with or without the HDLC-like frame (RFC 1662) and a compressed protocol
/// field. Cisco's HDLC may hide behind the same link types.
Verdict Walk::ppp(Layer layer) {
  if (!has(layer, 2, flaws::kPppHeader)) return Verdict::flawed;
  const std::uint16_t start = load_be16(layer.at);
  if (start == 0x0f00 || start == 0x8f00) {
    if (!has(layer, 4, flaws::kPppHeader)) return Verdict::flawed;
    return ether_payload(load_be16(layer.at + 2), layer.after(4));
  }
  if (start == 0xff03) layer = layer.after(2);
  if (!has(layer, 2, flaws::kPppHeader)) return Verdict::flawed;
  const bool compressed = (layer.at[0] & 1) != 0;
  return compressed ? ppp_payload(layer.at[0], layer.after(1))
                    : ppp_payload(load_be16(layer.at), layer.after(2));
}

Verdict Walk::ppp_payload(std::uint16_t protocol, Layer layer) {
  switch (protocol) {
    case 0x0021:
      return ipv4(layer);
    case 0x0057:
      return ipv6(layer);
    case 0x0281:
      return mpls(layer);
    default:
      return not_ip();
  }
}

}  // namespace wirelens
