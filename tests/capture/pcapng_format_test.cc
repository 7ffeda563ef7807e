// capture/pcapng_format_test.cc - pcapng blocks of every kind, byte by byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/reading.h"
#include "capture/savefile_bytes.h"

namespace wirelens {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kMs = 1'000'000;

std::unique_ptr<Source> open_bytes(const std::string& file) {
  auto source = Savefile::over("f", std::make_unique<MemoryFeed>(as_bytes(file)));
  EXPECT_TRUE(source);
  return std::move(*source);
}

std::string one_damage(const std::string& file, std::size_t packets) {
  const Reading reading = read_whole(file);
  EXPECT_THAT(reading.packets, SizeIs(packets));
  EXPECT_THAT(reading.damages, SizeIs(1));
  return reading.damages.empty() ? "" : reading.damages[0];
}

TEST(PcapngFormat, ReadsAllPacketBlocksInBothByteOrders) {
  for (const bool big : {false, true}) {
    const std::string file = section(big) + interface_block(big) + interface_block(big, 101, 3) +
                             enhanced(5000, "abcde", big, 1, 9) + simple("fg", 0, big) +
                             obsolete(7000, "hij", big, 1);
    EXPECT_EQ(read_whole(file).packets, (std::vector<KeptPacket>{
                                            {5 * kMs, 5 * kMs, 1, "abcde", 9, 1},
                                            {5 * kMs, 5 * kMs, 2, "fg", 2, 0},
                                            {7 * kMs, 7 * kMs, 3, "hij", 3, 1},
                                        }));
  }
}

TEST(PcapngFormat, ASimplePacketEndsAtTheSnaplen) {
  const Reading reading =
      read_whole(section() + interface_block(false, 1, 4) + simple("abcd", 100));
  ASSERT_THAT(reading.packets, SizeIs(1));
  EXPECT_EQ(reading.packets[0].bytes, "abcd");
  EXPECT_EQ(reading.packets[0].original_length, 100u);
}

TEST(PcapngFormat, SectionsNumberTheirInterfacesAfresh) {
  const std::string file =
      section() + interface_block(false, 1, 0, {{2, "a"}}) + enhanced(1, "x") + section(true) +
      interface_block(true, 113, 0, {{2, "b"}, {3, "second"}}) + enhanced(2, "y", true) +
      section() + interface_block(false, 276) + enhanced(3, "z");
  const auto source = open_bytes(file);
  const Reading reading = read_all(*source);
  ASSERT_THAT(reading.packets, SizeIs(3));
  EXPECT_EQ(reading.packets[1].interface, 1u);
  EXPECT_EQ(reading.packets[2].interface, 2u);
  ASSERT_THAT(source->interfaces(), SizeIs(3));
  EXPECT_EQ(source->interfaces()[0].name, "a");
  EXPECT_EQ(source->interfaces()[1].linktype, 113);
  EXPECT_EQ(source->interfaces()[1].description, "second");
  EXPECT_EQ(source->interfaces()[2].linktype, 276);
}

TEST(PcapngFormat, InterfacesAreKnownWhenOpened) {
  const std::string file = section() + interface_block(false, 113, 96) + enhanced(1, "x");
  const auto source = open_bytes(file);
  ASSERT_THAT(source->interfaces(), SizeIs(1));
  EXPECT_EQ(source->interfaces()[0].linktype, 113);
  EXPECT_EQ(source->interfaces()[0].snaplen, 96u);
}

std::int64_t time_of(const Options& of_interface, std::uint64_t ticks) {
  const Reading reading =
      read_whole(section() + interface_block(false, 1, 0, of_interface) + enhanced(ticks, "x"));
  EXPECT_THAT(reading.packets, SizeIs(1));
  return reading.packets.empty() ? -1 : reading.packets[0].time;
}

std::string byte(int value) {
  return std::string(1, static_cast<char>(value));
}
std::string offset(std::int64_t seconds) {
  return FileBytes().u64(static_cast<std::uint64_t>(seconds)).str();
}

TEST(PcapngFormat, ResolutionsOfTenAndTwo) {
  EXPECT_EQ(time_of({}, 1), 1000);
  EXPECT_EQ(time_of({{9, byte(0)}}, 2), 2'000'000'000);
  EXPECT_EQ(time_of({{9, byte(3)}}, 2), 2'000'000);
  EXPECT_EQ(time_of({{9, byte(9)}}, 123), 123);
  EXPECT_EQ(time_of({{9, byte(12)}}, 5999), 5);
  EXPECT_EQ(time_of({{9, byte(28)}}, ~std::uint64_t{0}), 1);
  EXPECT_EQ(time_of({{9, byte(29)}}, ~std::uint64_t{0}), 0);
  EXPECT_EQ(time_of({{9, byte(127)}}, ~std::uint64_t{0}), 0);
  EXPECT_EQ(time_of({{9, byte(0x80)}}, 3), 3'000'000'000);
  EXPECT_EQ(time_of({{9, byte(0x8a)}}, 512), 500'000'000);
  EXPECT_EQ(time_of({{9, byte(0xa0)}}, (7ull << 32) | (1u << 31)), 7'500'000'000);
  EXPECT_EQ(time_of({{9, byte(0xff)}}, ~std::uint64_t{0}), 0);
}

TEST(PcapngFormat, OffsetsAddAndTimesStopAtTheEnds) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kFarthest = (std::int64_t{1} << 62) - 1;
  EXPECT_EQ(time_of({{14, offset(100)}}, 1), 100'000'001'000);
  EXPECT_EQ(time_of({{14, offset(-100)}}, 0), -100'000'000'000);
  EXPECT_EQ(time_of({{14, offset(kMost)}}, 0), kFarthest);
  EXPECT_EQ(time_of({{14, offset(kLeast)}}, 0), -kFarthest);
  EXPECT_EQ(time_of({}, ~std::uint64_t{0}), kFarthest);
  EXPECT_EQ(time_of({{9, byte(0)}, {14, offset(5)}}, ~std::uint64_t{0}), kFarthest);
}

TEST(PcapngFormat, KeepsWhatStandsBesideThePackets) {
  FileBytes names;
  names.u16(1).u16(13).u32(0x04030201).text(std::string("host.tst\0", 9)).pad();
  names.u16(2).u16(23).text(std::string(15, '\0') + '\1' + std::string("lo\0six\0", 7)).pad();
  names.u32(0);
  FileBytes statistics;
  statistics.u32(0).u64(0).text(options({{4, offset(11)}, {5, offset(12)}, {7, offset(13)}}));
  FileBytes secrets;
  secrets.u32(0x544c534b).u32(13).text("CLIENT_RANDOM").pad();
  FileBytes other_secrets;
  other_secrets.u32(0x57474b4c).u32(4).text("wire");
  const std::string file =
      section(false, {{1, "of the section"}, {2, "cpu"}, {3, "linux"}, {4, "dumpcap"}}) +
      interface_block(false, 1, 0, {{1, "of the interface"}}) +
      enhanced(1, "x", false, 0, 0, {{2, "flag"}, {1, "of packet 1"}, {1, "again"}}) +
      block(4, names.str()) + block(5, statistics.str()) + block(10, secrets.str()) +
      block(10, other_secrets.str()) + enhanced(2, "y", false, 0, 0, {{1, "of packet 2"}});
  const auto source = open_bytes(file);
  EXPECT_THAT(read_all(*source).damages, IsEmpty());
  const Annotations& notes = source->annotations();
  ASSERT_THAT(notes.comments, SizeIs(5));
  EXPECT_EQ(notes.comments[0].text, "of the section");
  EXPECT_EQ(notes.comments[1].packet, 0u);
  EXPECT_EQ(notes.comments[2].text, "of packet 1");
  EXPECT_EQ(notes.comments[3].packet, 1u);
  EXPECT_EQ(notes.comments[4].packet, 2u);
  ASSERT_THAT(notes.names, SizeIs(3));
  EXPECT_EQ(notes.names[0].address, "1.2.3.4");
  EXPECT_EQ(notes.names[0].name, "host.tst");
  EXPECT_EQ(notes.names[2].address, "::1");
  EXPECT_EQ(notes.names[2].name, "six");
  ASSERT_THAT(notes.tls_keys, SizeIs(1));
  EXPECT_EQ(notes.tls_keys[0].log.view(), "CLIENT_RANDOM");
  EXPECT_EQ(notes.tls_keys[0].packets_before, 1u);
  EXPECT_EQ(notes.application, "dumpcap");
  EXPECT_EQ(source->interfaces()[0].received, 11u);
  EXPECT_EQ(source->interfaces()[0].dropped_by_interface, 12u);
  EXPECT_EQ(source->interfaces()[0].dropped_by_kernel, 13u);
}

TEST(PcapngFormat, AnnotationsStopAtTheirCaps) {
  std::string file = section() + interface_block();
  for (std::size_t i = 0; i < Annotations::kMaxComments + 5; ++i) {
    file += enhanced(i, "x", false, 0, 0, {{1, "c"}});
  }
  const auto source = open_bytes(file);
  EXPECT_THAT(read_all(*source).packets, SizeIs(Annotations::kMaxComments + 5));
  EXPECT_THAT(source->annotations().comments, SizeIs(Annotations::kMaxComments));
  EXPECT_EQ(source->annotations().left_out, 5u);
}

TEST(PcapngFormat, LongCommentsStopAtTheTextCap) {
  std::string file = section() + interface_block();
  for (int i = 0; i < 200; ++i) {
    file += enhanced(1, "x", false, 0, 0, {{1, std::string(60'000, 'c')}});
  }
  const auto source = open_bytes(file);
  read_all(*source);
  EXPECT_EQ(source->annotations().comments.size(), Annotations::kMaxText / 60'000);
  EXPECT_EQ(source->annotations().left_out, 200 - Annotations::kMaxText / 60'000);
}

TEST(PcapngFormat, PassesOverWhatItDoesNotKnow) {
  const std::string file = section() + block(0xbad, "custom") + interface_block() +
                           block(0x40000bad, "custom, not to be copied") + block(9, "journal") +
                           block(0x7fffffff, "") + enhanced(1, "x");
  EXPECT_THAT(read_whole(file).packets, SizeIs(1));
  EXPECT_THAT(read_whole(file).damages, IsEmpty());
}

TEST(PcapngFormat, BrokenBlockLengthsAreDamage) {
  const std::string good = section() + interface_block() + enhanced(1, "x");
  for (const std::uint32_t length : {0u, 3u, 11u, 34u, 0x01000004u, 0xfffffffcu}) {
    const std::string bad = FileBytes().u32(6).u32(length).u32(0).u64(0).u64(0).str();
    const std::string damage = one_damage(good + bad, 1);
    EXPECT_EQ(damage, std::to_string(good.size()) + " block of type 0x6 claims " +
                          std::to_string(length) + " bytes");
  }
}

TEST(PcapngFormat, TheLengthBehindABlockMustBeTheOneInFront) {
  std::string bad = enhanced(1, "x");
  bad[bad.size() - 4] = 8;
  EXPECT_EQ(one_damage(section() + interface_block() + bad, 0),
            "48 block of 36 bytes says 8 at its end");
}

TEST(PcapngFormat, InterfacesThatAreMissingAreDamage) {
  EXPECT_EQ(one_damage(section() + enhanced(1, "x"), 0),
            "28 packet 1 is of interface 0, but the section has 0");
  EXPECT_EQ(one_damage(section() + simple("x"), 0),
            "28 packet 1, but the section has no interface");
  EXPECT_EQ(one_damage(section() + interface_block() + enhanced(1, "x", false, 1), 0),
            "48 packet 1 is of interface 1, but the section has 1");
  FileBytes statistics;
  statistics.u32(4).u64(0);
  EXPECT_EQ(one_damage(section() + interface_block() + block(5, statistics.str()), 0),
            "48 statistics of interface 4, but the section has 1");
}

TEST(PcapngFormat, PacketsThatDoNotFitTheirBlocksAreDamage) {
  const std::string begin = section() + interface_block();
  const auto claims = [](std::uint32_t captured) {
    return block(6, FileBytes().u32(0).u64(0).u32(captured).u32(captured).str());
  };
  EXPECT_EQ(one_damage(begin + claims(1), 0),
            "48 packet 1 claims 1 captured bytes in a block of 32");
  EXPECT_EQ(one_damage(begin + claims(0xffffffff), 0),
            "48 packet 1 claims 4294967295 captured bytes in a block of 32");
  EXPECT_EQ(one_damage(begin + block(6, "short"), 0), "48 packet 1 in too short a block");
  EXPECT_EQ(one_damage(begin + block(3, ""), 0), "48 packet 1 in too short a block");
  EXPECT_EQ(one_damage(begin + simple("ab", 30), 0),
            "48 packet 1 claims 30 captured bytes in a block of 20");
}

TEST(PcapngFormat, OptionsThatDoNotFitAreDamage) {
  const std::string begin = section() + interface_block();
  const std::string too_long = FileBytes().u16(1).u16(0x3030).text("abcd").str();
  EXPECT_EQ(
      one_damage(begin + block(6, FileBytes().u32(0).u64(0).u32(0).u32(0).str() + too_long), 0),
      "48 packet 1 with broken options");
  FileBytes head;
  head.u32(0x1a2b3c4d).u16(1).u16(0).u64(~std::uint64_t{0}).text(too_long);
  EXPECT_EQ(one_damage(block(0x0a0d0d0a, head.str()), 0), "0 section header with broken options");
  EXPECT_EQ(one_damage(section() + interface_block(false, 1, 0, {{9, "ab"}}), 0),
            "28 interface description with broken options");
  EXPECT_EQ(one_damage(begin + block(4, too_long), 0), "48 broken name resolution block");
  FileBytes secrets;
  secrets.u32(0x544c534b).u32(0x10000000).text("CLIENT");
  EXPECT_EQ(one_damage(begin + block(10, secrets.str()), 0),
            "48 secrets block that claims 268435456 bytes of secrets");
}

TEST(PcapngFormat, ASectionInAnUnknownByteOrderOrVersionIsDamage) {
  const std::string good = section() + interface_block() + enhanced(1, "x");
  std::string other = section();
  other[8] = 'x';
  EXPECT_EQ(one_damage(good + other, 1), "84 section with the byte-order magic 0x1a2b3c78");
  other = section();
  other[12] = 2;
  EXPECT_EQ(one_damage(good + other, 1), "84 section of the unknown version 2.0");
}

TEST(PcapngFormat, InterfacesAreCapped) {
  std::string file = section();
  for (int i = 0; i < 70'000; ++i) file += interface_block();
  EXPECT_EQ(one_damage(file + enhanced(1, "x"), 0),
            std::to_string(28 + 65'536 * 20) + " more than 65536 interfaces");
}

TEST(PcapngFormat, LongNamesAreCut) {
  const std::string file =
      section() + interface_block(false, 1, 0, {{2, std::string(60'000, 'n')}}) + enhanced(1, "x");
  EXPECT_EQ(open_bytes(file)->interfaces()[0].name, std::string(256, 'n'));
}

}  // namespace
}  // namespace wirelens
