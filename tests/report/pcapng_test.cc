// report/pcapng_test.cc - what is written can be read back: the same packets, and more said of
// them.
#include "report/pcapng.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "event/finding.h"
#include "support/scratch_file.h"
#include "support/tree.h"

namespace wirelens {
namespace {

using testing::HasSubstr;

struct Copy {
  std::vector<std::uint8_t> bytes;
  Timestamp time;
  std::uint32_t original_length;
  std::uint16_t linktype;
};

struct Reading {
  std::vector<Copy> packets;
  Annotations annotations;
};

template <class Each>
void each_packet(const std::string& path, Each each) {
  auto source = open_savefile(path, {});
  ASSERT_TRUE(source) << source.error().message;
  std::array<Packet, 32> packets;
  for (bool ended = false; !ended;) {
    const ReadResult read = (*source)->read(packets);
    for (std::size_t i = 0; i < read.count; ++i) each(packets[i], **source);
    ended = read.ended;
  }
}

Reading reading(const std::string& path) {
  Reading all;
  each_packet(path, [&](const Packet& packet, const Source& source) {
    all.packets.push_back({{packet.bytes.begin(), packet.bytes.end()},
                           packet.time,
                           packet.original_length,
                           source.interfaces()[packet.interface].linktype});
    all.annotations = source.annotations();
  });
  return all;
}

void copy(const std::string& from, const std::string& to, SecretText keys = {}) {
  PcapngReport report(std::move(*Output::open(to, Output::Visible::when_whole)), std::move(keys));
  const std::uint64_t evidence[] = {2, 1, 4'000'000};
  Finding finding;
  finding.rule = "tcp.refused";
  finding.severity = Severity::high;
  finding.title = "Refused\x1b[31m";
  finding.packets = evidence;
  report.write(Event(Timestamp{}, std::nullopt, finding));
  each_packet(from, [&](const Packet& packet, const Source& source) {
    report.packets()->packet(packet, source);
  });
  report.finish();
  EXPECT_FALSE(report.failure());
}

TEST(Pcapng, HasTheSamePackets) {
  for (const char* file :
       {"demo.pcapng", "format/big_endian.pcap", "format/sections.pcapng", "format/modified.pcap",
        "link/cooked_v2.pcap", "http1/truncated.pcap", "format/zstd.pcap.zst"}) {
    const ScratchFile out("");
    copy(tree(std::string("captures/") + file), out.path());
    const Reading before = reading(tree(std::string("captures/") + file));
    const Reading after = reading(out.path());
    ASSERT_EQ(after.packets.size(), before.packets.size()) << file;
    for (std::size_t i = 0; i < after.packets.size(); ++i) {
      EXPECT_EQ(after.packets[i].bytes, before.packets[i].bytes) << file;
      EXPECT_EQ(after.packets[i].time, before.packets[i].time) << file;
      EXPECT_EQ(after.packets[i].original_length, before.packets[i].original_length) << file;
      EXPECT_EQ(after.packets[i].linktype, before.packets[i].linktype) << file;
    }
  }
}

TEST(Pcapng, FindingsAreCommentsOfTheirPackets) {
  const ScratchFile out("");
  copy(tree("captures/tcp/refused.pcap"), out.path());
  const Annotations after = reading(out.path()).annotations;
  ASSERT_EQ(after.comments.size(), 2u);
  EXPECT_EQ(after.comments[0].packet, 1u);
  EXPECT_EQ(after.comments[1].packet, 2u);
  EXPECT_EQ(after.comments[0].text, "wirelens HIGH tcp.refused: Refused\\x1b[31m");
  EXPECT_THAT(after.application, HasSubstr("wirelens"));
}

TEST(Pcapng, CommentsAndKeysOfTheInputAreKept) {
  const ScratchFile first(""), second("");
  copy(tree("captures/tcp/refused.pcap"), first.path(),
       SecretText(std::string_view("CLIENT_RANDOM 00 11\n")));
  copy(first.path(), second.path());
  const Annotations after = reading(second.path()).annotations;
  ASSERT_EQ(after.comments.size(), 4u);
  ASSERT_EQ(after.tls_keys.size(), 1u);
  EXPECT_EQ(after.tls_keys[0].packets_before, 0u);
  EXPECT_EQ(after.tls_keys[0].log.view(), "CLIENT_RANDOM 00 11\n");
}

}  // namespace
}  // namespace wirelens
