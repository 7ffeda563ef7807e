// From frames to headers: Ethernet, IP, TCP and UDP, and what is wrong with them.
#include "decode/decode.h"

#include <gtest/gtest.h>

#include <set>

#include "support/decoding.h"
#include "support/packets.h"

namespace wirelens {
namespace {

TEST(Decode, TcpOverIpv4) {
  Decoding decoding;
  const Octets frame = frame_of(TcpSpec{.source_port = 4000,
                                        .sequence = 0x01020304,
                                        .acknowledgment = 0x05060708,
                                        .flags = TcpHeader::kAck | TcpHeader::kPsh,
                                        .window = 501,
                                        .payload = "GET / HTTP/1.1\r\n\r\n",
                                        .ttl = 61,
                                        .traffic_class = 3,
                                        .identification = 0xbeef});
  ASSERT_EQ(decoding.decode(frame), Verdict::flow);
  const Decoded& out = decoding.out;
  EXPECT_EQ(out.transport, Transport::tcp);
  EXPECT_EQ(out.checksum, Checksum::good);
  EXPECT_EQ(address_text(out.source(), 4), "10.0.0.1");
  EXPECT_EQ(address_text(out.destination(), 4), "10.0.0.2");
  EXPECT_EQ(out.source_port(), 4000);
  EXPECT_EQ(out.destination_port(), 80);
  EXPECT_EQ(out.key.outer, 0u);
  EXPECT_EQ(out.key.protocol, 6);
  EXPECT_EQ(out.ttl, 61);
  EXPECT_EQ(out.ecn, 3);
  EXPECT_EQ(out.identification, 0xbeef);
  EXPECT_EQ(out.tcp.sequence, 0x01020304u);
  EXPECT_EQ(out.tcp.acknowledgment, 0x05060708u);
  EXPECT_EQ(out.tcp.window, 501);
  EXPECT_TRUE(out.tcp.has(TcpHeader::kPsh));
  EXPECT_EQ(as_text(out.payload), "GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(out.payload_length, 18u);
  EXPECT_FALSE(out.joined);
}

TEST(Decode, BothDirectionsShareAKey) {
  for (const auto& [client, server] : {std::pair{"10.0.0.9", "10.0.0.2"},
                                       {"10.0.0.2", "10.0.0.9"},
                                       {"10.0.0.2", "10.0.0.2"},
                                       {"2001:db8::1", "2001:db8::2"},
                                       {"2001:db8::2", "2001:db8::1"}}) {
    Decoding there, back;
    ASSERT_EQ(there.decode(frame_of(TcpSpec{.source = client, .destination = server})),
              Verdict::flow);
    ASSERT_EQ(back.decode(frame_of(TcpSpec{.source = server,
                                           .destination = client,
                                           .source_port = 80,
                                           .destination_port = 40000})),
              Verdict::flow);
    EXPECT_EQ(there.out.key, back.out.key);
    EXPECT_NE(there.out.from_high, back.out.from_high);
    EXPECT_EQ(there.out.source_port(), 40000);
    EXPECT_EQ(back.out.source_port(), 80);
    EXPECT_EQ(address_text(there.out.source(), there.out.key.version), client);
  }
}

TEST(Decode, UdpOverIpv6) {
  Decoding decoding;
  const UdpSpec spec{.source = "2001:db8::1", .destination = "2001:db8::2", .payload = "query"};
  ASSERT_EQ(decoding.decode(frame_of(spec)), Verdict::flow);
  EXPECT_EQ(decoding.out.transport, Transport::udp);
  EXPECT_EQ(decoding.out.checksum, Checksum::good);
  EXPECT_EQ(decoding.out.key.version, 6);
  EXPECT_EQ(decoding.out.destination_port(), 53);
  EXPECT_EQ(as_text(decoding.out.payload), "query");
}

TEST(Decode, VlansArePartOfTheKey) {
  Decoding decoding;
  const auto outer_of = [&](std::vector<std::uint16_t> vlans) {
    EXPECT_EQ(decoding.decode(frame_of(TcpSpec{.vlans = std::move(vlans)})), Verdict::flow);
    return decoding.out.key.outer;
  };
  const std::uint32_t ten = outer_of({10}), twenty = outer_of({20}), stacked = outer_of({10, 20});
  EXPECT_EQ(outer_of({}), 0u);
  EXPECT_EQ(outer_of({0}), 0u) << "a priority tag is no VLAN";
  EXPECT_EQ(outer_of({0x6000 | 10}), ten) << "the priority isn't part of the identity";
  EXPECT_EQ((std::set{0u, ten, twenty, stacked}.size()), 4u);
  EXPECT_EQ(decoding.decoder.encapsulation(stacked).vlans, (std::vector<std::uint16_t>{10, 20}));
  EXPECT_TRUE(decoding.decoder.encapsulation(0).vlans.empty());
}

TEST(Decode, PaddingIsNoPayload) {
  Decoding decoding;
  Octets frame = frame_of(TcpSpec{});
  frame.resize(60);
  ASSERT_EQ(decoding.decode(frame), Verdict::flow);
  EXPECT_TRUE(decoding.out.payload.empty());
  EXPECT_EQ(decoding.out.payload_length, 0u);
  EXPECT_EQ(decoding.out.checksum, Checksum::good);
}

TEST(Decode, IcmpIsNoFlow) {
  Decoding decoding;
  const Octets quoted = ip_packet(TcpSpec{});
  const Octets unreachable = join({from_hex("0303 0000 00000000"), quoted});
  EXPECT_EQ(decoding.decode(ethernet(0x0800, ip({.protocol = 1}, unreachable))), Verdict::other);
  EXPECT_EQ(decoding.out.transport, Transport::icmp);
}

TEST(Decode, ArpIsNotIp) {
  Decoding decoding;
  EXPECT_EQ(decoding.decode(ethernet(0x0806, Octets(28))), Verdict::other);
  EXPECT_EQ(decoding.out.transport, Transport::none);
  EXPECT_EQ(decoding.decoder.counts().not_ip, 1u);
}

}  // namespace
}  // namespace wirelens
