// bench/generate_test.cc - a workload that lies about itself would bless any program.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "bench/generated.h"
#include "bench/random.h"

namespace wirelens::bench {
namespace {

std::uint32_t big_endian(View view, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | view[at + i];
  return value;
}

struct Frame {
  std::uint64_t microseconds;
  View bytes;
};

// The records of a pcap file in native byte order.
std::vector<Frame> frames_of(const std::string& file) {
  std::vector<Frame> frames;
  std::size_t at = 24;
  while (at < file.size()) {
    std::array<std::uint32_t, 4> header;
    std::memcpy(header.data(), file.data() + at, 16);
    const auto* data = reinterpret_cast<const std::uint8_t*>(file.data()) + at + 16;
    frames.push_back({header[0] * std::uint64_t{1'000'000} + header[1], {data, header[2]}});
    at += 16 + header[2];
  }
  EXPECT_EQ(at, file.size());
  return frames;
}

/// Where things lie in a frame, found without the code that wrote it.
struct Layout {
  explicit Layout(View frame) {
    const std::size_t network = big_endian(frame, 12, 2) == 0x8100 ? 18 : 14;
    v6 = frame[network] >> 4 == 6;
    const std::size_t header = v6 ? 40U : (frame[network] & 15U) * 4U;
    const std::size_t length =
        v6 ? 40 + big_endian(frame, network + 4, 2) : big_endian(frame, network + 2, 2);
    protocol = frame[network + (v6 ? 6 : 9)];
    ip = frame.subspan(network, header);
    segment = frame.subspan(network + header, length - header);
    addresses = frame.subspan(network + (v6 ? 8 : 12), v6 ? 32 : 8);
    const std::size_t transport = protocol == 6 ? (segment[12] >> 4) * 4U : 8U;
    payload = segment.subspan(transport);
  }

