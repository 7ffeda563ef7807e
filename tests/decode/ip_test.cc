// IPv4 and IPv6 headers: options, lengths that lie, extension headers.
#include <gtest/gtest.h>

#include "decode/decode.h"
#include "support/decoding.h"
#include "support/packets.h"

namespace wirelens {
namespace {

const std::string kA = "2001:db8::1", kB = "2001:db8::2";

Octets tcp6(const std::string& payload = "hello") {
  return tcp_segment(TcpSpec{.source = kA, .destination = kB, .payload = payload});
}

Octets ipv6(std::uint8_t next, const Octets& payload) {
  return ethernet(0x86dd, ip({.source = kA, .destination = kB, .protocol = next}, payload));
}

void rewrite_ipv4(Octets& frame, std::size_t at, std::uint16_t value) {
  frame[14 + at] = static_cast<std::uint8_t>(value >> 8);
  frame[14 + at + 1] = static_cast<std::uint8_t>(value);
  frame[24] = frame[25] = 0;
  const std::uint16_t sum = internet_checksum({frame.begin() + 14, frame.begin() + 34});
  frame[24] = static_cast<std::uint8_t>(sum >> 8);
  frame[25] = static_cast<std::uint8_t>(sum);
}

TEST(Ipv4, OptionsAreSteppedOver) {
  Decoding decoding;
  const Octets options = from_hex("94040000");  // router alert
  ASSERT_EQ(decoding.decode(ethernet(
                0x0800, ip({.options = options}, tcp_segment(TcpSpec{.payload = "hello"})))),
            Verdict::flow);
  EXPECT_EQ(as_text(decoding.out.payload), "hello");
  EXPECT_EQ(decoding.out.checksum, Checksum::good);
}

// The pseudo header holds the last hop's address (RFC 791 section 3.1, loose source route).
TEST(Ipv4, SourceRouteLeavesChecksumUnverified) {
  Decoding decoding;
  const Octets options = from_hex("83070400000000");
  ASSERT_EQ(decoding.decode(ethernet(0x0800, ip({.options = options}, tcp_segment(TcpSpec{})))),
            Verdict::flow);
  EXPECT_EQ(decoding.out.checksum, Checksum::unverified);
}

TEST(Ipv4, LengthZeroIsTheFrames) {
  Decoding decoding;
  Octets frame = frame_of(TcpSpec{.payload = std::string(40000, 'x')});
  rewrite_ipv4(frame, 2, 0);
  ASSERT_EQ(decoding.decode(frame), Verdict::flow);
  EXPECT_EQ(decoding.out.payload_length, 40000u);
  EXPECT_EQ(decoding.out.checksum, Checksum::good);
}

TEST(Ipv4, LengthBeyondTheFrameIsAFlaw) {
  Decoding decoding;
  decoding.decode(frame_of(TcpSpec{}));  // the sender is known for right checksums
  Octets frame = frame_of(TcpSpec{.payload = "hello"});
  rewrite_ipv4(frame, 2, 1500);
  ASSERT_EQ(decoding.decode(frame), Verdict::flow);
  EXPECT_EQ(decoding.flaws("ipv4.length_exceeds_frame"), 1u);
  EXPECT_EQ(decoding.out.checksum, Checksum::bad) << "a receiver drops it";
  EXPECT_EQ(as_text(decoding.out.payload), "hello");
  EXPECT_EQ(decoding.out.payload_length, 1460u);
}

TEST(Ipv4, LengthBeyondTheFrameInADamagedHeaderIsNotBelieved) {
  Decoding decoding;
  Octets frame = frame_of(TcpSpec{.payload = "hello"});
  frame[14 + 2] = 0x73;  // the checksum stays as it was
  ASSERT_EQ(decoding.decode(frame), Verdict::flow);
  EXPECT_EQ(decoding.flaws("ipv4.length_exceeds_frame"), 1u);
  EXPECT_EQ(decoding.out.payload_length, 5u);
}

TEST(Ipv4, MalformedHeaders) {
  Decoding decoding;
  Octets version = frame_of(TcpSpec{}), short_header = version, short_total = version;
  version[14] = 0x55;
  short_header[14] = 0x44;
  rewrite_ipv4(short_total, 2, 19);
  EXPECT_EQ(decoding.decode(version), Verdict::flawed);
  EXPECT_EQ(decoding.decode(short_header), Verdict::flawed);
  EXPECT_EQ(decoding.decode(short_total), Verdict::flawed);
  EXPECT_EQ(decoding.flaws("ipv4.malformed_header"), 3u);
}

TEST(Ipv4, HeaderChecksum) {
  Decoding decoding;
  Octets frame = frame_of(TcpSpec{});
  ASSERT_EQ(decoding.decode(frame), Verdict::flow);
  EXPECT_EQ(decoding.out.checksum, Checksum::good);
  frame[22] = 3;  // another TTL
  ASSERT_EQ(decoding.decode(frame), Verdict::flow);
  EXPECT_EQ(decoding.out.checksum, Checksum::bad);
  EXPECT_EQ(decoding.decoder.counts().bad_checksums, 1u);
  frame[24] = frame[25] = 0;  // left to the card
  ASSERT_EQ(decoding.decode(frame), Verdict::flow);
  EXPECT_EQ(decoding.out.checksum, Checksum::good);
}

TEST(Ipv6, ExtensionHeadersInARow) {
  Decoding decoding;
  const Octets hop_by_hop = from_hex("2b 00 0502 0000 0100");  // router alert; then routing
  const Octets routing = from_hex("3c 02 0000 00000000 20010db8000000000000000000000009");
  const Octets destination = from_hex("33 00 0104 00000000");  // padding; then AH
  const Octets authentication = from_hex("06 04 0000 00000001 00000001 000000000000000000000000");
  const Octets chain = join({hop_by_hop, routing, destination, authentication, tcp6()});
  ASSERT_EQ(decoding.decode(ipv6(0, chain)), Verdict::flow);
  EXPECT_EQ(as_text(decoding.out.payload), "hello");
  EXPECT_EQ(decoding.out.checksum, Checksum::good);
  EXPECT_EQ(decoding.flaws(), 0u);
}

// RFC 8200 section 8.1: the pseudo header then holds the last address of the routing header.
TEST(Ipv6, SegmentsLeftMakeChecksumUnverified) {
  Decoding decoding;
  const Octets routing = from_hex("06 02 0001 00000000 20010db8000000000000000000000009");
  ASSERT_EQ(decoding.decode(ipv6(43, join({routing, tcp6()}))), Verdict::flow);
  EXPECT_EQ(decoding.out.checksum, Checksum::unverified);
}

TEST(Ipv6, ChainHasAnEnd) {
  Decoding decoding;
  Octets chain;
  for (int i = 0; i < 15; ++i) chain = join({chain, from_hex("3c 00 0104 00000000")});
  const Octets last = from_hex("06 00 0104 00000000");
  EXPECT_EQ(decoding.decode(ipv6(60, join({chain, last}))), Verdict::flawed);
  EXPECT_EQ(decoding.decode(ipv6(60, join({last, tcp6()}))), Verdict::flow);
  EXPECT_EQ(decoding.decode(ipv6(60, from_hex("06 09 0104 00000000"))), Verdict::flawed)
      << "longer than the packet";
  EXPECT_EQ(decoding.flaws("ipv6.malformed_extension"), 2u);
}

TEST(Ipv6, JumbogramAndOffloadedLength) {
  Decoding decoding;
  const Octets segment = tcp6(std::string(70000, 'x'));
  const Octets jumbo =
      join({from_hex("06 00 c204"), be32(static_cast<std::uint32_t>(8 + segment.size())), segment});
  Octets frame = ipv6(0, join({jumbo, Octets(3)}));  // and padding
  frame[18] = frame[19] = 0;
  ASSERT_EQ(decoding.decode(frame), Verdict::flow);
  EXPECT_EQ(decoding.out.payload_length, 70000u);
  EXPECT_EQ(decoding.out.checksum, Checksum::good);

  frame = ipv6(6, segment);
  frame[18] = frame[19] = 0;
  ASSERT_EQ(decoding.decode(frame), Verdict::flow);
  EXPECT_EQ(decoding.out.payload_length, 70000u);
}

TEST(Ipv6, TrafficClassAndHopLimit) {
  Decoding decoding;
  ASSERT_EQ(decoding.decode(frame_of(
                TcpSpec{.source = kA, .destination = kB, .ttl = 5, .traffic_class = 0xb9})),
            Verdict::flow);
  EXPECT_EQ(decoding.out.ttl, 5);
  EXPECT_EQ(decoding.out.ecn, 1);
  EXPECT_EQ(decoding.out.identification, 0);
}

TEST(Ipv6, OtherProtocols) {
  Decoding decoding;
  EXPECT_EQ(decoding.decode(ipv6(58, from_hex("8000000000000000"))), Verdict::other);
  EXPECT_EQ(decoding.out.transport, Transport::icmp);
  EXPECT_EQ(decoding.decode(ipv6(59, {})), Verdict::other);
  EXPECT_EQ(decoding.out.transport, Transport::other);
  EXPECT_EQ(decoding.decode(ipv6(50, Octets(24))), Verdict::other) << "ESP";
}

}  // namespace
}  // namespace wirelens
