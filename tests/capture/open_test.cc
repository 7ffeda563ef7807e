// capture/open_test.cc - savefiles by path: read, piped, packed, merged, filtered, by libpcap.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "capture/reading.h"
#include "capture/savefile_bytes.h"
#include "support/scratch_file.h"

namespace wirelens {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Reading open_and_read(const std::string& path, const OpenOptions& options = {}) {
  return read_all(open_savefile(path, options));
}

/// An Ethernet frame with an IPv4 UDP datagram to `port`.
std::string udp_frame(std::uint16_t port) {
  FileBytes frame(true);
  frame.text(std::string(12, '\x02')).u16(0x800);
  frame.u8(0x45).u8(0).u16(28).u16(1).u16(0).u8(64).u8(17).u16(0).u32(0x0a000001).u32(0x0a000002);
  return frame.u16(40000).u16(port).u16(8).u16(0).str();
}

std::string sample(std::size_t packets = 20) {
  std::string file = pcap_header();
  for (std::uint32_t i = 0; i < packets; ++i) {
    file += pcap_record(i, i, udp_frame(static_cast<std::uint16_t>(i % 2 == 0 ? 53 : 99)));
  }
  return file;
}

std::string gzipped(std::string_view text) {
  z_stream state{};
  deflateInit2(&state, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&state, text.size()), '\0');
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  state.avail_in = static_cast<uInt>(text.size());
  state.next_out = reinterpret_cast<Bytef*>(out.data());
  state.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&state, Z_FINISH), Z_STREAM_END);
  out.resize(state.total_out);
  deflateEnd(&state);
  return out;
}

