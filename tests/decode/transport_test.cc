// TCP and UDP headers, their options and lengths, and what checksums tell.
#include <gtest/gtest.h>

#include "decode/decode.h"
#include "support/decoding.h"
#include "support/packets.h"

namespace wirelens {
namespace {

TcpOptions options_of(const Octets& options) {
  Decoding decoding;
  EXPECT_EQ(decoding.decode(frame_of(TcpSpec{.options = options, .payload = "hello"})),
            Verdict::flow);
  EXPECT_EQ(as_text(decoding.out.payload), "hello");
  EXPECT_EQ(decoding.flaws(), 0u);
  return decoding.out.tcp.options;
}

TEST(TcpOptions, OfASyn) {
  const TcpOptions found =
      options_of(join({option::mss(1460), option::sack_permitted(), option::timestamps(7, 0),
                       option::nop(), option::window_scale(9)}));
  EXPECT_EQ(found.mss, 1460);
  EXPECT_TRUE(found.sack_permitted);
  EXPECT_TRUE(found.has_timestamp);
  EXPECT_EQ(found.timestamp_value, 7u);
  EXPECT_TRUE(found.has_window_scale);
  EXPECT_EQ(found.window_scale, 9);
  EXPECT_EQ(found.sack_blocks, 0);
  EXPECT_FALSE(found.md5 || found.authenticated || found.multipath || found.fast_open);
}

TEST(TcpOptions, TimestampsAlone) {
  const Octets usual = join({option::nop(), option::nop(), option::timestamps(0x01020304, 5)});
  const Octets rare = join({option::timestamps(0x01020304, 5), option::nop(), option::nop()});
  for (const Octets& options : {usual, rare}) {
    const TcpOptions found = options_of(options);
    EXPECT_TRUE(found.has_timestamp);
    EXPECT_EQ(found.timestamp_value, 0x01020304u);
    EXPECT_EQ(found.timestamp_echo, 5u);
  }
}

TEST(TcpOptions, SackBlocks) {
  const TcpOptions found = options_of(
      join({option::nop(), option::nop(), option::sack({{10, 20}, {30, 40}, {50, 60}, {70, 80}})}));
  ASSERT_EQ(found.sack_blocks, 4);
  EXPECT_EQ(found.sack[0].left, 10u);
  EXPECT_EQ(found.sack[3].right, 80u);
}

TEST(TcpOptions, RareOnes) {
  EXPECT_TRUE(options_of(join({{19, 18}, Octets(16)})).md5);
  EXPECT_TRUE(options_of(from_hex("1d04 0101")).authenticated);
  EXPECT_TRUE(options_of(from_hex("1e0c 0081 0000000000000000")).multipath);
  const TcpOptions request = options_of(option::fast_open());
  EXPECT_TRUE(request.fast_open);
  EXPECT_EQ(request.fast_open_cookie, 0);
  EXPECT_EQ(options_of(option::fast_open(Octets(8))).fast_open_cookie, 8);
  const TcpOptions experimental = options_of(from_hex("fe0c f989 0102030405060708"));
  EXPECT_TRUE(experimental.fast_open);
  EXPECT_EQ(experimental.fast_open_cookie, 8);
  EXPECT_FALSE(options_of(from_hex("fe04 1234")).fast_open);
}

TEST(TcpOptions, EndOfListEnds) {
  EXPECT_EQ(options_of(from_hex("00 02 04 05")).mss, 0);
}

TEST(TcpOptions, MalformedListIsAFlawButThePacketStands) {
  for (const char* bad : {"02 00 05b4", "02 01 05b4", "02 05 05b4", "01010102", "030307 050300"}) {
    Decoding decoding;
    ASSERT_EQ(decoding.decode(frame_of(TcpSpec{.options = from_hex(bad), .payload = "hello"})),
              Verdict::flow)
        << bad;
    EXPECT_EQ(decoding.flaws("tcp.malformed_options"), 1u) << bad;
    EXPECT_EQ(as_text(decoding.out.payload), "hello");
  }
  Decoding decoding;
  decoding.decode(frame_of(TcpSpec{.options = join({option::mss(536), from_hex("0300 00")})}));
  EXPECT_EQ(decoding.out.tcp.options.mss, 536) << "what came before the damage stands";
}

TEST(TcpHeader, DataOffsetOutOfRange) {
  Decoding decoding;
  for (const int words : {0, 4, 5, 6, 7, 15}) {
    Octets frame = frame_of(TcpSpec{.payload = "1234567"});
    frame[14 + 20 + 12] = static_cast<std::uint8_t>(words << 4);
    const bool fits = words == 5 || words == 6;
    EXPECT_EQ(decoding.decode(frame), fits ? Verdict::flow : Verdict::flawed) << words;
  }
  EXPECT_EQ(decoding.flaws("tcp.malformed_header"), 4u);
}

TEST(TcpHeader, ShorterThanItsHeader) {
  Decoding decoding;
  EXPECT_EQ(decoding.decode(ethernet(0x0800, ip({}, Octets(19)))), Verdict::flawed);
  EXPECT_EQ(decoding.flaws("tcp.malformed_header"), 1u);
}

TEST(Udp, Lengths) {
  Decoding decoding;
  const auto with_length = [&](std::uint16_t length) {
    Octets datagram = udp_datagram(UdpSpec{.payload = "hello", .no_checksum = true});
    datagram[4] = static_cast<std::uint8_t>(length >> 8);
    datagram[5] = static_cast<std::uint8_t>(length);
    return decoding.decode(ethernet(0x0800, ip({.protocol = 17}, datagram)));
  };
  EXPECT_EQ(with_length(10), Verdict::flow);
  EXPECT_EQ(as_text(decoding.out.payload), "he");
  EXPECT_EQ(with_length(0), Verdict::flow) << "left to the card";
  EXPECT_EQ(as_text(decoding.out.payload), "hello");
  EXPECT_EQ(with_length(7), Verdict::flawed);
  EXPECT_EQ(decoding.flaws("udp.malformed_length"), 1u);
  EXPECT_EQ(with_length(14), Verdict::flow);
  EXPECT_EQ(as_text(decoding.out.payload), "hello");
  EXPECT_EQ(decoding.flaws("udp.length_exceeds_packet"), 1u);
}

TEST(Udp, NoChecksumIsUnverified) {
  Decoding decoding;
  ASSERT_EQ(decoding.decode(frame_of(UdpSpec{.no_checksum = true})), Verdict::flow);
  EXPECT_EQ(decoding.out.checksum, Checksum::unverified);
  EXPECT_EQ(decoding.decoder.counts().bad_checksums, 0u);
}

TEST(Checksums, OddAndEvenLengths) {
  for (std::size_t size = 0; size < 200; ++size) {
    Decoding decoding;
    const std::string payload(size, 'y');
    ASSERT_EQ(decoding.decode(frame_of(TcpSpec{.payload = payload})), Verdict::flow);
    EXPECT_EQ(decoding.out.checksum, Checksum::good) << size;
    ASSERT_EQ(decoding.decode(frame_of(UdpSpec{.payload = payload})), Verdict::flow);
    EXPECT_EQ(decoding.out.checksum, Checksum::good) << size;
    ASSERT_EQ(decoding.decode(frame_of(TcpSpec{.payload = payload, .bad_checksum = true})),
              Verdict::flow);
    EXPECT_EQ(decoding.out.checksum, Checksum::bad) << size;
  }
}

TEST(Checksums, EveryBitCounts) {
  Decoding decoding;
  const Octets frame = frame_of(TcpSpec{.payload = "0123456789abcdef0123456789abcdef012345"});
  decoding.decode(frame);
  for (std::size_t at = 14 + 20 + 20; at < frame.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Octets damaged = frame;
      damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ 1 << bit);
      decoding.decode(damaged);
      ASSERT_EQ(decoding.out.checksum, Checksum::bad) << at << ":" << bit;
    }
  }
}

