// capture/corpus_test.cc - other people's captures, against what tshark and libpcap read from them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "capture/reading.h"
#include "support/tree.h"

namespace wirelens {
namespace {

namespace fs = std::filesystem;

/// Beside the tree, or where WIRELENS_CORPUS says.
fs::path corpus() {
  const char* const elsewhere = std::getenv("WIRELENS_CORPUS");
  return elsewhere != nullptr ? fs::path(elsewhere) : fs::path(tree("../shared/captures"));
}

/// Every capture that has an oracle.
std::vector<fs::path> captures() {
  std::vector<fs::path> list;
  if (!fs::exists(corpus() / "oracle")) return list;
  for (const auto& entry : fs::recursive_directory_iterator(corpus() / "oracle")) {
    if (entry.path().extension() != ".json") continue;
    const fs::path below = fs::relative(entry.path(), corpus() / "oracle");
    list.push_back(corpus() / below.parent_path() / below.stem());
  }
  std::sort(list.begin(), list.end());
  return list;
}

/// Formats that are neither pcap nor pcapng.
bool is_foreign(const std::string& name) {
  return name == "solaris.snoop" || name == "tcp-syn-attack.cap";
}

/// tshark takes this broken pcap for the variant with 24 bytes before each packet, and so finds a
/// second packet (at 0xec) where there is none.
bool is_misread_by_tshark(const std::string& name) {
  return name == "suricata-bug-6875-fuzz.pcap";
}

/// libpcap cuts what is longer than the snaplen of the file's header, although it was captured; and
/// it reads a fraction of 2^31 ns as negative.
bool is_read_otherwise_by_libpcap(const std::string& name) {
  return name == "trunc-hdr.pcap" || name == "mptcp-dss-oobr.pcap" ||
         name == "timestamp_invalid_nano.pcap";
}

TEST(Corpus, PacketCountsAreThoseOfTshark) {
  const auto files = captures();
  if (files.empty()) GTEST_SKIP() << "no corpus beside the tree";
  for (const fs::path& file : files) {
    std::ifstream in(corpus() / "oracle" / fs::relative(file, corpus()).concat(".json"));
    const auto oracle = nlohmann::json::parse(in);
    const auto& facts = oracle.at("file");
    const Reading reading = read_all(open_savefile(file.string(), {}));
    if (is_foreign(file.filename())) {
      EXPECT_NE(reading.error.find("looks like"), std::string::npos);
      continue;
    }
    const bool broken = !reading.error.empty() || !reading.damages.empty();
    EXPECT_EQ(broken, facts.contains("read_error")) << file;
    if (is_misread_by_tshark(file.filename())) continue;
    const auto expected = facts.value("packets", oracle.at("packets").get<std::size_t>());
    EXPECT_EQ(reading.packets.size(), expected) << file;
    std::size_t truncated = 0;
    for (const KeptPacket& packet : reading.packets) {
      if (packet.bytes.size() < packet.original_length) ++truncated;
    }
    EXPECT_EQ(truncated, oracle.at("truncated_packets").get<std::size_t>()) << file;
  }
}

TEST(Corpus, LibpcapReadsTheSame) {
  const auto files = captures();
  if (files.empty()) GTEST_SKIP() << "no corpus beside the tree";
  OpenOptions by_libpcap;
  by_libpcap.use_libpcap = true;
  std::size_t compared = 0;
  for (const fs::path& file : files) {
    if (is_read_otherwise_by_libpcap(file.filename())) continue;
    const Reading theirs = read_all(open_savefile(file.string(), by_libpcap));
    if (!theirs.error.empty() || !theirs.damages.empty()) continue;
    Reading ours = read_all(open_savefile(file.string(), {}));
    ASSERT_EQ(ours.packets.size(), theirs.packets.size()) << file;
    for (std::size_t i = 0; i < ours.packets.size(); ++i) {
      EXPECT_EQ(ours.packets[i], theirs.packets[i]) << file << " " << i;
    }
    ++compared;
  }
  EXPECT_GT(compared, 150u);
}

TEST(Corpus, StreamedIsAsWhole) {
  const auto files = captures();
  if (files.empty()) GTEST_SKIP() << "no corpus beside the tree";
  for (const fs::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(in), {});
    EXPECT_EQ(read_cut(content, {content.size() / 3, content.size() / 2}, 7), read_whole(content))
        << file;
  }
}

}  // namespace
}  // namespace wirelens
