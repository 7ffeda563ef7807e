// decode/walk.h - one packet's way through its layers. Private to decode/.
//
// Each layer is a function that proves its header and calls the next. The files follow the layers:
// link.cc (link layers and tags), ip.cc, tunnel.cc, transport.cc.
#pragma once

#include <array>
#include <cstdint>

#include "decode/decode.h"
#include "decode/encapsulations.h"
#include "decode/flaws.h"
#include "decode/fragments.h"
#include "decode/senders.h"

namespace wirelens {

/// Bytes of a layer: `captured` of them are there, `length` were on the wire.
/// captured <= length always.
struct Layer {
  const std::uint8_t* at = nullptr;
  std::uint32_t captured = 0;
  std::uint32_t length = 0;

  /// Behind a header of `count` captured bytes.
  Layer after(std::uint32_t count) const { return {at + count, captured - count, length - count}; }
  /// Cut to what a length field says, or stretched to it where that lies beyond the frame.
  Layer cut(std::uint32_t to) const { return {at, captured < to ? captured : to, to}; }
  Layer cut_down(std::uint32_t to) const { return to < length ? cut(to) : *this; }
};

/// EtherType values, which also name the layers that other protocols announce by them.
namespace ethertype {
inline constexpr std::uint16_t kIpv4 = 0x0800, kIpv6 = 0x86dd, kVlan = 0x8100,
                               kServiceVlan = 0x88a8, kOldServiceVlan = 0x9100,
                               kOlderServiceVlan = 0x9200, kMpls = 0x8847, kMplsMulticast = 0x8848,
                               kPppoeSession = 0x8864, kPpp = 0x880b, kEthernet = 0x6558,
                               kErspan = 0x88be, kErspan3 = 0x22eb;
/// Below it the field is an IEEE 802.3 length, and LLC follows.
inline constexpr std::uint16_t kFirst = 0x0600;
}  // namespace ethertype

/// What a decoder keeps between packets, shared with the walk.
struct Workshop {
  Workshop(Ledger& ledger, DecodeOptions chosen) : options(chosen), fragments(ledger, counts) {
    if (options.max_layers > kMostLayers) options.max_layers = kMostLayers;
  }
  static constexpr std::uint8_t kMostLayers = 8;  ///< tunnels
  static constexpr std::uint8_t kMaxVlans = 8;    ///< a packet, inside and outside of tunnels
  static_assert(kMostLayers + kMaxVlans <= EncapsulationKey::kMaxLayers);

  DecodeOptions options;
  DecodeCounts counts;
  Encapsulations encapsulations;
  Senders senders;
  Fragments fragments;
};

class Walk {
 public:
  Walk(Workshop& shop, const Packet& packet, Decoded& out)
      : shop_(shop), packet_(packet), out_(out) {}

  Verdict link(std::uint16_t linktype, Layer layer);
  /// Books what was found beside the headers.
  void settle() {
    if (noted_ > 0 || not_ip_) [[unlikely]]
      book();
  }

 private:
  // link.cc
  Verdict ethernet(Layer layer);
  Verdict ether_payload(std::uint16_t type, Layer layer);
  Verdict other_link(std::uint16_t linktype, Layer layer);
  Verdict llc(Layer layer);
  Verdict loopback(Layer layer);
  Verdict raw_ip(Layer layer);
  Verdict nflog(Layer layer);
  Verdict mpls(Layer layer);
  Verdict pppoe(Layer layer);
  Verdict ppp(Layer layer);
  Verdict ppp_payload(std::uint16_t protocol, Layer layer);
  Verdict not_ip();

  // ip.cc
  Verdict ipv4(Layer layer);
  Verdict ipv6(Layer layer);
  Verdict ipv4_fragment(std::uint16_t field, std::uint8_t protocol, Layer body);
  Verdict ipv6_fragment(const std::uint8_t* header, Layer body);
  Verdict extension_headers(std::uint8_t next, Layer body);
  Verdict joined(const Fragments::Joined& found);
  Verdict ip_payload(std::uint8_t protocol, Layer body);
  Fragment fragment_of(Layer body) const;

  // tunnel.cc
  bool enter(Tunnel kind, std::uint32_t id = 0);
  Verdict gre(Layer body);
  Verdict pptp(const std::uint8_t* header, std::uint32_t flags, Layer body);
  Verdict erspan(std::uint16_t type, bool has_sequence, Layer body);
  bool is_udp_tunnel(std::uint16_t source_port, std::uint16_t destination_port) const;
  bool udp_tunnel(std::uint16_t source_port, std::uint16_t destination_port, Layer payload,
                  Verdict& verdict);
  Verdict vxlan(Layer payload);
  Verdict geneve(Layer payload);
  Verdict gtp(Layer payload);
  Verdict teredo(Layer payload);

  // transport.cc
  Verdict tcp(Layer body);
  Verdict udp(Layer body);
  Verdict portless(Transport transport, std::uint8_t protocol, Layer body);
  void key(std::uint8_t protocol, std::uint16_t source_port, std::uint16_t destination_port);
  Checksum verify(std::uint8_t protocol, std::uint16_t stored, Layer whole);
  Checksum judge(bool right);

  /// True if `count` bytes were captured; otherwise the packet was cut, or is flawed.
  bool has(Layer layer, std::uint32_t count, const Flaw& flaw) {
    if (layer.captured >= count) [[likely]]
      return true;
    if (layer.length < count) note(flaw);
    return false;
  }
  Verdict flawed(const Flaw& flaw) {
    note(flaw);
    return Verdict::flawed;
  }
  void note(const Flaw& flaw) {
    if (noted_ < notes_.size()) notes_[noted_++] = &flaw;
  }
  std::uint32_t outer() { return around_.empty() ? 0 : intern(); }
  std::uint32_t intern();
  void book();

  Workshop& shop_;
  const Packet& packet_;
  Decoded& out_;

  const std::uint8_t* source_ = nullptr;  // the innermost IP header's addresses
  const std::uint8_t* destination_ = nullptr;
  std::uint8_t version_ = 0;
  bool reached_ip_ = false;
  bool not_ip_ = false;
  bool header_wrong_ = false;  // IPv4 header checksum, or lengths that contradict each other
  bool routed_ = false;        // the pseudo header's destination isn't the header's
  std::uint8_t layers_ = 0;
  std::uint8_t vlans_ = 0;
  std::uint8_t noted_ = 0;
  std::array<const Flaw*, 8> notes_;
  EncapsulationKey around_;
};

inline Verdict Walk::ethernet(Layer layer) {
  if (!has(layer, 14, flaws::kLinkHeader)) return Verdict::flawed;
  const std::uint16_t type = load_be16(layer.at + 12);
  if (type == ethertype::kIpv4) [[likely]]
    return ipv4(layer.after(14));
  return ether_payload(type, layer.after(14));
}

inline Verdict Walk::link(std::uint16_t linktype, Layer layer) {
  return linktype == 1 ? ethernet(layer) : other_link(linktype, layer);
}

}  // namespace wirelens
