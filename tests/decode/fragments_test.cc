// Fragments: every order and cut, overlaps by the rules of IPv4 and IPv6, and the caps.
#include "decode/fragments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "decode/decode.h"
#include "support/decoding.h"
#include "support/packets.h"

namespace wirelens {
namespace {

using std::chrono::seconds;

std::string text(std::size_t size) {
  std::string result;
  for (std::size_t i = 0; i < size; ++i) result += static_cast<char>('a' + i % 23);
  return result;
}

// A UDP datagram between two hosts that can be cut anywhere.
struct Datagram {
  bool ipv6 = false;
  std::uint16_t identification = 7;
  Octets bytes;

  explicit Datagram(const std::string& payload, bool over_ipv6 = false) : ipv6(over_ipv6) {
    bytes =
        udp_datagram(UdpSpec{.source = source(), .destination = destination(), .payload = payload});
  }
  std::string source() const { return ipv6 ? "2001:db8::1" : "10.0.0.1"; }
  std::string destination() const { return ipv6 ? "2001:db8::2" : "10.0.0.2"; }

  /// Bytes `from` to `to` as an Ethernet frame; from must be a multiple of 8.
  Octets cut(std::size_t from, std::size_t to) const {
    return piece(from,
                 {bytes.begin() + static_cast<std::ptrdiff_t>(from),
                  bytes.begin() + static_cast<std::ptrdiff_t>(to)},
                 to < bytes.size());
  }
  Octets piece(std::size_t from, const Octets& part, bool more,
               std::vector<std::uint16_t> vlans = {}) const {
    const auto units = static_cast<std::uint16_t>(from / 8);
    IpSpec spec{.source = source(), .destination = destination(), .protocol = 17};
    if (ipv6) {
      spec.protocol = 44;
      return ethernet(0x86dd, ip(spec, ipv6_fragment(17, units, more, identification, part)),
                      vlans);
    }
    spec.identification = identification;
    spec.more_fragments = more;
    spec.fragment_offset = units;
    return ethernet(0x0800, ip(spec, part), vlans);
  }
};

class BothVersions : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(All, BothVersions, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& one) {
                           return one.param ? "IPv6" : "IPv4";
                         });

void expect_joined(const Decoding& decoding, const std::string& payload) {
  EXPECT_TRUE(decoding.out.joined);
  EXPECT_EQ(decoding.out.transport, Transport::udp);
  EXPECT_EQ(decoding.out.checksum, Checksum::good);
  EXPECT_EQ(as_text(decoding.out.payload), payload);
}

TEST_P(BothVersions, EveryCutInTwo) {
  const std::string payload = text(100);
  const Datagram datagram(payload, GetParam());
  for (std::size_t at = 8; at < datagram.bytes.size(); at += 8) {
    for (const bool swapped : {false, true}) {
      Decoding decoding;
      const Octets first = datagram.cut(0, at), second = datagram.cut(at, datagram.bytes.size());
      EXPECT_EQ(decoding.decode(swapped ? second : first), Verdict::other);
      ASSERT_EQ(decoding.decode(swapped ? first : second), Verdict::flow) << at;
      expect_joined(decoding, payload);
      EXPECT_EQ(decoding.decoder.counts().fragments, 2u);
      EXPECT_EQ(decoding.decoder.counts().datagrams_joined, 1u);
      EXPECT_EQ(decoding.flaws(), 0u);
    }
  }
}

TEST_P(BothVersions, EveryOrderOfFive) {
  const std::string payload = text(150);
  const Datagram datagram(payload, GetParam());
  const std::size_t cuts[] = {0, 16, 40, 48, 120, datagram.bytes.size()};
  std::array<std::size_t, 5> order;
  std::iota(order.begin(), order.end(), 0u);
  Decoding decoding;
  std::uint64_t joined = 0;
  do {
    for (std::size_t i = 0; i < order.size(); ++i) {
      const Verdict verdict = decoding.decode(datagram.cut(cuts[order[i]], cuts[order[i] + 1]));
      ASSERT_EQ(verdict, i == 4 ? Verdict::flow : Verdict::other);
    }
    expect_joined(decoding, payload);
    EXPECT_EQ(decoding.decoder.counts().datagrams_joined, ++joined);
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(decoding.flaws(), 0u);
}

TEST_P(BothVersions, DuplicatesAreHarmless) {
  const std::string payload = text(60);
  const Datagram datagram(payload, GetParam());
  Decoding decoding;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(decoding.decode(datagram.cut(0, 24)), Verdict::other);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(decoding.decode(datagram.cut(48, 68)), Verdict::other);
  ASSERT_EQ(decoding.decode(datagram.cut(24, 48)), Verdict::flow);
  expect_joined(decoding, payload);
  EXPECT_EQ(decoding.flaws(), 0u);
}

TEST_P(BothVersions, SameIdentificationAgain) {
  Decoding decoding;
  for (const std::string& payload : {text(40), std::string(40, 'z')}) {
    const Datagram datagram(payload, GetParam());
    decoding.decode(datagram.cut(0, 16));
    ASSERT_EQ(decoding.decode(datagram.cut(16, 48)), Verdict::flow);
    expect_joined(decoding, payload);
  }
}

TEST_P(BothVersions, AHoleNeverFills) {
  const Datagram datagram(text(100), GetParam());
  Decoding decoding;
  EXPECT_EQ(decoding.decode(datagram.cut(0, 40)), Verdict::other);
  EXPECT_EQ(decoding.decode(datagram.cut(48, 108)), Verdict::other);
  EXPECT_EQ(decoding.decode(datagram.cut(0, 40), seconds(31)), Verdict::other);
  EXPECT_EQ(decoding.decoder.counts().fragments_dropped, 2u) << "after 30 s";
  EXPECT_EQ(decoding.decode(datagram.cut(40, 108), seconds(32)), Verdict::flow);
}

TEST_P(BothVersions, VlansKeepApart) {
  const Datagram datagram(text(40), GetParam());
  const Octets first(datagram.bytes.begin(), datagram.bytes.begin() + 16);
  const Octets second(datagram.bytes.begin() + 16, datagram.bytes.end());
  Decoding decoding;
  EXPECT_EQ(decoding.decode(datagram.piece(0, first, true, {1})), Verdict::other);
  EXPECT_EQ(decoding.decode(datagram.piece(16, second, false, {2})), Verdict::other);
  EXPECT_EQ(decoding.decode(datagram.piece(16, second, false, {1})), Verdict::flow);
}

TEST_P(BothVersions, LongestAndPastIt) {
  const Datagram datagram(text(60000), GetParam());
  Decoding decoding;
  for (std::size_t at = 0; at < datagram.bytes.size(); at += 1480) {
    const std::size_t end = std::min(at + 1480, datagram.bytes.size());
    const Verdict verdict = decoding.decode(datagram.cut(at, end));
    EXPECT_EQ(verdict, end == datagram.bytes.size() ? Verdict::flow : Verdict::other);
  }
  expect_joined(decoding, text(60000));
  decoding.decode(datagram.piece(65528, Octets(8), false));  // the ping of death
  EXPECT_EQ(decoding.flaws(GetParam() ? "ipv6.malformed_fragment" : "ipv4.malformed_fragment"), 1u);
}

TEST_P(BothVersions, PiecesOfNoWholeWords) {
  const Datagram datagram(text(60), GetParam());
  Decoding decoding;
  decoding.decode(datagram.piece(0, Octets(20), true));
  decoding.decode(datagram.piece(8, {}, true));
  EXPECT_EQ(decoding.flaws(GetParam() ? "ipv6.malformed_fragment" : "ipv4.malformed_fragment"), 2u);
  EXPECT_EQ(decoding.decoder.counts().fragments_dropped, 2u);
}

TEST_P(BothVersions, CutBySnaplenCannotJoin) {
  const Datagram datagram(text(60), GetParam());
  Octets first = datagram.cut(0, 40);
  const auto whole = static_cast<std::uint32_t>(first.size());
  first.resize(first.size() - 1);
  Decoding decoding;
  EXPECT_EQ(decoding.decode(first, {}, whole), Verdict::flawed);
  EXPECT_EQ(decoding.decode(datagram.cut(40, 68)), Verdict::other);
  EXPECT_EQ(decoding.flaws(), 0u);
}

TEST_P(BothVersions, TooManyPieces) {
  const Datagram datagram(text(2000), GetParam());
  Decoding decoding;
  for (std::size_t at = 0; at < 65 * 16; at += 16) decoding.decode(datagram.cut(at, at + 8));
  EXPECT_EQ(decoding.flaws("ip.too_many_fragments"), 1u);
  EXPECT_EQ(decoding.decoder.counts().fragments_dropped, 65u);
}

TEST_P(BothVersions, AFloodOfFirstFragmentsIsBounded) {
  Decoding decoding;
  Datagram flood(text(3000), GetParam());
  for (std::uint32_t i = 0; i < 20000; ++i) {
    flood.identification = static_cast<std::uint16_t>(i);
    decoding.decode(flood.cut(0, 1480));
    ASSERT_LE(decoding.ledger.used(Charge::fragments), Fragments::kMaxBytes);
  }
  Datagram honest(text(3000), GetParam());
  honest.identification = 50000;
  decoding.decode(honest.cut(0, 1480));
  EXPECT_EQ(decoding.decode(honest.cut(1480, 3008)), Verdict::flow) << "the oldest give way";
  EXPECT_GT(decoding.decoder.counts().fragments_dropped, 10000u);
}

TEST(Fragments4, MemoryIsGivenBack) {
  Ledger ledger(std::size_t{64} << 20);
  {
    DecodeCounts counts;
    Fragments fragments(ledger, counts);
    const Octets bytes(1480);
    for (std::uint32_t i = 0; i < 100; ++i) {
      Fragment fragment;
      fragment.identification = i;
      fragment.more = true;
      fragment.bytes = bytes;
      fragments.add(fragment, timestamp_ns(0));
    }
    EXPECT_GT(ledger.used(Charge::fragments), 100u * 1480);
  }
  EXPECT_EQ(ledger.used(Charge::fragments), 0u);
}

TEST(Fragments4, FirstCopyWins) {
  const std::string payload = text(64);
  const Datagram datagram(payload);
  Octets changed(datagram.bytes.begin() + 16, datagram.bytes.begin() + 56);
  for (std::uint8_t& byte : changed) byte = '!';
  Decoding decoding;
  decoding.decode(datagram.cut(24, 40));
  decoding.decode(datagram.cut(0, 16));
  EXPECT_EQ(decoding.decode(datagram.piece(16, changed, true)), Verdict::other);
  EXPECT_EQ(decoding.flaws("ipv4.overlapping_fragments"), 1u);
  ASSERT_EQ(decoding.decode(datagram.cut(56, 72)), Verdict::flow);
  std::string expected = payload;
  for (std::size_t i : {16u, 40u}) expected.replace(i - 8, i == 16 ? 8 : 16, i == 16 ? 8 : 16, '!');
  EXPECT_EQ(as_text(decoding.out.payload), expected);
}

// The second lies inside the first, which moves its end backwards.
TEST(Fragments4, Teardrop) {
  const Datagram datagram(text(100));
  Decoding decoding;
  EXPECT_EQ(decoding.decode(datagram.piece(0, Octets(40), true)), Verdict::other);
  EXPECT_EQ(decoding.decode(datagram.piece(24, Octets(4), false)), Verdict::other);
  EXPECT_EQ(decoding.flaws("ipv4.overlapping_fragments"), 1u);
}

TEST(Fragments4, TwoEnds) {
  const Datagram datagram(text(60));
  Decoding decoding;
  decoding.decode(datagram.piece(40, Octets(20), false));
  decoding.decode(datagram.piece(48, Octets(20), false));
  decoding.decode(datagram.piece(64, Octets(8), true));
  EXPECT_EQ(decoding.flaws("ipv4.overlapping_fragments"), 2u);
}

TEST(Fragments4, TinyFirstFragment) {
  const Octets segment = tcp_segment(TcpSpec{.payload = "GET / HTTP/1.1\r\n\r\n"});
  Decoding decoding;
  const auto send = [&](std::uint16_t units, Octets part, bool more) {
    return decoding.decode(
        ethernet(0x0800, ip({.more_fragments = more, .fragment_offset = units}, std::move(part))));
  };
  EXPECT_EQ(send(0, {segment.begin(), segment.begin() + 8}, true), Verdict::other);
  EXPECT_EQ(send(1, {segment.begin() + 8, segment.end()}, false), Verdict::flow);
  EXPECT_EQ(decoding.flaws("ipv4.tiny_fragment"), 2u);
  EXPECT_EQ(as_text(decoding.out.payload), "GET / HTTP/1.1\r\n\r\n");
}

TEST(Fragments4, ProtocolsAreApart) {
  const Datagram datagram(text(40));
  Decoding decoding;
  decoding.decode(datagram.cut(0, 16));
  const Octets rest(datagram.bytes.begin() + 16, datagram.bytes.end());
  EXPECT_EQ(decoding.decode(ethernet(
                0x0800, ip({.protocol = 6, .identification = 7, .fragment_offset = 2}, rest))),
            Verdict::other);
}

// RFC 5722 section 4: the datagram goes, with what is yet to come of it.
TEST(Fragments6, OverlapDiscardsTheDatagram) {
  const Datagram datagram(text(100), true);
  Decoding decoding;
  decoding.decode(datagram.cut(0, 40));
  EXPECT_EQ(decoding.decode(datagram.cut(32, 64)), Verdict::other);
  EXPECT_EQ(decoding.flaws("ipv6.overlapping_fragments"), 1u);
  EXPECT_EQ(decoding.decode(datagram.cut(0, 40)), Verdict::other);
  EXPECT_EQ(decoding.decode(datagram.cut(40, 108)), Verdict::other);
  EXPECT_EQ(decoding.decoder.counts().fragments_dropped, 4u);
  EXPECT_EQ(decoding.decoder.counts().datagrams_joined, 0u);
}

// RFC 6946: a whole datagram in one fragment has nothing to do with others.
TEST(Fragments6, AtomicFragmentStandsAlone) {
  const std::string payload = text(40);
  const Datagram datagram(payload, true);
  Decoding decoding;
  decoding.decode(datagram.cut(0, 16));
  ASSERT_EQ(decoding.decode(datagram.cut(0, 48)), Verdict::flow);
  EXPECT_FALSE(decoding.out.joined);
  EXPECT_EQ(as_text(decoding.out.payload), payload);
  EXPECT_EQ(decoding.decode(datagram.cut(16, 48)), Verdict::flow) << "the others go on";
}

// The outer packet is joined first, then the tunnel opened, then the inner one joined.
TEST(FragmentsInTunnels, OuterAndInner) {
  const std::string payload = text(1000);
  const Datagram inner(payload);
  Decoding decoding;
  std::vector<Octets> outer_pieces;
  for (const Octets& frame : {inner.cut(0, 504), inner.cut(504, 1008)}) {
    const Octets gre = join({from_hex("0000 6558"), frame});
    static std::uint16_t identification = 100;
    ++identification;
    for (std::size_t at = 0; at < gre.size(); at += 200) {
      const std::size_t end = std::min<std::size_t>(at + 200, gre.size());
      outer_pieces.push_back(
          ethernet(0x0800, ip({.source = "172.16.0.1",
                               .destination = "172.16.0.2",
                               .protocol = 47,
                               .identification = identification,
                               .more_fragments = end < gre.size(),
                               .fragment_offset = static_cast<std::uint16_t>(at / 8)},
                              {gre.begin() + static_cast<std::ptrdiff_t>(at),
                               gre.begin() + static_cast<std::ptrdiff_t>(end)})));
    }
  }
  std::shuffle(outer_pieces.begin(), outer_pieces.end(), std::mt19937(5));
  for (std::size_t i = 0; i < outer_pieces.size(); ++i) {
    const bool last = i + 1 == outer_pieces.size();
    EXPECT_EQ(decoding.decode(outer_pieces[i]), last ? Verdict::flow : Verdict::other);
  }
  expect_joined(decoding, payload);
  EXPECT_EQ(decoding.encapsulation().tunnel, "gre");
}

// Random cuts with duplicates and, for IPv4, overlaps of the same bytes: always the same datagram.
TEST_P(BothVersions, RandomCuts) {
  const std::string payload = text(1200);
  const Datagram datagram(payload, GetParam());
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    std::vector<Octets> frames;
    for (std::size_t at = 0; at < datagram.bytes.size();) {
      const std::size_t end = std::min(datagram.bytes.size(), at + 8 * (1 + random() % 40));
      frames.push_back(datagram.cut(at, end));
      if (random() % 4 == 0) frames.push_back(frames.back());
      const bool again = !GetParam() && end < datagram.bytes.size() && random() % 4 == 0;
      at = again ? std::max(at + 8, end - 8) : end;
    }
    std::shuffle(frames.begin(), frames.end(), random);
    Decoding decoding;
    std::uint64_t flows = 0;
    for (const Octets& frame : frames) {
      if (decoding.decode(frame) != Verdict::flow) continue;
      ++flows;
      expect_joined(decoding, payload);
    }
    ASSERT_EQ(flows, 1u) << round;
  }
}

}  // namespace
}  // namespace wirelens
