// decode/decode.h - from captured bytes to the headers that matter, proven.
//
//   link layer -> VLAN / MPLS / PPPoE -> IPv4 / IPv6 -> tunnels (again from the top, at most
//   kMaxLayers)
//              -> fragments joined -> TCP / UDP header, payload
//
// A packet cut by the snapshot length is truncated, not malformed: lengths come from the IP header,
// bytes from what was captured.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ledger.h"
#include "capture/packet.h"
#include "decode/flow_key.h"
#include "event/flaw.h"

namespace wirelens {

enum class Transport : std::uint8_t { none, tcp, udp, icmp, other };

enum class Checksum : std::uint8_t {
  unverified,  ///< cut short, absent, or wrong in a way that offload explains (see Decoder)
  good,
  bad,  ///< wrong, or lengths or an IPv4 header that a receiver would have refused
};

/// TCP options (RFC 9293 section 3.2 and the registry). Absent is absent; a malformed option list
/// is a flaw and what came before the damage stands.
struct TcpOptions {
  struct Block {
    std::uint32_t left;
    std::uint32_t right;
  };
  std::uint32_t timestamp_value = 0;  ///< RFC 7323; valid if has_timestamp
  std::uint32_t timestamp_echo = 0;
  std::array<Block, 4> sack;  ///< RFC 2018; the first sack_blocks of them, the rest is not set
  std::uint8_t sack_blocks = 0;
  std::uint16_t mss = 0;          ///< 0: absent
  std::uint8_t window_scale = 0;  ///< as sent, at most 14 counts (RFC 7323 section 2.3)
  bool has_window_scale = false;
  bool has_timestamp = false;
  bool sack_permitted = false;
  bool md5 = false;                   ///< RFC 2385
  bool authenticated = false;         ///< TCP-AO, RFC 5925
  bool multipath = false;             ///< RFC 8684
  bool fast_open = false;             ///< RFC 7413, also as the experimental option
  std::uint8_t fast_open_cookie = 0;  ///< its length; 0: a request

  TcpOptions() {}  // NOLINT: leaves `sack` alone, since every packet begins with none
};

struct TcpHeader {
  static constexpr std::uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10,
                                kUrg = 0x20, kEce = 0x40, kCwr = 0x80;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  std::uint16_t window = 0;  ///< unscaled
  std::uint16_t urgent = 0;
  std::uint8_t flags = 0;
  TcpOptions options;

  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

/// What decode() found. Lives as long as the packet's bytes, joined fragments until the next call.
struct Decoded {
  FlowKey key;
  bool from_high = false;  ///< the sender is key.high
  Transport transport = Transport::none;
  Checksum checksum = Checksum::unverified;  ///< of the transport header
  bool joined = false;                       ///< put together from IP fragments
  std::uint8_t ttl = 0;                      ///< hop limit for IPv6
  std::uint8_t ecn = 0;                      ///< RFC 3168
  std::uint16_t identification = 0;          ///< IPv4; 0 for IPv6
  TcpHeader tcp;
  Bytes payload;                     ///< transport payload, as far as it was captured
  std::uint32_t payload_length = 0;  ///< on the wire; never less than payload.size()

  const AddressBytes& source() const { return from_high ? key.high : key.low; }
  const AddressBytes& destination() const { return from_high ? key.low : key.high; }
  std::uint16_t source_port() const { return from_high ? key.high_port : key.low_port; }
  std::uint16_t destination_port() const { return from_high ? key.low_port : key.high_port; }
};

/// VLANs and tunnels around an inner packet, part of a flow's identity.
struct Encapsulation {
  std::vector<std::uint16_t> vlans;  ///< outermost first
  std::string tunnel;                ///< "vxlan:42", "gre:7/ipip" …, outermost first; empty: none
};

struct DecodeCounts {
  struct Count {
    Flaw flaw;
    std::uint64_t count = 0;
  };
  std::vector<Count> flaws;             ///< malformed packets by flaw
  std::uint64_t truncated = 0;          ///< packets cut by the snapshot length
  std::uint64_t bad_checksums = 0;      ///< packets with a wrong one that offload doesn't explain
  std::uint64_t offloaded_senders = 0;  ///< senders whose wrong checksums are their card's work
  std::uint64_t fragments = 0, datagrams_joined = 0, fragments_dropped = 0;
  std::uint64_t unknown_link_types = 0;  ///< packets of a link type that is not decoded
  std::uint64_t not_ip = 0;              ///< ARP and the like
};

enum class Verdict : std::uint8_t {
  flow,    ///< TCP or UDP: key and header stand
  other,   ///< sound, but neither TCP nor UDP; or a fragment that waits for its siblings
  flawed,  ///< malformed or truncated before the transport header
};

struct DecodeOptions {
  std::uint8_t max_layers = 8;   ///< tunnels within tunnels
  bool verify_checksums = true;  ///< of TCP and UDP; costs a walk over every byte of payload
};

/// Decodes packet after packet; keeps fragments and encapsulations. Belongs to one worker. What it
/// finds depends on the packets alone, so several over the same packets agree.
///
/// Offload: a TCP or UDP checksum that equals the sum of the pseudo header is what a system hands
/// to a card that computes the rest, and says nothing about the packet. Any other wrong one is bad
/// if its sender (address on an interface) was seen to send right ones before; until then it is
/// unverified.
///
/// A UDP tunnel that doesn't lead to sound IP (another protocol on the port, an ARP request inside)
/// leaves the UDP flow as the flow.
class Decoder {
 public:
  Decoder(Ledger& ledger, DecodeOptions options = {});
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  Verdict decode(const Packet& packet, const Interface& interface, Decoded& out);

  /// What stands behind FlowKey::outer. 0 is no encapsulation; identities past kMaxEncapsulations
  /// share the last one, and are counted as a flaw.
  const Encapsulation& encapsulation(std::uint32_t outer) const;
  /// How many there are, the empty one included.
  std::size_t encapsulation_count() const;
  const DecodeCounts& counts() const;

  static constexpr std::size_t kMaxEncapsulations = 65536;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace wirelens
