// The packet builders against bytes made elsewhere by the book.
#include "support/packets.h"

#include <gtest/gtest.h>

namespace wirelens {
namespace {

// The worked example of RFC 1071 section 3: the sum is 0xddf2.
TEST(Packets, InternetChecksum) {
  EXPECT_EQ(internet_checksum(from_hex("0001 f203 f4f5 f6f7")), 0xffff - 0xddf2);
}

TEST(Packets, TcpFrameAddsUp) {
  const Octets frame = frame_of(TcpSpec{.sequence = 7, .payload = "GET", .vlans = {9}});
  ASSERT_EQ(frame.size(), 14u + 4 + 20 + 20 + 3);
  EXPECT_EQ(internet_checksum({frame.begin() + 18, frame.begin() + 38}), 0) << "IPv4 header";
  const Octets segment(frame.begin() + 38, frame.end());
  EXPECT_EQ(internet_checksum(join({from_hex("0a000001 0a000002 0006 0017"), segment})), 0);
}

TEST(Packets, UdpOverIpv6AddsUp) {
  const Octets frame =
      frame_of(UdpSpec{.source = "2001:db8::1", .destination = "2001:db8::2", .payload = "hi"});
  ASSERT_EQ(frame.size(), 14u + 40 + 8 + 2);
  const Octets addresses(frame.begin() + 22, frame.begin() + 54);
  const Octets datagram(frame.begin() + 54, frame.end());
  EXPECT_EQ(internet_checksum(join({addresses, from_hex("0000000a 00000011"), datagram})), 0);
}

TEST(Packets, OptionsFillWords) {
  const TcpSpec syn{.flags = 2, .options = join({option::mss(1460), option::window_scale(7)})};
  EXPECT_EQ(tcp_segment(syn).size(), 28u);
  EXPECT_EQ(tcp_segment(syn)[12], 0x70);
}

}  // namespace
}  // namespace wirelens
