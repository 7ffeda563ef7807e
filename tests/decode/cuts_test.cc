// Every stack cut at every byte: cut by the snapshot length it is never malformed, and nothing is
// read that wasn't captured (AddressSanitizer watches: the bytes lie in a block of their size).
#include <gtest/gtest.h>

#include <random>

#include "decode/decode.h"
#include "support/decoding.h"
#include "support/packets.h"

namespace wirelens {
namespace {

struct Stack {
  std::string name;
  std::uint16_t linktype;
  Octets bytes;
};

std::vector<Stack> stacks() {
  const Octets options = join({option::mss(1460), option::sack_permitted(),
                               option::timestamps(1, 2), option::nop(), option::window_scale(7)});
  const TcpSpec tcp{.options = options, .payload = "hello"};
  TcpSpec tcp6 = tcp;
  tcp6.source = "2001:db8::1";
  tcp6.destination = "2001:db8::2";
  const Octets four = ip_packet(tcp), six = ip_packet(tcp6), frame = ethernet(0x0800, four);
  const auto udp = [](std::uint16_t port, const Octets& payload) {
    return frame_of(
        UdpSpec{.destination_port = port, .payload = std::string(payload.begin(), payload.end())});
  };
  const auto gre = [](const char* header, const Octets& payload) {
    return ethernet(0x0800, ip({.protocol = 47}, join({from_hex(header), payload})));
  };
  const Octets chain =
      join({from_hex("2b00050200000100 3c02000000000000"), Octets(16),
            from_hex("3300010400000000 0604000000000001"), Octets(16), tcp_segment(tcp6)});
  return {
      {"tcp", 1, frame},
      {"vlans", 1, frame_of(TcpSpec{.payload = "hello", .vlans = {1, 2, 3}})},
      {"ipv4_options", 1,
       ethernet(0x0800, ip({.options = from_hex("9404000083030400")}, tcp_segment(tcp)))},
      {"ipv6", 1, ethernet(0x86dd, six)},
      {"ipv6_extensions", 1,
       ethernet(0x86dd, ip({.source = tcp6.source, .destination = tcp6.destination, .protocol = 0},
                           chain))},
      {"ipv6_atomic", 1,
       ethernet(0x86dd, ip({.source = tcp6.source, .destination = tcp6.destination, .protocol = 44},
                           ipv6_fragment(6, 0, false, 1, tcp_segment(tcp6))))},
      {"mpls", 1, ethernet(0x8847, join({from_hex("0001004000012140"), four}))},
      {"pseudowire", 1, ethernet(0x8847, join({from_hex("0001214000000000"), frame}))},
      {"pppoe", 1, ethernet(0x8864, join({from_hex("11000042004b0021"), four}))},
      {"snap", 1, ethernet(0x0060, join({from_hex("aaaa030000000800"), four}))},
      {"null", 0, join({from_hex("02000000"), four})},
      {"raw", 101, six},
      {"ppp", 9, join({from_hex("ff030021"), four})},
      {"cooked", 113, join({from_hex("0000000100060200000000010000 0800"), four})},
      {"cooked2", 276, join({from_hex("0800 0000 00000002 0001 00 06 0200000000010000"), four})},
      {"nflog", 239, join({from_hex("02000000 05000a0061000000 45000900"), four})},
      {"gre", 1, gre("b000 0800 00000000 00000007 00000001", four)},
      {"pptp", 1, gre("3081 880b 0100 0007 00000001 00000000 ff030021", four)},
      {"erspan2", 1, gre("1000 88be 00000001 1001 0005 00000000", frame)},
      {"erspan3", 1,
       gre("1000 22eb 00000001 2001 0006 00000000 0000 0001 0000000000000000", frame)},
      {"ipip", 1, ethernet(0x0800, ip({.protocol = 4}, ip({.protocol = 41}, six)))},
      {"etherip", 1, ethernet(0x0800, ip({.protocol = 97}, join({from_hex("3000"), frame})))},
      {"vxlan", 1, udp(4789, join({from_hex("0800000000002a00"), frame}))},
      {"geneve", 1, udp(6081, join({from_hex("0100655800000700 00000000"), frame}))},
      {"gtp", 1, udp(2152, join({from_hex("34ff0100 00000001 00000085 01000000"), four}))},
      {"teredo", 1, udp(3544, join({from_hex("0000123401020304"), six}))},
      {"arp", 1, ethernet(0x0806, Octets(28))},
  };
}

TEST(Cuts, SnaplenNeverMakesAFlaw) {
  for (const Stack& stack : stacks()) {
    const auto whole = static_cast<std::uint32_t>(stack.bytes.size());
    Decoding decoding({}, stack.linktype);
    const Verdict uncut = decoding.decode(stack.bytes);
    EXPECT_EQ(uncut, stack.name == "arp" ? Verdict::other : Verdict::flow) << stack.name;
    const std::uint32_t length = decoding.out.payload_length;
    for (std::uint32_t size = 0; size < whole; ++size) {
      const Octets cut(stack.bytes.begin(), stack.bytes.begin() + size);
      const Verdict verdict = decoding.decode(cut, {}, whole);
      ASSERT_EQ(decoding.flaws(), 0u) << stack.name << " at " << size;
      const bool inner = verdict == Verdict::flow && decoding.out.transport == Transport::tcp;
      if (!inner) continue;
      EXPECT_EQ(decoding.out.payload_length, length) << stack.name << " at " << size;
      EXPECT_LE(decoding.out.payload.size(), length);
      EXPECT_EQ(decoding.out.checksum, Checksum::unverified);
    }
    EXPECT_EQ(decoding.decoder.counts().truncated, whole);
    EXPECT_EQ(decoding.decoder.counts().bad_checksums, 0u) << stack.name;
  }
}

// The same cuts, but the wire ended there: any verdict, no crash, payload within the packet.
TEST(Cuts, ShortPacketsAreSurvived) {
  for (const Stack& stack : stacks()) {
    Decoding decoding({}, stack.linktype);
    for (std::size_t size = 0; size < stack.bytes.size(); ++size) {
      const Octets cut(stack.bytes.begin(),
                       stack.bytes.begin() + static_cast<std::ptrdiff_t>(size));
      if (decoding.decode(cut) != Verdict::flow) continue;
      EXPECT_LE(decoding.out.payload.size(), size);
      EXPECT_LE(decoding.out.payload.size(), decoding.out.payload_length);
    }
  }
}

TEST(Cuts, DamagedBytesAreSurvived) {
  std::mt19937 random(3);
  for (const Stack& stack : stacks()) {
    Decoding decoding({}, stack.linktype);
    for (int round = 0; round < 3000; ++round) {
      Octets damaged = stack.bytes;
      for (std::uint32_t i = 0; i <= random() % 4; ++i) {
        damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
      }
      if (decoding.decode(damaged) != Verdict::flow) continue;
      ASSERT_LE(decoding.out.payload.size(), decoding.out.payload_length);
    }
  }
}

}  // namespace
}  // namespace wirelens
