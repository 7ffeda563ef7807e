// capture/every_cut_test.cc - wherever a file is cut, whole and streamed reading agree.
#include <gtest/gtest.h>

#include <random>

#include "capture/reading.h"
#include "capture/savefile_bytes.h"

namespace wirelens {
namespace {

std::string small_pcap() {
  return pcap_header() + pcap_record(1, 0, "alpha") + pcap_record(2, 0, "") +
         pcap_record(3, 7, "gamma", 90);
}

std::string small_pcapng() {
  return section(false, {{4, "maker"}}) + interface_block(false, 1, 0, {{2, "eth0"}}) +
         enhanced(1'000'000, "alpha", false, 0, 0, {{1, "look here"}}) + block(0xbad, "custom") +
         simple("beta") + section(true) + interface_block(true, 113, 4) +
         enhanced(2'000'000, "gamma", true, 0, 70) + simple("delta", 50, true) +
         obsolete(3'000'000, "epsilon", true);
}

class EveryCut : public testing::TestWithParam<std::string (*)()> {};

TEST_P(EveryCut, OneCutAnywhere) {
  const std::string file = GetParam()();
  const Reading whole = read_whole(file);
  ASSERT_TRUE(whole.error.empty());
  ASSERT_TRUE(whole.damages.empty());
  for (std::size_t cut = 0; cut <= file.size(); ++cut) {
    EXPECT_EQ(read_cut(file, {cut}), whole) << cut;
  }
}

TEST_P(EveryCut, ByteByByteAndInTwoCuts) {
  const std::string file = GetParam()();
  const Reading whole = read_whole(file);
  std::vector<std::size_t> everywhere;
  for (std::size_t cut = 1; cut < file.size(); ++cut) everywhere.push_back(cut);
  EXPECT_EQ(read_cut(file, everywhere), whole);
  EXPECT_EQ(read_cut(file, everywhere, 1), whole);
  for (std::size_t first = 0; first < file.size(); first += 3) {
    for (std::size_t second = first; second < file.size(); second += 5) {
      ASSERT_EQ(read_cut(file, {first, second}), whole) << first << " " << second;
    }
  }
}

TEST_P(EveryCut, AFileThatEndsAnywhereGivesWhatCameBefore) {
  const std::string file = GetParam()();
  const Reading whole = read_whole(file);
  std::size_t clean_ends = 0;
  for (std::size_t size = 0; size < file.size(); ++size) {
    const Reading reading = read_whole(file.substr(0, size));
    ASSERT_EQ(read_cut(std::string_view(file).substr(0, size), {size / 2}), reading) << size;
    ASSERT_LE(reading.packets.size(), whole.packets.size());
    for (std::size_t i = 0; i < reading.packets.size(); ++i) {
      ASSERT_EQ(reading.packets[i], whole.packets[i]);
    }
    if (!reading.error.empty()) continue;
    if (reading.damages.empty()) ++clean_ends;
    ASSERT_LE(reading.damages.size(), 1u);
  }
  EXPECT_GE(clean_ends, whole.packets.size());  // between records a file may end
}

TEST_P(EveryCut, BatchesOfAnySize) {
  const std::string file = GetParam()();
  const Reading whole = read_whole(file);
  for (std::size_t batch = 1; batch < 8; ++batch) EXPECT_EQ(read_whole(file, batch), whole);
}

INSTANTIATE_TEST_SUITE_P(Formats, EveryCut, testing::Values(small_pcap, small_pcapng));

TEST(StreamFeed, ManyPacketsThroughASmallBuffer) {
  std::mt19937 random(7);
  std::string file = pcap_header();
  for (std::uint32_t i = 0; i < 3000; ++i) {
    file += pcap_record(i, 0, std::string(random() % 2000, static_cast<char>('a' + i % 26)));
  }
  std::vector<std::size_t> cuts;
  for (std::size_t cut = 0; cut < file.size(); cut += 1 + random() % 9000) cuts.push_back(cut);
  EXPECT_EQ(read_cut(file, cuts), read_whole(file));
  EXPECT_EQ(read_cut(file, cuts, 64, StreamFeed::kChunk), read_whole(file));
}

TEST(StreamFeed, MovesNoMoreBytesThanItGives) {
  const std::string file(4u << 20, 'x');
  StreamFeed feed(std::make_unique<CutStream>(file, std::vector<std::size_t>{}));
  std::uint64_t offset = 0;
  while (feed.advance(offset, 1500).bytes.size() >= 1500) offset += 1500;
  EXPECT_LE(feed.bytes_moved(), file.size());
}

}  // namespace
}  // namespace wirelens