std::string zstd_packed(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

TEST(Open, AFileIsRepeatableAndTellsItsProgress) {
  const ScratchFile file(sample());
  auto source = open_savefile(file.path(), {});
  ASSERT_TRUE(source);
  EXPECT_TRUE((*source)->repeatable());
  EXPECT_THAT((*source)->names(), ElementsAre(file.path()));
  EXPECT_EQ((*source)->bytes_total(), std::filesystem::file_size(file.path()));
  EXPECT_EQ(read_all(**source), read_whole(sample()));
  EXPECT_EQ((*source)->bytes_read(), (*source)->bytes_total());
}

TEST(Open, AFileThatGetsShorterWhileItIsReadIsDamage) {
  std::string content = pcap_header();
  for (std::uint32_t i = 0; i < 5000; ++i) content += pcap_record(i, 0, std::string(1000, 'p'));
  const ScratchFile file(content);
  auto source = open_savefile(file.path(), {});
  ASSERT_TRUE(source);
  std::vector<Packet> batch(10);
  ASSERT_EQ((*source)->read(batch).count, 10u);
  std::filesystem::resize_file(file.path(), 1 << 20);
  const Reading rest = read_all(**source);
  EXPECT_LT(rest.packets.size(), 2000u);
  ASSERT_THAT(rest.damages, SizeIs(1));
  EXPECT_THAT(rest.damages[0], HasSubstr("the file ends inside packet"));
}

TEST(Open, GzipAndZstdGiveTheSame) {
  const std::string plain = sample(3000);
  const Reading expected = read_whole(plain);
  for (const std::string& packed : {gzipped(plain), zstd_packed(plain)}) {
    const ScratchFile file(packed);
    auto source = open_savefile(file.path(), {});
    ASSERT_TRUE(source);
    EXPECT_FALSE((*source)->repeatable());
    EXPECT_EQ(read_all(**source), expected);
    EXPECT_EQ((*source)->bytes_total(), packed.size());
    EXPECT_EQ((*source)->bytes_read(), packed.size());
  }
}

TEST(Open, MembersAndFramesFollowEachOther) {
  const std::string plain = sample();
  const std::string a = plain.substr(0, 100);
  const std::string b = plain.substr(100);
  const Reading expected = read_whole(plain);
  const std::string skippable = FileBytes().u32(0x184d2a53).u32(3).text("???").str();
  const ScratchFile members(gzipped(a) + gzipped("") + gzipped(b) + std::string(512, '\0'));
  const ScratchFile frames(skippable + zstd_packed(a) + skippable + zstd_packed(b));
  EXPECT_EQ(open_and_read(members.path()), expected);
  EXPECT_EQ(open_and_read(frames.path()), expected);
}

TEST(Open, ACompressedFileCutAnywhereKeepsWhatCameBefore) {
  const std::string plain = sample();
  for (const std::string& packed : {gzipped(plain), zstd_packed(plain)}) {
    for (std::size_t size = 4; size < packed.size(); size += 7) {
      const ScratchFile file(packed.substr(0, size));
      const Reading reading = open_and_read(file.path());
      if (!reading.error.empty()) {
        EXPECT_THAT(reading.error, HasSubstr("cut short"));
        continue;
      }
      ASSERT_THAT(reading.damages, SizeIs(1)) << size;
      EXPECT_THAT(reading.damages[0], HasSubstr("cut short"));
    }
  }
}

TEST(Open, GarbageBehindAGzipMemberIsDamage) {
  const ScratchFile file(gzipped(sample()) + "garbage");
  const Reading reading = open_and_read(file.path());
  EXPECT_THAT(reading.packets, SizeIs(20));
  EXPECT_THAT(reading.damages,
              ElementsAre(std::to_string(sample().size()) + " gzip: incorrect header check"));
}

TEST(Open, AFifoIsRead) {
  const std::string path = testing::TempDir() + "wirelens-fifo-" + std::to_string(getpid());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const std::string content = sample(5000);
  std::thread writer([&] {
    const int out = open(path.c_str(), O_WRONLY);
    std::size_t at = 0;
    while (at < content.size()) {
      const ssize_t count = write(out, content.data() + at, content.size() - at);
      if (count <= 0) break;
      at += static_cast<std::size_t>(count);
    }
    close(out);
  });
  const Reading reading = open_and_read(path);
  writer.join();
  unlink(path.c_str());
  EXPECT_EQ(reading, read_whole(content));
}

TEST(Open, WhatIsHalfReadWhenTheUserStopsIsNoDamage) {
  for (const bool packed : {false, true}) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const std::string content = packed ? gzipped(sample(3)) : sample(3);
    const std::string begun = content.substr(0, content.size() - 9);
    ASSERT_EQ(write(ends[1], begun.data(), begun.size()), static_cast<ssize_t>(begun.size()));
    std::atomic<bool> stop = false;
    const std::string path = "/dev/fd/" + std::to_string(ends[0]);
    auto feed = open_feed(path, &stop);
    ASSERT_TRUE(feed);
    auto source = Savefile::over(path, std::move(*feed), &stop);
    ASSERT_TRUE(source);
    std::vector<Packet> packets(8);
    while ((*source)->read(packets).count > 0) {
    }
    stop = true;
    while (!(*source)->read(packets).ended) {
    }
    EXPECT_THAT((*source)->damages(), IsEmpty()) << packed;
    close(ends[0]);
    close(ends[1]);
  }
}

/// Puts a descriptor in place of standard input.
class StandardInput {
 public:
  explicit StandardInput(int descriptor) : before_(dup(STDIN_FILENO)) {
    dup2(descriptor, STDIN_FILENO);
  }
  ~StandardInput() {
    dup2(before_, STDIN_FILENO);
    close(before_);
  }

 private:
  int before_;
};

TEST(Open, StandardInputFromAFileOrAPipe) {
  const ScratchFile file(sample());
  const int regular = open(file.path().c_str(), O_RDONLY);
  {
    const StandardInput input(regular);
    auto source = open_savefile("-", {});
    ASSERT_TRUE(source);
    EXPECT_FALSE((*source)->repeatable());
    EXPECT_THAT((*source)->names(), ElementsAre("-"));
    EXPECT_EQ(read_all(**source), read_whole(sample()));
  }
  close(regular);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string packed = gzipped(sample());
  ASSERT_EQ(write(ends[1], packed.data(), packed.size()), static_cast<ssize_t>(packed.size()));
  close(ends[1]);
  const StandardInput input(ends[0]);
  EXPECT_EQ(open_and_read("-"), read_whole(sample()));
  close(ends[0]);
}

