// Captures by others: the TCP connections that tshark finds behind every encapsulation, packet by
// packet, and what the project's own captures of fragments are known to hold.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "capture/source.h"
#include "decode/decode.h"
#include "support/tree.h"

namespace wirelens {
namespace {

using Packets = std::map<std::pair<std::string, std::string>, std::uint64_t>;  // by both ends

std::string end_text(const AddressBytes& address, std::uint16_t port, std::uint8_t version) {
  const std::string text = address_text(address, version);
  return (version == 6 ? "[" + text + "]" : text) + ":" + std::to_string(port);
}

struct Found {
  Packets tcp;
  std::uint64_t udp_joined = 0;
  DecodeCounts counts;
};

Found decode_file(const std::string& path) {
  Found found;
  auto source = open_savefile(path, {});
  if (!source) {
    ADD_FAILURE() << source.error().message;
    return found;
  }
  Ledger ledger(std::size_t{64} << 20);
  Decoder decoder(ledger);
  Decoded out;
  std::array<Packet, 64> packets;
  for (ReadResult read; !read.ended;) {
    read = (*source)->read(packets);
    for (std::size_t i = 0; i < read.count; ++i) {
      const Interface& interface = (*source)->interfaces()[packets[i].interface];
      if (decoder.decode(packets[i], interface, out) != Verdict::flow) continue;
      if (out.transport == Transport::udp) found.udp_joined += out.joined;
      if (out.transport != Transport::tcp) continue;
      std::string low = end_text(out.key.low, out.key.low_port, out.key.version);
      std::string high = end_text(out.key.high, out.key.high_port, out.key.version);
      if (high < low) swap(low, high);
      ++found.tcp[{low, high}];
    }
  }
  found.counts = decoder.counts();
  return found;
}

TEST(Corpus, ConnectionsBehindEveryEncapsulation) {
  const std::filesystem::path corpus = tree("../shared/captures");
  if (!exists(corpus / "encapsulations")) GTEST_SKIP() << "no corpus beside the tree";
  for (const auto& entry : std::filesystem::directory_iterator(corpus / "encapsulations")) {
    const std::string name = entry.path().filename().string();
    std::ifstream file(corpus / "oracle" / "encapsulations" / (name + ".json"));
    if (!file) continue;
    const nlohmann::json oracle = nlohmann::json::parse(file);
    Packets expected;
    if (oracle.contains("tcp") && oracle["tcp"].contains("list")) {
      for (const auto& row : oracle["tcp"]["list"]["rows"]) {
        std::string a = row["a"], b = row["b"];
        if (b < a) swap(a, b);
        for (const std::uint64_t packets : row["pkts"]) expected[{a, b}] += packets;
      }
    }
    EXPECT_EQ(decode_file(entry.path().string()).tcp, expected) << name;
  }
}

TEST(Captures, FragmentsJoin) {
  for (const auto& [file, joined] : {std::pair{"udp_ipv4", 6u}, {"udp_ipv6", 8u}}) {
    const Found found = decode_file(tree(std::string("captures/fragment/") + file + ".pcap"));
    EXPECT_EQ(found.udp_joined, joined) << file;
    EXPECT_EQ(found.counts.datagrams_joined, joined) << file;
    EXPECT_EQ(found.counts.fragments_dropped, 0u) << file;
    EXPECT_TRUE(found.counts.flaws.empty()) << file;
  }
}

TEST(Captures, HostileFragments) {
  const Found four = decode_file(tree("captures/fragment/hostile_ipv4.pcap"));
  EXPECT_EQ(four.udp_joined, 6u);
  EXPECT_EQ(four.counts.bad_checksums, 1u) << "the datagram whose bytes an overlap spoiled";
  const Found six = decode_file(tree("captures/fragment/hostile_ipv6.pcap"));
  EXPECT_EQ(six.udp_joined, 1u) << "the honest one; of the overlapping nothing";
}

}  // namespace
}  // namespace wirelens
