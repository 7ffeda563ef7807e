// Packets inside packets: every tunnel, who they belong to, and what happens when they hold
// nothing.
#include <gtest/gtest.h>

#include <set>

#include "decode/decode.h"
#include "support/decoding.h"
#include "support/packets.h"

namespace wirelens {
namespace {

const Octets kIpv4 =
    ip_packet(TcpSpec{.source = "192.168.0.1", .destination = "192.168.0.2", .payload = "inner"});
const Octets kIpv6 =
    ip_packet(TcpSpec{.source = "2001:db8::1", .destination = "2001:db8::2", .payload = "inner"});
const Octets kFrame = ethernet(0x0800, kIpv4);

Octets over_ip(std::uint8_t protocol, const Octets& payload, bool back = false) {
  const std::string a = "10.0.0.1", b = "10.0.0.2";
  return ethernet(
      0x0800,
      ip({.source = back ? b : a, .destination = back ? a : b, .protocol = protocol}, payload));
}

Octets over_ip6(std::uint8_t protocol, const Octets& payload) {
  return ethernet(
      0x86dd, ip({.source = "fd00::1", .destination = "fd00::2", .protocol = protocol}, payload));
}

Octets over_udp(std::uint16_t port, const Octets& payload) {
  return frame_of(UdpSpec{.source_port = 50000,
                          .destination_port = port,
                          .payload = std::string(payload.begin(), payload.end())});
}

Octets vxlan(std::uint8_t vni, const Octets& inner) {
  return over_udp(4789, join({from_hex("08000000 0000"), {vni, 0}, inner}));
}

struct TunnelCase {
  std::string name;
  Octets frame;
  std::string tunnel;
};

void PrintTo(const TunnelCase& tunnel, std::ostream* out) {
  *out << tunnel.name;
}

class Tunnels : public testing::TestWithParam<TunnelCase> {};

TEST_P(Tunnels, LeadToTheInnerFlow) {
  Decoding decoding;
  ASSERT_EQ(decoding.decode(GetParam().frame), Verdict::flow);
  EXPECT_EQ(decoding.out.transport, Transport::tcp);
  EXPECT_EQ(as_text(decoding.out.payload), "inner");
  EXPECT_EQ(decoding.out.checksum, Checksum::good);
  EXPECT_EQ(decoding.encapsulation().tunnel, GetParam().tunnel);
  EXPECT_EQ(decoding.flaws(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    All, Tunnels,
    testing::Values(
        TunnelCase{"gre", over_ip(47, join({from_hex("0000 0800"), kIpv4})), "gre"},
        TunnelCase{"gre_full",
                   over_ip(47, join({from_hex("b000 86dd 00000000 00000007 00000001"), kIpv6})),
                   "gre"},
        TunnelCase{"gre_ethernet", over_ip(47, join({from_hex("0000 6558"), kFrame})), "gre"},
        TunnelCase{"gre_mpls", over_ip(47, join({from_hex("0000 8847 00010140"), kIpv4})), "gre"},
        TunnelCase{"gre_in_ipv6", over_ip6(47, join({from_hex("0000 0800"), kIpv4})), "gre"},
        TunnelCase{
            "gre_in_gre",
            over_ip(47, join({from_hex("0000 0800"), ip({.source = "172.16.0.1", .protocol = 47},
                                                        join({from_hex("0000 0800"), kIpv4}))})),
            "gre/gre"},
        TunnelCase{
            "pptp",
            over_ip(47, join({from_hex("3081 880b 0040 0007 00000001 00000000 ff030021"), kIpv4})),
            "pptp"},
        TunnelCase{"erspan1", over_ip(47, join({from_hex("0000 88be"), kFrame})), "erspan:0"},
        TunnelCase{"erspan2",
                   over_ip(47, join({from_hex("1000 88be 00000001 1001 0005 00000000"), kFrame})),
                   "erspan:5"},
        TunnelCase{"erspan3",
                   over_ip(47, join({from_hex("1000 22eb 00000001 2001 0006 00000000 0000 0000"),
                                     kFrame})),
                   "erspan:6"},
        TunnelCase{"erspan3_platform",
                   over_ip(47, join({from_hex("1000 22eb 00000001 2001 0006 00000000 0000 0001"),
                                     Octets(8), kFrame})),
                   "erspan:6"},
        TunnelCase{
            "erspan3_ip",
            over_ip(47, join({from_hex("1000 22eb 00000001 2001 0006 00000000 0000 0800"), kIpv4})),
            "erspan:6"},
        TunnelCase{"ipip", over_ip(4, kIpv4), "ipip"},
        TunnelCase{"six_in_four", over_ip(41, kIpv6), "6in4"},
        TunnelCase{"four_in_six", over_ip6(4, kIpv4), "4in6"},
        TunnelCase{"six_in_six", over_ip6(41, kIpv6), "6in6"},
        TunnelCase{"etherip", over_ip(97, join({from_hex("3000"), kFrame})), "etherip"},
        TunnelCase{"vxlan", vxlan(42, kFrame), "vxlan:42"},
        TunnelCase{"old_vxlan", over_udp(8472, join({from_hex("08000000 00002a00"), kFrame})),
                   "vxlan:42"},
        TunnelCase{"geneve", over_udp(6081, join({from_hex("0000 6558 00000700"), kFrame})),
                   "geneve:7"},
        TunnelCase{
            "geneve_options_ip",
            over_udp(6081, join({from_hex("0200 0800 00000700 0102 80 01 00000000"), kIpv4})),
            "geneve:7"},
        TunnelCase{"gtp", over_udp(2152, join({from_hex("30ff 002d 00000001"), kIpv4})), "gtp"},
        TunnelCase{
            "gtp_extension",
            over_udp(2152, join({from_hex("34ff 0035 00000001 0000 00 85 01 000000"), kIpv4})),
            "gtp"},
        TunnelCase{"teredo", over_udp(3544, kIpv6), "teredo"},
        TunnelCase{"teredo_origin", over_udp(3544, join({from_hex("0000 1234 01020304"), kIpv6})),
                   "teredo"},
        TunnelCase{"teredo_authentication",
                   over_udp(3544, join({from_hex("0001 0000 0000000000000000 00"), kIpv6})),
                   "teredo"}),
    [](const testing::TestParamInfo<TunnelCase>& one) { return one.param.name; });

TEST(Tunnel, BothDirectionsShareAnIdentity) {
  Decoding decoding;
  decoding.decode(over_ip(47, join({from_hex("2000 0800 00000001"), kIpv4})));
  const std::uint32_t there = decoding.out.key.outer;
  decoding.decode(over_ip(47, join({from_hex("2000 0800 00000002"), kIpv4}), true));
  EXPECT_EQ(decoding.out.key.outer, there) << "keys may differ between directions";
  EXPECT_NE(there, 0u);
}

// T37: the same addresses and ports in two networks.
TEST(Tunnel, NetworksAreApart) {
  Decoding decoding;
  std::set<std::uint32_t> outers;
  for (const Octets& frame :
       {vxlan(1, kFrame), vxlan(2, kFrame), over_ip(4, kIpv4),
        over_ip(47, join({from_hex("0000 0800"), kIpv4})), ethernet(0x0800, kIpv4)}) {
    ASSERT_EQ(decoding.decode(frame), Verdict::flow);
    outers.insert(decoding.out.key.outer);
  }
  EXPECT_EQ(outers.size(), 5u);
  EXPECT_EQ(decoding.decoder.encapsulation_count(), 5u);
}

// What isn't a tunnel, or leads to no IP, leaves the UDP flow, and no trace in the counts.
TEST(Tunnel, UdpFlowStandsWhenItCarriesNothing) {
  const Octets arp = ethernet(0x0806, Octets(28));
  for (const Octets& frame :
       {over_udp(4789, octets("not VXLAN at all")), over_udp(4789, {}), over_udp(4789, {8}),
        vxlan(1, arp), vxlan(1, Octets(13)), over_udp(6081, octets("not GENEVE at all")),
        over_udp(6081, join({from_hex("3f00 0800 00000700"), kIpv4})),
        over_udp(2152, from_hex("3201 0004 00000000 00000000")),
        over_udp(2152, from_hex("34ff 0008 00000001 00000085 00000000")),
        over_udp(3544, octets("bubble"))}) {
    Decoding decoding;
    ASSERT_EQ(decoding.decode(frame), Verdict::flow);
    EXPECT_EQ(decoding.out.transport, Transport::udp);
    EXPECT_EQ(decoding.out.source_port(), 50000);
    EXPECT_EQ(decoding.out.key.outer, 0u);
    EXPECT_EQ(decoding.out.checksum, Checksum::good);
    EXPECT_EQ(decoding.flaws(), 0u);
    EXPECT_EQ(decoding.decoder.counts().not_ip, 0u);
  }
}

TEST(Tunnel, InnerPingIsNoFlow) {
  Decoding decoding;
  const Octets ping = ethernet(0x0800, ip({.protocol = 1}, from_hex("0800 f7ff 00000000")));
  EXPECT_EQ(decoding.decode(vxlan(1, ping)), Verdict::other);
  EXPECT_EQ(decoding.out.transport, Transport::icmp);
}

TEST(Tunnel, MalformedInnerTcpLeavesTheUdpFlowAndTheFlaw) {
  Decoding decoding;
  Octets inner = kFrame;
  inner[14 + 20 + 12] = 0x10;  // data offset 1
  ASSERT_EQ(decoding.decode(vxlan(1, inner)), Verdict::flow);
  EXPECT_EQ(decoding.out.transport, Transport::udp);
  EXPECT_EQ(decoding.flaws("tcp.malformed_header"), 1u);
}

TEST(Tunnel, NestingHasAnEnd) {
  Octets packet = kIpv4;
  for (int depth = 1; depth <= 9; ++depth) {
    packet = ip({.protocol = 4}, packet);
    Decoding decoding;
    const Verdict verdict = decoding.decode(ethernet(0x0800, packet));
    EXPECT_EQ(verdict, depth <= 8 ? Verdict::flow : Verdict::flawed) << depth;
    EXPECT_EQ(decoding.flaws("decode.too_many_layers"), depth <= 8 ? 0u : 1u);
  }
}

TEST(Tunnel, IdentitiesAreBounded) {
  Decoding decoding;
  Octets frame = vxlan(1, kFrame);
  const std::size_t vni = 14 + 20 + 8 + 4;
  for (std::uint32_t id = 0; id < Decoder::kMaxEncapsulations + 10; ++id) {
    frame[vni] = static_cast<std::uint8_t>(id >> 16);
    frame[vni + 1] = static_cast<std::uint8_t>(id >> 8);
    frame[vni + 2] = static_cast<std::uint8_t>(id);
    ASSERT_EQ(decoding.decode(frame), Verdict::flow);
    ASSERT_LT(decoding.out.key.outer, Decoder::kMaxEncapsulations);
  }
  EXPECT_EQ(decoding.flaws("decode.too_many_encapsulations"), 11u);
}

}  // namespace
}  // namespace wirelens