TEST(Open, AQuietPipeIsIdleAndStopsWhenTold) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string begin = sample(2);
  ASSERT_EQ(write(ends[1], begin.data(), begin.size()), static_cast<ssize_t>(begin.size()));
  const StandardInput input(ends[0]);
  std::atomic<bool> stop = false;
  OpenOptions options;
  options.stop = &stop;
  auto source = open_savefile("-", options);
  ASSERT_TRUE(source);
  std::vector<Packet> packets(10);
  EXPECT_EQ((*source)->read(packets).count, 2u);
  const ReadResult idle = (*source)->read(packets);
  EXPECT_EQ(idle.count, 0u);
  EXPECT_FALSE(idle.ended);
  stop = true;
  EXPECT_TRUE((*source)->read(packets).ended);
  EXPECT_THAT((*source)->damages(), IsEmpty());
  close(ends[0]);
  close(ends[1]);
}

TEST(Open, WhatCannotBeReadIsOneLine) {
  EXPECT_EQ(open_and_read("/nowhere/x.pcap").error, "/nowhere/x.pcap: No such file or directory");
  EXPECT_EQ(open_and_read("/").error, "/: is a directory");
  const ScratchFile empty("");
  EXPECT_EQ(open_and_read(empty.path()).error, empty.path() + ": is empty");
  const ScratchFile page("<!DOCTYPE html><html><head></head></html>");
  EXPECT_EQ(open_and_read(page.path()).error,
            page.path() + ": is not pcap or pcapng but looks like a web page");
  const ScratchFile packed_page(gzipped("<html><body>sign in, please</body></html>"));
  EXPECT_EQ(open_and_read(packed_page.path()).error,
            packed_page.path() + ": is not pcap or pcapng but looks like a web page");
}

TEST(Open, LibpcapReadsWhatOnlyItKnows) {
  std::string content = pcap_header() + pcap_record(1, 0, "abc");
  content.replace(4, 4, std::string("\x1f\x02\0\0", 4));  // version 543.0, by DG/UX
  const ScratchFile file(content);
  EXPECT_THAT(open_and_read(file.path()).packets, SizeIs(1));
}

TEST(Open, LibpcapGivesTheSamePackets) {
  const std::string pcapng = section() + interface_block() + enhanced(1'000'000, "alpha") +
                             enhanced(2'000'001, "beta", false, 0, 90);
  OpenOptions by_libpcap;
  by_libpcap.use_libpcap = true;
  for (const std::string& content : {sample(500), pcapng}) {
    const ScratchFile file(content);
    EXPECT_EQ(open_and_read(file.path(), by_libpcap), open_and_read(file.path()));
  }
}

TEST(Open, LibpcapStopsAtASecondLinkType) {
  const ScratchFile file(section() + interface_block() + enhanced(1, "a") +
                         interface_block(false, 113) + enhanced(2, "b", false, 1));
  OpenOptions by_libpcap;
  by_libpcap.use_libpcap = true;
  const Reading reading = open_and_read(file.path(), by_libpcap);
  EXPECT_THAT(reading.packets, SizeIs(1));
  EXPECT_THAT(reading.damages, ElementsAre(HasSubstr("different from the type of the first")));
  EXPECT_THAT(open_and_read(file.path()).packets, SizeIs(2));
}

TEST(Filter, LeavesOutAndKeepsTheNumbers) {
  OpenOptions options;
  options.filter = "udp port 53";
  const ScratchFile file(sample(6));
  for (const bool use_libpcap : {false, true}) {
    options.use_libpcap = use_libpcap;
    const Reading reading = open_and_read(file.path(), options);
    ASSERT_THAT(reading.packets, SizeIs(3));
    EXPECT_EQ(reading.packets[1].number, 3u);
    EXPECT_EQ(reading.packets[2].number, 5u);
  }
}

