// decode/flaws.h - what can be wrong with headers.
#pragma once

#include "event/flaw.h"

namespace wirelens::flaws {

inline constexpr Flaw kLinkHeader{"link.malformed_header", "shorter than its link type's header"};
inline constexpr Flaw kVlanHeader{"vlan.malformed_header", "IEEE 802.1Q 9.6"};
inline constexpr Flaw kMplsStack{"mpls.malformed_stack", "RFC 3032 2.1"};
inline constexpr Flaw kPppoeHeader{"pppoe.malformed_header", "RFC 2516 4"};
inline constexpr Flaw kPppHeader{"ppp.malformed_header", "RFC 1661 2"};
inline constexpr Flaw kGreHeader{"gre.malformed_header", "RFC 2784 2"};
inline constexpr Flaw kUdpTunnelHeader{"tunnel.malformed_header", "RFC 7348 5, RFC 8926 3.4"};
inline constexpr Flaw kTooManyLayers{"decode.too_many_layers", "DecodeOptions::max_layers"};
inline constexpr Flaw kTooManyEncapsulations{"decode.too_many_encapsulations",
                                             "Decoder::kMaxEncapsulations"};

inline constexpr Flaw kIpv4Header{"ipv4.malformed_header", "RFC 791 3.1"};
inline constexpr Flaw kIpv4Length{"ipv4.length_exceeds_frame", "RFC 791 3.1"};
inline constexpr Flaw kIpv4Fragment{"ipv4.malformed_fragment", "RFC 791 3.2"};
inline constexpr Flaw kIpv4Overlap{"ipv4.overlapping_fragments", "RFC 1858 4"};
inline constexpr Flaw kIpv4TinyFragment{"ipv4.tiny_fragment", "RFC 1858 3"};
inline constexpr Flaw kIpv6Header{"ipv6.malformed_header", "RFC 8200 3"};
inline constexpr Flaw kIpv6Length{"ipv6.length_exceeds_frame", "RFC 8200 3"};
inline constexpr Flaw kIpv6Extension{"ipv6.malformed_extension", "RFC 8200 4"};
inline constexpr Flaw kIpv6Fragment{"ipv6.malformed_fragment", "RFC 8200 4.5"};
inline constexpr Flaw kIpv6Overlap{"ipv6.overlapping_fragments", "RFC 5722 4"};
inline constexpr Flaw kIpv6TinyFragment{"ipv6.tiny_fragment", "RFC 7112 5"};
inline constexpr Flaw kTooManyFragments{"ip.too_many_fragments", "Fragments::kMaxPieces"};

inline constexpr Flaw kTcpHeader{"tcp.malformed_header", "RFC 9293 3.1"};
inline constexpr Flaw kTcpOptions{"tcp.malformed_options", "RFC 9293 3.2"};
inline constexpr Flaw kUdpLength{"udp.malformed_length", "RFC 768"};
inline constexpr Flaw kUdpTooLong{"udp.length_exceeds_packet", "RFC 768"};

}  // namespace wirelens::flaws