  bool v6;
  std::uint8_t protocol;
  View ip, segment, addresses, payload;
};

// RFC 1071, as slow as it is plain: the sum over data with its checksum in place is 0xffff.
std::uint32_t ones_complement(View view, std::uint32_t sum) {
  for (std::size_t i = 0; i < view.size(); ++i) {
    sum += static_cast<std::uint32_t>(view[i]) << (i % 2 == 0 ? 8 : 0);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

void expect_checksums(View frame) {
  const Layout layout(frame);
  if (!layout.v6) {
    EXPECT_EQ(ones_complement(layout.ip, 0), 0xffffU);
  }
  const auto length = static_cast<std::uint32_t>(layout.segment.size());
  const std::uint32_t pseudo = ones_complement(layout.addresses, layout.protocol + length);
  EXPECT_EQ(ones_complement(layout.segment, pseudo), 0xffffU);
}

Options small_options() {
  Options options;
  options.packets = 4'000;
  options.flows = 200;
  options.n = 2'000;
  options.name = "hole";
  options.size = 354;
  return options;
}

class EveryWorkload : public testing::TestWithParam<std::string_view> {};

TEST_P(EveryWorkload, HasRightChecksumsAndNeverGoesBackInTime) {
  const std::string file = Generated(GetParam(), small_options()).bytes();
  std::uint64_t last = 0;
  for (const Frame& frame : frames_of(file)) {
    expect_checksums(frame.bytes);
    EXPECT_GE(frame.microseconds, last);
    last = frame.microseconds;
  }
}

TEST_P(EveryWorkload, CountsWhatItWrites) {
  const Generated made(GetParam(), small_options());
  const std::string file = made.bytes();
  std::uint64_t bytes = 0;
  std::array<std::uint64_t, 2> datagrams{};
  const std::vector<Frame> frames = frames_of(file);
  for (const Frame& frame : frames) {
    bytes += frame.bytes.size();
    const Layout layout(frame.bytes);
    const bool client = big_endian(layout.segment, 0, 2) >= 32'768;
    if (layout.protocol == 17) datagrams[client ? 0 : 1] += layout.payload.size();
  }
  EXPECT_EQ(made.truth().packets, frames.size());
  EXPECT_EQ(made.truth().captured_bytes, bytes);
  EXPECT_EQ(made.truth().udp_payload, datagrams);
}

TEST_P(EveryWorkload, IsTheSameForTheSameSeedOnly) {
  Options options = small_options();
  const std::string first = Generated(GetParam(), options).bytes();
  EXPECT_EQ(first, Generated(GetParam(), options).bytes());
  if (GetParam() == "path") return;  // most of its cases draw nothing
  options.seed = 2;
  EXPECT_NE(first, Generated(GetParam(), options).bytes());
}

INSTANTIATE_TEST_SUITE_P(Workloads, EveryWorkload,
                         testing::ValuesIn(workload_names().begin(), workload_names().end()),
                         [](const auto& made) { return std::string(made.param); });

// Unique bytes of each sender, by position from its SYN: what a perfect reassembler would count.
std::array<std::uint64_t, 2> unique_payload(const std::string& file) {
  std::array<std::uint64_t, 2> total{};
  std::unordered_map<std::string, std::unordered_set<std::uint32_t>> seen;
  for (const Frame& frame : frames_of(file)) {
    const Layout layout(frame.bytes);
    if (layout.protocol != 6) continue;
    std::string key(layout.addresses.begin(), layout.addresses.end());
    key.append(layout.segment.begin(), layout.segment.begin() + 4);
    const std::uint32_t sequence = big_endian(layout.segment, 4, 4);
    const bool client = big_endian(layout.segment, 0, 2) >= 32'768;
    for (std::uint32_t i = 0; i < layout.payload.size(); ++i) {
      total[client ? 0 : 1] += seen[key].insert(sequence + i).second;
    }
  }
  return total;
}

TEST(Truth, PayloadIsTheUniqueBytesOfEachDirection) {
  Options options = small_options();
  options.packets = 800;
  options.n = 300;
  for (const char* workload : {"mix", "lossy", "http", "small", "flows", "bulk"}) {
    const Generated made(workload, options);
    EXPECT_EQ(unique_payload(made.bytes()), made.truth().tcp_payload) << workload;
  }
  for (const std::string_view name : path_cases()) {
    if (name == "fragments") continue;
    options.name = name;
    const Generated made("path", options);
    EXPECT_EQ(unique_payload(made.bytes()), made.truth().tcp_payload) << name;
  }
}

TEST(Truth, LossyHasEveryKindOfTrouble) {
  Options options = small_options();
  options.packets = 20'000;
  const Truth truth = Generated("lossy", options).truth();
  EXPECT_GT(truth.lost_before_tap, 0U);
  EXPECT_GT(truth.lost_after_tap, 0U);
  EXPECT_GT(truth.reordered, 0U);
  EXPECT_GT(truth.capture_duplicates, 0U);
  EXPECT_GT(truth.capture_gaps, 0U);
  EXPECT_GT(truth.midstream, 0U);
}

TEST(Truth, EveryExchangeOfTheFloodIsCounted) {
  Options options = small_options();
  options.flows = 500;
  EXPECT_EQ(Generated("flood", options).truth().http_exchanges, 500U);
}

TEST(Truth, DigestMindsOrderWithinAConnectionOnly) {
  Truth one;
  one.exchange(0, "GET", "a", "/", 200);
  one.exchange(1, "GET", "b", "/", 404);
  Truth interleaved;
  interleaved.exchange(1, "GET", "b", "/", 404);
  interleaved.exchange(0, "GET", "a", "/", 200);
  Truth swapped;
  swapped.exchange(0, "GET", "b", "/", 404);
  swapped.exchange(1, "GET", "a", "/", 200);
  EXPECT_EQ(one.json(), interleaved.json());
  EXPECT_NE(one.json(), swapped.json());
}

TEST(Mix, HasAbout820BytesAPacket) {
  Options options;
  options.packets = 100'000;
  const Truth truth = Generated("mix", options).truth();
  const std::uint64_t mean = truth.captured_bytes / truth.packets;
  EXPECT_GT(mean, 790U);
  EXPECT_LT(mean, 850U);
}

TEST(CaptureWriter, WritesEveryFormatAndByteOrder) {
  Options options;
  options.packets = 1;
  options.size = 100;
  const auto start = [&](Format format, bool swapped) {
    const Generated made("fixed", options, {format, swapped, 64});
    return std::pair(made.bytes().substr(0, 4), made.bytes().size());
  };
  const auto word = [](std::uint32_t value) {
    return std::string(reinterpret_cast<const char*>(&value), 4);
  };
  EXPECT_EQ(start(Format::pcap, false), std::pair(word(0xa1b2c3d4), std::size_t{24 + 16 + 64}));
  EXPECT_EQ(start(Format::pcap, true), std::pair(word(0xd4c3b2a1), std::size_t{24 + 16 + 64}));
  EXPECT_EQ(start(Format::pcap_nanoseconds, false).first, word(0xa1b23c4d));
  EXPECT_EQ(start(Format::pcapng, false),
            std::pair(word(0x0a0d0d0a), std::size_t{28 + 32 + 32 + 64}));
}

TEST(Draws, ParetoStaysWithinItsBoundsAndHasItsTail) {
  Draws draws(1, 1);
  int above_ten_times = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t value = draws.pareto(1'000, 1'000'000);
    ASSERT_GE(value, 1'000U);
    ASSERT_LE(value, 1'000'000U);
    above_ten_times += value >= 10'000;
  }
  // P(X >= 10 x smallest) = 10^-1.2 = 6.3 %.
  EXPECT_GT(above_ten_times, 550);
  EXPECT_LT(above_ten_times, 720);
}

}  // namespace
}  // namespace wirelens::bench