TEST(Filter, EveryLinkTypeHasItsOwnProgram) {
  const std::string frame = udp_frame(53);
  const std::string file = section() + interface_block() + interface_block(false, 101) +
                           enhanced(1, frame) + enhanced(2, frame.substr(14), false, 1) +
                           enhanced(3, udp_frame(99)) +
                           enhanced(4, udp_frame(99).substr(14), false, 1);
  const ScratchFile scratch(file);
  OpenOptions options;
  options.filter = "udp port 53";
  EXPECT_THAT(open_and_read(scratch.path(), options).packets, SizeIs(2));
}

TEST(Filter, ALaterLinkTypeThatItCannotServeIsARemark) {
  const ScratchFile file(section() + interface_block() + enhanced(1, udp_frame(53)) +
                         interface_block(false, 101) + enhanced(2, "raw", false, 1) +
                         enhanced(3, "raw", false, 1));
  OpenOptions options;
  options.filter = "ether src 02:02:02:02:02:02";
  auto source = open_savefile(file.path(), options);
  ASSERT_TRUE(source);
  EXPECT_THAT(read_all(**source).packets, SizeIs(1));
  EXPECT_THAT((*source)->remarks(),
              ElementsAre(HasSubstr("packets of link type RAW are left out")));
}

TEST(Filter, AWrongExpressionIsAnErrorThatNamesIt) {
  const ScratchFile file(sample(1));
  OpenOptions options;
  options.filter = "tcp prot 80";
  EXPECT_THAT(open_and_read(file.path(), options).error, HasSubstr("filter 'tcp prot 80': "));
}

TEST(Filter, NamesAreNotLookedUp) {
  const ScratchFile file(sample(1));
  for (const std::string filter :
       {"host example.com", "src example", "tcp and not (dst host www.example.com)",
        "host 10.0.0.1 or example.com", "net intranet", "ether host gateway-1"}) {
    OpenOptions options;
    options.filter = filter;
    EXPECT_THAT(open_and_read(file.path(), options).error, HasSubstr("names are not looked up"))
        << filter;
  }
  for (const std::string filter :
       {"host 10.0.0.1", "src or dst port http", "net 10.0.0.0/8", "host fe80::1",
        "ether host 02:02:02:02:02:02", "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
        "src host 10.0.0.1 and dst portrange 50-60", "ether[0] & 1 = 0 and ip proto \\udp",
        "ether src 02-02-02-02-02-02", "ether dst 0202.0202.0202", "net 10.0.0.0 mask 255.0.0.0"}) {
    OpenOptions options;
    options.filter = filter;
    EXPECT_EQ(open_and_read(file.path(), options).error, "") << filter;
  }
}

TEST(Merge, OrdersByTimeAndNumbersOverAll) {
  const ScratchFile a(pcap_header() + pcap_record(1, 0, "a1") + pcap_record(3, 0, "a3") +
                      pcap_record(5, 0, "a5"));
  PcapShape raw;
  raw.linktype = 101;
  const ScratchFile b(pcap_header(raw) + pcap_record(2, 0, "b2") + pcap_record(3, 0, "b3"));
  const ScratchFile c(gzipped(pcap_header() + pcap_record(0, 9, "c0")));
  auto source = open_savefiles({a.path(), b.path(), c.path()}, {});
  ASSERT_TRUE(source);
  const Reading reading = read_all(**source);
  std::string order;
  for (const KeptPacket& packet : reading.packets) {
    order += packet.bytes + ":" + std::to_string(packet.number) + ":" +
             std::to_string(packet.interface) + " ";
  }
  EXPECT_EQ(order, "c0:1:2 a1:2:0 b2:3:1 a3:4:0 b3:5:1 a5:6:0 ");
  EXPECT_THAT((*source)->names(), ElementsAre(a.path(), b.path(), c.path()));
  EXPECT_EQ((*source)->interfaces()[1].linktype, 101);
  EXPECT_FALSE((*source)->repeatable());
}

