// capture/pcap_format_test.cc - pcap files of every kind, byte by byte.
#include <gtest/gtest.h>

#include "capture/reading.h"
#include "capture/savefile_bytes.h"

namespace wirelens {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(PcapFormat, ReadsEveryVariantInBothByteOrders) {
  for (const bool big : {false, true}) {
    for (const std::uint32_t magic : {0xa1b2c3d4u, 0xa1b23c4du, 0xa1b2cd34u}) {
      PcapShape shape;
      shape.big = big;
      shape.magic = magic;
      const std::string file = pcap_header(shape) + pcap_record(7, 5, "hello", 0, shape) +
                               pcap_record(8, 999'999, "cut", 1500, shape);
      const std::int64_t tick = magic == 0xa1b23c4d ? 1 : 1000;
      const Reading reading = read_whole(file);
      EXPECT_EQ(reading.packets,
                (std::vector<KeptPacket>{
                    {7 * kSecond + 5 * tick, 7 * kSecond + 5 * tick, 1, "hello", 5, 0},
                    {8 * kSecond + 999'999 * tick, 8 * kSecond + 999'999 * tick, 2, "cut", 1500, 0},
                }))
          << big << std::hex << magic;
      EXPECT_TRUE(reading.damages.empty());
    }
  }
}

TEST(PcapFormat, TellsLinkTypeAndSnaplenWithoutTheFrameCheckBits) {
  for (const bool big : {false, true}) {
    PcapShape shape;
    shape.big = big;
    shape.linktype = 0xf0000071;
    shape.snaplen = big ? 96 : 0;
    const std::string file = pcap_header(shape);
    auto opened = Savefile::over("f", std::make_unique<MemoryFeed>(as_bytes(file)));
    ASSERT_TRUE(opened);
    ASSERT_EQ((*opened)->interfaces().size(), 1u);
    EXPECT_EQ((*opened)->interfaces()[0].linktype, 113);
    EXPECT_EQ((*opened)->interfaces()[0].snaplen,
              big ? std::optional<std::uint32_t>(96) : std::nullopt);
  }
}

TEST(PcapFormat, BeforeVersion24EitherLengthMayComeFirst) {
  for (const std::uint16_t minor : {std::uint16_t{2}, std::uint16_t{3}}) {
    PcapShape shape;
    shape.minor = minor;
    const std::string swapped =
        FileBytes().u32(1).u32(0).u32(100).u32(4).text("abcd").str();  // original length first
    const Reading reading =
        read_whole(pcap_header(shape) + swapped + pcap_record(2, 0, "wxyz", 100));
    ASSERT_EQ(reading.packets.size(), 2u);
    EXPECT_EQ(reading.packets[0].bytes, "abcd");
    EXPECT_EQ(reading.packets[0].original_length, 100u);
    EXPECT_EQ(reading.packets[1].bytes, "wxyz");
    EXPECT_EQ(reading.packets[1].original_length, 100u);
  }
}

TEST(PcapFormat, MoreCapturedThanThereWasIsKept) {
  const Reading reading = read_whole(pcap_header() + pcap_record(1, 0, "abcdef", 4));
  ASSERT_EQ(reading.packets.size(), 1u);
  EXPECT_EQ(reading.packets[0].bytes, "abcdef");
  EXPECT_EQ(reading.packets[0].original_length, 6u);
}

TEST(PcapFormat, FractionsBeyondASecondDoNotOverflow) {
  PcapShape shape;
  shape.magic = 0xa1b23c4d;
  const Reading reading =
      read_whole(pcap_header(shape) + pcap_record(0xffffffff, 0xffffffff, "a", 0, shape));
  ASSERT_EQ(reading.packets.size(), 1u);
  EXPECT_EQ(reading.packets[0].time, 0xffffffff * kSecond + 0xffffffff);
}

TEST(PcapFormat, AnAbsurdLengthIsDamageAfterWhatCameBefore) {
  const std::string good = pcap_header() + pcap_record(1, 0, "abcd");
  const std::string bad = FileBytes().u32(2).u32(0).u32(0x7fffffff).u32(60).text("rest").str();
  const Reading reading = read_whole(good + bad + pcap_record(3, 0, "lost"));
  EXPECT_EQ(reading.packets.size(), 1u);
  EXPECT_EQ(reading.damages,
            (std::vector<std::string>{"44 packet 2 claims 2147483647 captured bytes"}));
}

TEST(PcapFormat, TheLongestPacketIsReadAndOneMoreByteIsDamage) {
  const std::string longest(kMaxCaptured, 'x');
  EXPECT_EQ(read_whole(pcap_header() + pcap_record(1, 0, longest)).packets.size(), 1u);
  EXPECT_EQ(read_cut(pcap_header() + pcap_record(1, 0, longest), {100}).packets.size(), 1u);
  EXPECT_EQ(read_whole(pcap_header() + pcap_record(1, 0, longest + "x")).damages.size(), 1u);
}

TEST(PcapFormat, UnknownVersionsAndCutHeadersAreErrors) {
  std::string version_one = pcap_header();
  version_one[4] = 1;
  EXPECT_EQ(read_whole(version_one).error, "f: has the unknown pcap version 1.4");
  EXPECT_EQ(read_whole(pcap_header().substr(0, 23)).error,
            "f: ends after 23 bytes, inside the pcap file header");
  EXPECT_EQ(read_whole("").error, "f: is empty");
  EXPECT_EQ(read_whole("GET / HTTP/1.1\r\n").error,
            "f: is not pcap or pcapng but looks like a text");
  EXPECT_EQ(read_whole(std::string_view("snoop\0\0\0\0\0\0\2", 12)).error,
            "f: is not pcap or pcapng but looks like a snoop capture (Solaris)");
}

TEST(PcapFormat, PacketTimeDoesNotGoBack) {
  const Reading reading =
      read_whole(pcap_header() + pcap_record(10, 0, "a") + pcap_record(9, 0, "b"));
  ASSERT_EQ(reading.packets.size(), 2u);
  EXPECT_EQ(reading.packets[1].time, 9 * kSecond);
  EXPECT_EQ(reading.packets[1].now, 10 * kSecond);
}

}  // namespace
}  // namespace wirelens
