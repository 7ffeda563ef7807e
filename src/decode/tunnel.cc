// decode/tunnel.cc - packets inside packets: GRE, ERSPAN, VXLAN, GENEVE, GTP-U, Teredo.
#include "base/work.h"
#include "decode/walk.h"

namespace wirelens {
namespace {

constexpr std::uint16_t kVxlanPort = 4789, kOldVxlanPort = 8472, kGenevePort = 6081,
                        kGtpPort = 2152, kTeredoPort = 3544;

std::uint32_t load_be24(const std::uint8_t* at) {
  return load_be32(at) >> 8;
}

}  // namespace

/// Steps into a tunnel whose ends are the current IP addresses.
bool Walk::enter(Tunnel kind, std::uint32_t id) {
  if (layers_ == shop_.options.max_layers) {
    note(flaws::kTooManyLayers);
    return false;
  }
  ++layers_;
  // PPPoE runs below IP; a Teredo client speaks to many relays, its IPv6 address is unique.
  const bool has_ends = kind != Tunnel::pppoe && kind != Tunnel::teredo;
  around_.add_tunnel(kind, id, has_ends ? version_ : 0, source_, destination_);
  return true;
}

/// RFC 2784 and RFC 2890; version 1 is PPTP's (RFC 2637).
Verdict Walk::gre(Layer body) {
  constexpr std::uint32_t kHasChecksum = 0x8000, kHasRouting = 0x4000, kHasKey = 0x2000,
                          kHasSequence = 0x1000, kVersion = 0x0007;
  if (!has(body, 4, flaws::kGreHeader)) return Verdict::flawed;
  const std::uint32_t flags = load_be16(body.at);
  const std::uint16_t type = load_be16(body.at + 2);
  if ((flags & kVersion) == 1 && type == ethertype::kPpp) return pptp(body.at, flags, body);
  if ((flags & kVersion) != 0 || (flags & kHasRouting) != 0) {
    return portless(Transport::other, 47, body);
  }
  const std::uint32_t size = 4 + ((flags & kHasChecksum) != 0 ? 4u : 0u) +
                             ((flags & kHasKey) != 0 ? 4u : 0u) +
                             ((flags & kHasSequence) != 0 ? 4u : 0u);
  if (!has(body, size, flaws::kGreHeader)) return Verdict::flawed;
  body = body.after(size);
  if (type == ethertype::kErspan || type == ethertype::kErspan3) {
    return erspan(type, (flags & kHasSequence) != 0, body);
  }
  if (!enter(Tunnel::gre)) return Verdict::flawed;
  return ether_payload(type, body);
}

Verdict Walk::pptp(const std::uint8_t* header, std::uint32_t flags, Layer body) {
  const std::uint32_t size =
      8 + ((flags & 0x1000) != 0 ? 4u : 0u) + ((flags & 0x0080) != 0 ? 4u : 0u);
  if (!has(body, size, flaws::kGreHeader)) return Verdict::flawed;
  const std::uint16_t length = load_be16(header + 4);
  if (length == 0) return portless(Transport::other, 47, body);  // an acknowledgment alone
  if (!enter(Tunnel::pptp)) return Verdict::flawed;
  return ppp(body.after(size).cut_down(length));
}

/// Cisco's mirror sessions (draft-foschiano-erspan): type I has no header, type II one of 8 bytes,
/// type III one of 12 with an optional part of 8.
Verdict Walk::erspan(std::uint16_t type, bool has_sequence, Layer body) {
  std::uint32_t size = 0, session = 0;
  if (type == ethertype::kErspan3 || has_sequence) {
    size = type == ethertype::kErspan3 ? 12 : 8;
    if (!has(body, size, flaws::kGreHeader)) return Verdict::flawed;
    session = load_be16(body.at + 2) & 0x3ff;
    if (type == ethertype::kErspan3 && (body.at[11] & 1) != 0) size += 8;
    if (!has(body, size, flaws::kGreHeader)) return Verdict::flawed;
  }
  const bool carries_ip = type == ethertype::kErspan3 && (body.at[10] >> 2 & 0x1f) == 2;
  if (!enter(Tunnel::erspan, session)) return Verdict::flawed;
  return carries_ip ? raw_ip(body.after(size)) : ethernet(body.after(size));
}

bool Walk::is_udp_tunnel(std::uint16_t source_port, std::uint16_t destination_port) const {
  switch (destination_port) {
    case kVxlanPort:
    case kOldVxlanPort:
    case kGenevePort:
    case kGtpPort:
    case kTeredoPort:
      return true;
    default:
      return source_port == kTeredoPort;
  }
}

/// True if the payload is a tunnel that leads to sound IP; then `verdict` is the inner packet's.
/// Otherwise nothing has changed: the UDP flow is the flow.
bool Walk::udp_tunnel(std::uint16_t source_port, std::uint16_t destination_port, Layer payload,
                      Verdict& verdict) {
  const Decoded before = out_;
  const std::size_t around = around_.size();
  const std::uint8_t* const source = source_;
  const std::uint8_t* const destination = destination_;
  const std::uint8_t version = version_, layers = layers_, vlans = vlans_, noted = noted_;
  const bool header_wrong = header_wrong_, routed = routed_, missed_ip = not_ip_;

  reached_ip_ = false;
  switch (destination_port) {
    case kVxlanPort:
    case kOldVxlanPort:
      verdict = vxlan(payload);
      break;
    case kGenevePort:
      verdict = geneve(payload);
      break;
    case kGtpPort:
      verdict = gtp(payload);
      break;
    default:
      verdict = source_port == kTeredoPort || destination_port == kTeredoPort ? teredo(payload)
                                                                              : Verdict::flawed;
  }
  const bool led_to_ip = reached_ip_;
  reached_ip_ = true;
  if (led_to_ip && verdict != Verdict::flawed) return true;

  out_ = before;
  around_.shrink(around);
  source_ = source;
  destination_ = destination;
  version_ = version;
  layers_ = layers;
  vlans_ = vlans;
  if (!led_to_ip) noted_ = noted;
  header_wrong_ = header_wrong;
  routed_ = routed;
  not_ip_ = missed_ip;
  return false;
}

/// RFC 7348 section 5.
Verdict Walk::vxlan(Layer payload) {
  if (!has(payload, 8, flaws::kUdpTunnelHeader)) return Verdict::flawed;
  if ((payload.at[0] & 0x08) == 0) return flawed(flaws::kUdpTunnelHeader);
  if (!enter(Tunnel::vxlan, load_be24(payload.at + 4))) return Verdict::flawed;
  return ethernet(payload.after(8));
}

/// RFC 8926 section 3.4.
Verdict Walk::geneve(Layer payload) {
  if (!has(payload, 8, flaws::kUdpTunnelHeader)) return Verdict::flawed;
  const std::uint32_t size = 8 + (payload.at[0] & 0x3fu) * 4;
  const bool is_operations = (payload.at[1] & 0x80) != 0;
  if (payload.at[0] >> 6 != 0 || is_operations) return flawed(flaws::kUdpTunnelHeader);
  if (!has(payload, size, flaws::kUdpTunnelHeader)) return Verdict::flawed;
  const std::uint16_t type = load_be16(payload.at + 2);
  if (!enter(Tunnel::geneve, load_be24(payload.at + 4))) return Verdict::flawed;
  return ether_payload(type, payload.after(size));
}

/// 3GPP TS 29.281 section 5.1: user packets of GTP version 1.
Verdict Walk::gtp(Layer payload) {
  constexpr std::uint8_t kUserPacket = 255;
  if (!has(payload, 8, flaws::kUdpTunnelHeader)) return Verdict::flawed;
  const std::uint8_t flags = payload.at[0];
  if (flags >> 4 != 3 || payload.at[1] != kUserPacket) return flawed(flaws::kUdpTunnelHeader);
  Layer inner = payload.cut_down(8u + load_be16(payload.at + 2)).after(8);
  if ((flags & 7) != 0) {
    if (!has(inner, 4, flaws::kUdpTunnelHeader)) return Verdict::flawed;
    std::uint8_t next = (flags & 4) != 0 ? inner.at[3] : std::uint8_t{0};
    inner = inner.after(4);
    while (next != 0) {  // each at least 4 bytes, so the payload's length bounds them
      work();
      if (!has(inner, 1, flaws::kUdpTunnelHeader)) return Verdict::flawed;
      const std::uint32_t size = inner.at[0] * 4u;
      if (size == 0 || !has(inner, size, flaws::kUdpTunnelHeader)) return Verdict::flawed;
      next = inner.at[size - 1];
      inner = inner.after(size);
    }
  }
  if (!enter(Tunnel::gtp)) return Verdict::flawed;
  return raw_ip(inner);
}

/// RFC 4380 section 5.1.1: an authentication and an origin header may come first.
Verdict Walk::teredo(Layer payload) {
  if (payload.captured >= 13 && load_be16(payload.at) == 1) {
    const std::uint32_t size = 13u + payload.at[2] + payload.at[3];
    if (!has(payload, size, flaws::kUdpTunnelHeader)) return Verdict::flawed;
    payload = payload.after(size);
  }
  if (payload.captured >= 8 && load_be16(payload.at) == 0) payload = payload.after(8);
  if (!has(payload, 40, flaws::kUdpTunnelHeader)) return Verdict::flawed;
  const bool is_ipv6 = payload.at[0] >> 4 == 6 && load_be16(payload.at + 4) + 40u == payload.length;
  if (!is_ipv6) return flawed(flaws::kUdpTunnelHeader);
  if (!enter(Tunnel::teredo)) return Verdict::flawed;
  return ipv6(payload);
}

}  // namespace wirelens
