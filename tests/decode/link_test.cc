// Link layers, and the tags between them and IP.
#include <gtest/gtest.h>

#include "decode/decode.h"
#include "support/decoding.h"
#include "support/packets.h"

namespace wirelens {
namespace {

const Octets kIpv4 = ip_packet(TcpSpec{.payload = "hello"});
const Octets kIpv6 =
    ip_packet(TcpSpec{.source = "2001:db8::1", .destination = "2001:db8::2", .payload = "hello"});

struct LinkCase {
  std::string name;
  std::uint16_t linktype;
  Octets bytes;
};

// How gtest names a case.
void PrintTo(const LinkCase& link, std::ostream* out) {
  *out << link.name;
}

class Link : public testing::TestWithParam<LinkCase> {};

TEST_P(Link, LeadsToTcp) {
  Decoding decoding({}, GetParam().linktype);
  ASSERT_EQ(decoding.decode(GetParam().bytes), Verdict::flow);
  EXPECT_EQ(decoding.out.transport, Transport::tcp);
  EXPECT_EQ(decoding.out.checksum, Checksum::good);
  EXPECT_EQ(as_text(decoding.out.payload), "hello");
  EXPECT_EQ(decoding.flaws(), 0u);
}

Octets cooked(std::uint16_t protocol, const Octets& payload) {
  return join({from_hex("0000 0001 0006 020000000001 0000"), be16(protocol), payload});
}

Octets cooked2(std::uint16_t protocol, const Octets& payload) {
  return join({be16(protocol), from_hex("0000 00000002 0001 00 06 0200000000010000"), payload});
}

// A prefix record of type 10 before the payload of type 9, both padded to 4 bytes.
Octets nflog(bool big_endian, const Octets& payload) {
  const auto size = static_cast<std::uint16_t>(4 + payload.size());
  const auto word = [&](std::uint16_t value) {
    const auto swapped = static_cast<std::uint16_t>(value << 8 | value >> 8);
    return be16(big_endian ? value : swapped);
  };
  return join({from_hex("02 00 0000"), word(5), word(10), from_hex("61 000000"), word(size),
               word(9), payload});
}

const Octets kLabels = from_hex("00010040 00011040 00012140");  // the last has the bottom bit

INSTANTIATE_TEST_SUITE_P(
    All, Link,
    testing::Values(
        LinkCase{"null_little", 0, join({from_hex("02000000"), kIpv4})},
        LinkCase{"null_big", 0, join({from_hex("00000002"), kIpv4})},
        LinkCase{"null_freebsd6", 0, join({from_hex("1c000000"), kIpv6})},
        LinkCase{"null_netbsd6", 0, join({from_hex("18000000"), kIpv6})},
        LinkCase{"null_darwin6", 0, join({from_hex("0000001e"), kIpv6})},
        LinkCase{"null_hdlc", 0, join({from_hex("0f00 0800"), kIpv4})},
        LinkCase{"loop", 108, join({from_hex("00000002"), kIpv4})},
        LinkCase{"loop_openbsd6", 108, join({from_hex("00000018"), kIpv6})},
        LinkCase{"raw4", 101, kIpv4}, LinkCase{"raw6", 101, kIpv6}, LinkCase{"raw12", 12, kIpv4},
        LinkCase{"raw14", 14, kIpv6}, LinkCase{"ipv4", 228, kIpv4}, LinkCase{"ipv6", 229, kIpv6},
        LinkCase{"cooked4", 113, cooked(0x0800, kIpv4)},
        LinkCase{"cooked6", 113, cooked(0x86dd, kIpv6)},
        LinkCase{"cooked_vlan", 113, cooked(0x8100, join({from_hex("0007 0800"), kIpv4}))},
        LinkCase{"cooked2", 276, cooked2(0x0800, kIpv4)},
        LinkCase{"ppp_hdlc", 9, join({from_hex("ff03 0021"), kIpv4})},
        LinkCase{"ppp_bare", 9, join({from_hex("0057"), kIpv6})},
        LinkCase{"ppp_compressed", 50, join({from_hex("ff03 21"), kIpv4})},
        LinkCase{"cisco_in_ppp", 50, join({from_hex("0f00 0800"), kIpv4})},
        LinkCase{"cisco", 104, join({from_hex("0f00 86dd"), kIpv6})},
        LinkCase{"ppp_ether", 51, join({from_hex("1100 0007 002f 0021"), kIpv4})},
        LinkCase{"nflog_little", 239, nflog(false, kIpv4)},
        LinkCase{"nflog_big", 239, nflog(true, kIpv6)},
        LinkCase{"snap", 1,
                 ethernet(static_cast<std::uint16_t>(8 + kIpv4.size()),
                          join({from_hex("aaaa03 000000 0800"), kIpv4}))},
        LinkCase{"llc_ip", 1,
                 ethernet(static_cast<std::uint16_t>(3 + kIpv4.size()),
                          join({from_hex("060603"), kIpv4}))},
        LinkCase{"service_vlan", 1,
                 ethernet(0x88a8, join({from_hex("00c8 8100 0064 0800"), kIpv4}))},
        LinkCase{"mpls4", 1, ethernet(0x8847, join({kLabels, kIpv4}))},
        LinkCase{"mpls6", 1, ethernet(0x8848, join({kLabels, kIpv6}))},
        LinkCase{"pseudowire", 1, ethernet(0x8847, join({kLabels, ethernet(0x0800, kIpv4)}))},
        LinkCase{"pseudowire_control_word", 1,
                 ethernet(0x8847, join({kLabels, from_hex("00000000"), ethernet(0x86dd, kIpv6)}))},
        LinkCase{"pppoe", 1, ethernet(0x8864, join({from_hex("1100 0042 002f 0021"), kIpv4}))}),
    [](const testing::TestParamInfo<LinkCase>& one) { return one.param.name; });

TEST(LinkLayer, EncapsulationsHaveNames) {
  Decoding decoding;
  decoding.decode(ethernet(0x8864, join({from_hex("1100 0042 002f 0021"), kIpv4})));
  EXPECT_EQ(decoding.encapsulation().tunnel, "pppoe:66");
  decoding.decode(ethernet(0x88a8, join({from_hex("00c8 8100 0064 0800"), kIpv4})));
  EXPECT_EQ(decoding.encapsulation().vlans, (std::vector<std::uint16_t>{200, 100}));
  decoding.decode(ethernet(0x8847, join({kLabels, kIpv4})));
  EXPECT_EQ(decoding.out.key.outer, 0u) << "labels differ between directions";
}

TEST(LinkLayer, UnknownLinkTypesAreCounted) {
  Decoding decoding({}, 253);
  EXPECT_EQ(decoding.decode(Octets(40)), Verdict::other);
  EXPECT_EQ(decoding.decoder.counts().unknown_link_types, 1u);
  EXPECT_EQ(decoding.flaws(), 0u);
}

TEST(LinkLayer, DiscoveryAndLinkControlAreNotIp) {
  Decoding decoding;
  EXPECT_EQ(decoding.decode(ethernet(0x8864, from_hex("11a7 0042 0000"))), Verdict::other);
  EXPECT_EQ(decoding.decode(ethernet(0x8864, from_hex("1100 0042 0006 c021 01010004"))),
            Verdict::other);
  EXPECT_EQ(decoding.decode(ethernet(0x0026, from_hex("424203 0000000000"))), Verdict::other);
  EXPECT_EQ(decoding.decoder.counts().not_ip, 3u);
  EXPECT_EQ(decoding.flaws(), 0u);
}

TEST(LinkLayer, TagsHaveAnEnd) {
  Decoding decoding;
  std::vector<std::uint16_t> vlans(8, 5);
  EXPECT_EQ(decoding.decode(frame_of(TcpSpec{.vlans = vlans})), Verdict::flow);
  vlans.push_back(5);
  EXPECT_EQ(decoding.decode(frame_of(TcpSpec{.vlans = vlans})), Verdict::flawed);
  EXPECT_EQ(decoding.flaws("decode.too_many_layers"), 1u);

  Octets labels;
  for (int i = 0; i < 64; ++i) labels = join({labels, from_hex("00010040")});
  EXPECT_EQ(decoding.decode(ethernet(0x8847, join({labels, from_hex("00010140"), kIpv4}))),
            Verdict::flawed);
}

TEST(LinkLayer, ShortFrameIsMalformed) {
  Decoding decoding;
  EXPECT_EQ(decoding.decode(Octets(13)), Verdict::flawed);
  EXPECT_EQ(decoding.flaws("link.malformed_header"), 1u);
  EXPECT_EQ(decoding.decode({}), Verdict::flawed);
}

}  // namespace
}  // namespace wirelens
