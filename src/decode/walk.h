// decode/walk.h - one packet's way through its layers. Private to decode/.
//
// Each layer is a function that proves its header and calls the next. The files follow the layers:
// link.cc (link layers and tags), ip.cc, tunnel.cc, transport.cc. The way of most packets stands
// here and is one function when compiled; those who come by another way call what it is named for.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>

#include "base/work.h"
#include "decode/checksum.h"
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
  Verdict ethernet_inline(Layer layer);
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
  Verdict ipv4_inline(Layer layer);
  bool ipv4_options(Layer layer, std::uint32_t header);
  std::uint32_t overlong_ipv4(Layer layer, std::uint32_t header, std::uint32_t total);
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
  Verdict tcp_inline(Layer body);
  void tcp_options(const std::uint8_t* at, std::uint32_t captured, std::uint32_t wanted);
  Verdict udp(Layer body);
  Verdict portless(Transport transport, std::uint8_t protocol, Layer body);
  void key(std::uint8_t protocol, std::uint16_t source_port, std::uint16_t destination_port);
  Checksum verify(std::uint8_t protocol, std::uint16_t stored, Layer whole);
  Checksum judge_wrong(std::uint16_t stored, std::uint64_t pseudo, std::uint32_t length);
  Checksum judge_wrong();

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

// ---- the way of most packets: Ethernet, IPv4, TCP

inline constexpr std::uint8_t kTcpNumber = 6;  ///< of the IANA protocol numbers

[[gnu::always_inline]] inline void Walk::key(std::uint8_t protocol, std::uint16_t source_port,
                                             std::uint16_t destination_port) {
  FlowKey& key = out_.key;
  // Which end sends is a coin toss that no branch predictor wins, hence the indexing.
  const std::uint8_t* const ends[2] = {source_, destination_};
  const std::uint16_t ports[2] = {source_port, destination_port};
  std::size_t low;
  if (version_ == 4) {
    const std::uint64_t source = std::uint64_t{load_be32(source_)} << 16 | source_port;
    const std::uint64_t destination =
        std::uint64_t{load_be32(destination_)} << 16 | destination_port;
    low = source > destination;
    set_ipv4(key.low, ends[low]);
    set_ipv4(key.high, ends[1 - low]);
  } else {
    const int order = std::memcmp(source_, destination_, 16);
    low = order > 0 || (order == 0 && source_port > destination_port);
    std::memcpy(key.low.data(), ends[low], 16);
    std::memcpy(key.high.data(), ends[1 - low], 16);
  }
  key.set_rest(ports[low], ports[1 - low], outer(), version_, protocol);
  out_.from_high = low == 1;
}

/// `stored` is the checksum field in the machine's byte order, `whole` header and payload.
[[gnu::always_inline]] inline Checksum Walk::verify(std::uint8_t protocol, std::uint16_t stored,
                                                    Layer whole) {
  if (!shop_.options.verify_checksums) return Checksum::unverified;
  if (header_wrong_) return judge_wrong();
  if (whole.captured < whole.length || routed_) return Checksum::unverified;
  // Both versions keep the destination behind the source.
  const std::uint64_t pseudo =
      (version_ == 4 ? sum_of_words<1>(source_) : sum_of_words<4>(source_)) + sum_term(protocol);
  const std::uint64_t sum = sum_of(whole.at, whole.captured);
  if (!is_intact(pseudo + sum_term(whole.length) + sum)) [[unlikely]] {
    return judge_wrong(stored, pseudo, whole.length);
  }
  shop_.senders.right(out_.source(), packet_.interface);
  return Checksum::good;
}

[[gnu::always_inline]] inline Verdict Walk::tcp_inline(Layer body) {
  constexpr std::uint32_t kNopNopTimestamps = 0x0101080a;
  if (!has(body, 20, flaws::kTcpHeader)) return Verdict::flawed;
  const std::uint8_t* const at = body.at;
  const std::uint32_t header = (at[12] >> 4) * 4u;
  if (header < 20 || header > body.length) return flawed(flaws::kTcpHeader);
  key(kTcpNumber, load_be16(at), load_be16(at + 2));
  out_.transport = Transport::tcp;
  TcpHeader& tcp = out_.tcp;
  tcp.sequence = load_be32(at + 4);
  tcp.acknowledgment = load_be32(at + 8);
  tcp.flags = at[13];
  tcp.window = load_be16(at + 14);
  tcp.urgent = load_be16(at + 18);
  std::construct_at(&tcp.options);
  const std::uint32_t there = header < body.captured ? header : body.captured;
  if (there == 32 && load_be32(at + 20) == kNopNopTimestamps) [[likely]] {
    tcp.options.timestamp_value = load_be32(at + 24);
    tcp.options.timestamp_echo = load_be32(at + 28);
    tcp.options.has_timestamp = true;
  } else if (there > 20) {
    tcp_options(at + 20, there - 20, header - 20);
  }
  out_.payload = {at + there, body.captured - there};
  out_.payload_length = body.length - header;
  out_.checksum = verify(kTcpNumber, load_le16(at + 16), body);
  return Verdict::flow;
}

[[gnu::always_inline]] inline Verdict Walk::ipv4_inline(Layer layer) {
  if (!has(layer, 20, flaws::kIpv4Header)) return Verdict::flawed;
  const std::uint8_t* const at = layer.at;
  const std::uint32_t header = (at[0] & 15u) * 4;
  if (at[0] >> 4 != 4 || header < 20) return flawed(flaws::kIpv4Header);
  std::uint32_t total = load_be16(at + 2);
  if (total == 0) total = layer.length;  // left to the card by TCP segmentation offload
  if (total < header) return flawed(flaws::kIpv4Header);
  reached_ip_ = true;
  version_ = 4;
  source_ = at + 12;
  destination_ = at + 16;
  header_wrong_ = routed_ = false;
  out_.ttl = at[8];
  out_.ecn = at[1] & 3;
  out_.identification = load_be16(at + 4);
  std::uint64_t sum = sum_of_ipv4_header(at);
  if (header > 20) [[unlikely]] {
    if (!ipv4_options(layer, header)) return Verdict::flawed;
    sum += sum_of(at + 20, header - 20);
  }
  // 0 is what offload leaves.
  if (!is_intact(sum) && load_be16(at + 10) != 0) header_wrong_ = true;
  if (total > layer.length) [[unlikely]]
    total = overlong_ipv4(layer, header, total);
  const std::uint8_t protocol = at[9];
  const auto fragment = static_cast<std::uint16_t>(load_be16(at + 6) & 0x3fff);
  const Layer body = layer.cut(total).after(header);
  if (fragment != 0) [[unlikely]]
    return ipv4_fragment(fragment, protocol, body);
  if (protocol == kTcpNumber) [[likely]]
    return tcp_inline(body);
  return ip_payload(protocol, body);
}

[[gnu::always_inline]] inline Verdict Walk::ethernet_inline(Layer layer) {
  if (!has(layer, 14, flaws::kLinkHeader)) return Verdict::flawed;
  const std::uint16_t type = load_be16(layer.at + 12);
  if (type == ethertype::kIpv4) [[likely]]
    return ipv4_inline(layer.after(14));
  return ether_payload(type, layer.after(14));
}

[[gnu::always_inline]] inline Verdict Walk::link(std::uint16_t linktype, Layer layer) {
  return linktype == 1 ? ethernet_inline(layer) : other_link(linktype, layer);
}

}  // namespace wirelens