TEST(Checksums, CanBeLeftOut) {
  Decoding decoding({.verify_checksums = false});
  ASSERT_EQ(decoding.decode(frame_of(TcpSpec{.bad_checksum = true})), Verdict::flow);
  EXPECT_EQ(decoding.out.checksum, Checksum::unverified);
}

// What Linux leaves for the card: the pseudo header's sum, as it stands and not complemented.
Octets left_to_the_card(const TcpSpec& spec, bool with_length) {
  Octets frame = frame_of(spec);
  const std::size_t tcp = 14 + 20;
  const auto length = static_cast<std::uint16_t>(frame.size() - tcp);
  const std::uint16_t sum =
      internet_checksum(join({{frame.begin() + 26, frame.begin() + 34},
                              be16(6),
                              be16(with_length ? length : std::uint16_t{0})}));
  frame[tcp + 16] = static_cast<std::uint8_t>(~sum >> 8);
  frame[tcp + 17] = static_cast<std::uint8_t>(~sum);
  return frame;
}

TEST(Checksums, WhatIsLeftToTheCardIsNoFault) {
  Decoding decoding;
  decoding.decode(frame_of(TcpSpec{}));
  for (const bool with_length : {true, false}) {
    decoding.decode(left_to_the_card(TcpSpec{.payload = "hello"}, with_length));
    EXPECT_EQ(decoding.out.checksum, Checksum::unverified);
  }
  EXPECT_EQ(decoding.decoder.counts().bad_checksums, 0u);
}

TEST(Checksums, SenderWhoNeverHasOneIsOffloaded) {
  Decoding decoding;
  for (int i = 1; i <= 10; ++i) {
    decoding.decode(frame_of(TcpSpec{.bad_checksum = true}));
    EXPECT_EQ(decoding.out.checksum, Checksum::unverified);
    EXPECT_EQ(decoding.decoder.counts().bad_checksums, i < 4 ? static_cast<std::uint64_t>(i) : 0u);
  }
  EXPECT_EQ(decoding.decoder.counts().offloaded_senders, 1u);
  // The other end is judged by itself.
  const TcpSpec answer{.source = "10.0.0.2", .destination = "10.0.0.1"};
  decoding.decode(frame_of(answer));
  EXPECT_EQ(decoding.out.checksum, Checksum::good);
  TcpSpec decoy = answer;
  decoy.bad_checksum = true;
  decoding.decode(frame_of(decoy));
  EXPECT_EQ(decoding.out.checksum, Checksum::bad);
}

TEST(Checksums, DecoyBesideAnHonestSenderIsBad) {
  Decoding decoding;
  decoding.decode(frame_of(TcpSpec{.flags = TcpHeader::kSyn}));
  for (int i = 0; i < 20; ++i) {
    decoding.decode(frame_of(TcpSpec{.payload = "decoy", .bad_checksum = true}));
    EXPECT_EQ(decoding.out.checksum, Checksum::bad);
  }
  EXPECT_EQ(decoding.decoder.counts().bad_checksums, 20u);
  EXPECT_EQ(decoding.decoder.counts().offloaded_senders, 0u);
}

}  // namespace
}  // namespace wirelens