TEST(Merge, ABatchOfAnySizeGivesTheSame) {
  std::vector<std::string> contents(3, pcap_header());
  for (std::uint32_t i = 0; i < 3000; ++i) {
    contents[i * i % 3] += pcap_record(i / 7, 0, std::to_string(i));
  }
  const ScratchFile a(contents[0]);
  const ScratchFile b(gzipped(contents[1]));
  const ScratchFile c(contents[2]);
  const std::vector<std::string> paths{a.path(), b.path(), c.path()};
  const Reading reading = read_all(open_savefiles(paths, {}), 1000);
  ASSERT_THAT(reading.packets, SizeIs(3000));
  for (std::size_t i = 1; i < 3000; ++i) {
    ASSERT_LE(reading.packets[i - 1].now, reading.packets[i].now);
    ASSERT_EQ(reading.packets[i].number, i + 1);
  }
  for (const std::size_t batch : {1u, 7u, 256u}) {
    EXPECT_EQ(read_all(open_savefiles(paths, {}), batch), reading);
  }
}

TEST(Merge, OneThatBreaksDoesNotStopTheOthers) {
  const ScratchFile broken(pcap_header() + pcap_record(1, 0, "a") + "tail");
  const ScratchFile good(pcap_header() + pcap_record(0, 0, "b") + pcap_record(9, 0, "c"));
  auto source = open_savefiles({broken.path(), "/nowhere/x", good.path()}, {});
  ASSERT_TRUE(source);
  EXPECT_THAT(read_all(**source).packets, SizeIs(3));
  ASSERT_THAT((*source)->damages(), SizeIs(2));
  EXPECT_EQ((*source)->damages()[0].file, "/nowhere/x");
  EXPECT_EQ((*source)->damages()[0].reason, "No such file or directory");
  EXPECT_EQ((*source)->damages()[1].file, broken.path());
  EXPECT_EQ((*source)->damages()[1].offset, 41u);
  EXPECT_EQ(read_all(open_savefiles({"/nowhere/x", "/nowhere/y"}, {})).error,
            "/nowhere/x: No such file or directory");
}

TEST(Merge, CommentsGoWithTheirPackets) {
  const ScratchFile a(section(false, {{1, "file a"}}) + interface_block() +
                      enhanced(10, "a", false, 0, 0, {{1, "first of a"}}) +
                      enhanced(30, "a", false, 0, 0, {{1, "second of a"}}));
  const ScratchFile b(section() + interface_block() + enhanced(20, "b") +
                      enhanced(25, "b", false, 0, 0, {{1, "second of b"}}));
  auto source = open_savefiles({a.path(), b.path()}, {});
  ASSERT_TRUE(source);
  read_all(**source);
  std::vector<std::string> comments;
  for (const auto& comment : (*source)->annotations().comments) {
    comments.push_back(std::to_string(comment.packet) + " " + comment.text);
  }
  EXPECT_THAT(comments, ElementsAre("0 file a", "1 first of a", "3 second of b", "4 second of a"));
}

TEST(Merge, AFilterCountsOverAll) {
  const ScratchFile a(sample(4));
  const ScratchFile b(sample(4));
  OpenOptions options;
  options.filter = "udp port 99";
  const Reading reading = read_all(open_savefiles({a.path(), b.path()}, options));
  ASSERT_THAT(reading.packets, SizeIs(4));
  EXPECT_EQ(reading.packets[0].number, 3u);
  EXPECT_EQ(reading.packets[3].number, 8u);
}

TEST(Linktype, HasLibpcapsName) {
  EXPECT_EQ(linktype_name(1), "EN10MB");
  EXPECT_EQ(linktype_name(101), "RAW");
  EXPECT_EQ(linktype_name(276), "LINUX_SLL2");
  EXPECT_EQ(linktype_name(65000), "65000");
}

}  // namespace
}  // namespace wirelens
