// tcp/reassembly_test.cc - held segments against a naive reassembler, their bounds and their cost.
#include "tcp/reassembly.h"

#include <gtest/gtest.h>

#include <random>

#include "support/conversation.h"

namespace wirelens {
namespace {

using namespace std::chrono_literals;

class Ignore final : public tcp::Held::ConflictListener {
 public:
  void conflict(Bytes, Bytes) override { ++count; }
  std::size_t count = 0;
};

tcp::Chunk chunk(tcp::Offset begin, std::string_view text) {
  return {begin, static_cast<std::uint32_t>(text.size()), as_bytes(text), {}, 0, 0, false};
}

void empty(tcp::Held& held, Ledger& ledger) {
  while (!held.empty()) held.pop(ledger);
  EXPECT_EQ(ledger.total(), 0u);
  EXPECT_EQ(held.booked(), 0u);
  EXPECT_EQ(held.runs(), 0u);
}

TEST(Held, CountsRunsNotPieces) {
  Ledger ledger(1 << 22);
  tcp::Held held(*std::pmr::new_delete_resource());
  Ignore ignore;
  const std::string text(300, 'a');
  EXPECT_TRUE(held.insert(chunk(1000, text), ledger, ignore));
  EXPECT_TRUE(held.insert(chunk(2000, text), ledger, ignore));
  EXPECT_EQ(held.runs(), 2u);
  EXPECT_TRUE(held.insert(chunk(1300, std::string(700, 'b')), ledger, ignore));
  EXPECT_EQ(held.runs(), 1u);
  EXPECT_EQ(held.known(0, 5000), 1300u);
  EXPECT_EQ(held.known(1100, 1200), 100u);
  EXPECT_EQ(ignore.count, 0u);
  empty(held, ledger);
}

TEST(Held, EveryPartKeepsItsPacket) {
  Ledger ledger(1 << 22);
  tcp::Held held(*std::pmr::new_delete_resource());
  Ignore ignore;
  const auto from = [](std::uint64_t packet, tcp::Offset begin, std::string_view text) {
    tcp::Chunk made = chunk(begin, text);
    made.stamp.packet = packet;
    return made;
  };
  for (const auto& each : {from(7, 104, "EF"), from(8, 100, "AB"), from(9, 102, "CD"),
                           from(10, 103, "dEFG"), from(11, 99, "0")}) {
    EXPECT_TRUE(held.insert(each, ledger, ignore));
  }
  EXPECT_EQ(ignore.count, 1u);
  std::string told;
  while (!held.empty()) {
    held.sort_front();
    for (std::size_t i = 0; i < held.front_parts(); ++i) {
      const tcp::Chunk part = held.front_part(i);
      told += std::to_string(part.begin) + " " + std::string(as_text(part.bytes)) + " of " +
              std::to_string(part.stamp.packet) + "; ";
    }
    held.pop(ledger);
  }
  EXPECT_EQ(told, "99 0 of 11; 100 AB of 8; 102 CD of 9; 104 EF of 7; 106 G of 10; ");
  empty(held, ledger);
}

TEST(Held, NeighboursShareAMarkWhereThereAreTooMany) {
  for (const bool reversed : {false, true}) {
    Ledger ledger(1 << 22);
    tcp::Held held(*std::pmr::new_delete_resource());
    Ignore ignore;
    for (std::uint64_t i = 0; i < 40; ++i) {
      tcp::Chunk each = chunk(static_cast<tcp::Offset>(reversed ? 139 - i : 100 + i), "x");
      each.stamp.packet = i + 1;
      EXPECT_TRUE(held.insert(each, ledger, ignore));
    }
    held.sort_front();
    EXPECT_EQ(held.front_parts(), tcp::Held::kMaxMarks);
    const tcp::Chunk shared = held.front_part(reversed ? 0 : tcp::Held::kMaxMarks - 1);
    EXPECT_EQ(shared.stamp.packet, 40u);
    EXPECT_EQ(shared.length, 9u);
    empty(held, ledger);
  }
}

TEST(Held, RefusesBeyondItsCaps) {
  Ledger ledger(1 << 26);
  tcp::Held held(*std::pmr::new_delete_resource());
  Ignore ignore;
  for (int i = 0; i < 512; ++i) ASSERT_TRUE(held.insert(chunk(10 + 2 * i, "x"), ledger, ignore));
  EXPECT_FALSE(held.insert(chunk(5000, "x"), ledger, ignore));
  EXPECT_TRUE(held.insert(chunk(11, "y"), ledger, ignore));  // it joins two runs
  empty(held, ledger);
  const std::string large(60'000, 'z');
  tcp::Offset at = 10;
  while (held.insert(chunk(at, large), ledger, ignore)) at += 60'000;
  EXPECT_LE(held.booked(), tcp::Held::kMaxBytes);
  EXPECT_GT(at, 900'000);
  empty(held, ledger);
}

TEST(Held, GivesWayWhenTheLedgerIsFull) {
  Dialogue talk;
  talk.ledger().cap(Charge::reassembly, 4000);
  talk.handshake();
  for (int i = 0; i < 50; ++i) {
    talk.say(kClient, {.at = 100 + i * 200, .payload = std::string(150, 'x'), .after = 10us});
  }
  talk.finish();
  EXPECT_EQ(talk.sent(kClient).bytes, 50u * 150u);
  EXPECT_EQ(talk.sent(kClient).missing_bytes, 100u + 49u * 50u);
  EXPECT_GT(talk.ledger().refused(Charge::reassembly), 0u);
}

/// Work for n segments of one byte, placed by `place`, behind a hole.
std::uint64_t work_for(std::int64_t n, const auto& place) {
  Ledger ledger(1 << 30);
  tcp::Held held(*std::pmr::new_delete_resource());
  Ignore ignore;
  for (std::int64_t i = 0; i < n; ++i) {
    while (!held.insert(chunk(place(i, n), "x"), ledger, ignore)) held.pop(ledger);
  }
  const std::uint64_t steps = held.steps();
  while (!held.empty()) held.pop(ledger);
  return steps;
}

TEST(Held, CostsGrowWithTheInputOnly) {
  const auto reversed = [](std::int64_t i, std::int64_t n) { return n - i; };
  const auto forward = [](std::int64_t i, std::int64_t) { return i + 1; };
  const auto every_second = [](std::int64_t i, std::int64_t) { return 2 * i + 1; };
  const auto scattered = [](std::int64_t i, std::int64_t n) { return (i * 7919) % (4 * n) + 1; };
  const auto linear = [](const auto& place) {
    const std::uint64_t once = work_for(20'000, place);
    const std::uint64_t twice = work_for(40'000, place);
    EXPECT_LE(static_cast<double>(twice), 2.3 * static_cast<double>(once));
    EXPECT_LE(once, 20'000u * 4);
  };
  linear(reversed);
  linear(forward);
  linear(every_second);
  linear(scattered);
}

// ---- a whole connection against the simplest reassembler that can be right ----------------------

struct Piece {
  std::int64_t at;
  std::string bytes;
};

/// Cuts `text` into pieces of random sizes.
std::vector<Piece> cut(const std::string& text, std::mt19937& random) {
  std::vector<Piece> pieces;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = 1 + random() % 40;
    pieces.push_back({static_cast<std::int64_t>(at), text.substr(at, size)});
    at += size;
  }
  return pieces;
}

std::string random_text(std::size_t size, std::mt19937& random) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + random() % 26);
  return text;
}

void say_all(Dialogue& talk, const std::vector<Piece>& pieces) {
  for (const Piece& piece : pieces) {
    talk.say(kClient, {.at = piece.at, .payload = piece.bytes, .after = 20us});
  }
}

TEST(Stream, EveryCutIntoThree) {
  const std::string text = "GET / HTTP/1.1\r\n\r\n";
  for (std::size_t a = 1; a < text.size(); ++a) {
    for (std::size_t b = a; b < text.size(); ++b) {
      const std::vector<Piece> parts = {{0, text.substr(0, a)},
                                        {static_cast<std::int64_t>(a), text.substr(a, b - a)},
                                        {static_cast<std::int64_t>(b), text.substr(b)}};
      for (const auto& order : {std::array{0, 1, 2}, std::array{0, 2, 1}, std::array{1, 0, 2},
                                std::array{1, 2, 0}, std::array{2, 0, 1}, std::array{2, 1, 0}}) {
        Dialogue talk;
        talk.handshake();
        for (const int i : order) say_all(talk, {parts[static_cast<std::size_t>(i)]});
        ASSERT_EQ(talk.heard(kClient), text) << a << " " << b;
        ASSERT_EQ(talk.flaws(), 0u);
      }
    }
  }
}

TEST(Stream, ReorderedDuplicatedResentAndWrapped) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const std::string text = random_text(2000 + random() % 3000, random);
    std::vector<Piece> pieces = cut(text, random);
    for (std::size_t i = 0; i < pieces.size(); ++i) {  // within 64 segments
      const std::size_t other = i + random() % 64;
      if (other < pieces.size()) std::swap(pieces[i], pieces[other]);
    }
    for (int again = 0; again < 30; ++again) {  // identical copies, cut in another way
      const std::size_t from = random() % text.size();
      const auto where = pieces.begin() + static_cast<std::ptrdiff_t>(random() % pieces.size());
      pieces.insert(where, {static_cast<std::int64_t>(from), text.substr(from, 1 + random() % 90)});
    }
    Dialogue talk(seed % 2 == 0 ? 999 : 0xffff'fa00u);
    talk.handshake();
    say_all(talk, pieces);
    ASSERT_EQ(talk.heard(kClient), text) << seed;
    ASSERT_FALSE(talk.flawed("tcp.overlap_conflict")) << seed;
    talk.finish();
    ASSERT_EQ(talk.ledger().total(), 0u);
  }
}

TEST(Stream, LostAndResent) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 random(seed);
    const std::string text = random_text(4000, random);
    std::vector<Piece> sent;
    std::vector<Piece> lost;
    for (Piece& piece : cut(text, random)) (random() % 10 == 0 ? lost : sent).push_back(piece);
    Dialogue talk;
    talk.handshake();
    say_all(talk, sent);
    talk.pass(300ms);
    say_all(talk, lost);
    ASSERT_EQ(talk.heard(kClient), text) << seed;
  }
}

TEST(Stream, InOrderBytesAreNotCopied) {
  Dialogue talk;
  talk.handshake();
  talk.keep = false;
  const std::string block(1400, 'x');
  talk.say(kServer, {.payload = block});
  talk.say(kClient, {.ack = 1400});
  const std::size_t used = talk.ledger().total();
  for (std::int64_t i = 1; i < 10'000; ++i) {
    talk.say(kServer, {.at = i * 1400, .payload = block, .after = 1ms});
    talk.say(kClient, {.ack = (i + 1) * 1400});
    if (i > 100) {
      ASSERT_LE(talk.ledger().total(), used + 8192);
    }
  }
  EXPECT_EQ(talk.ledger().used(Charge::reassembly), 0u);
  EXPECT_EQ(talk.slices, 10'000u);
}

}  // namespace
}  // namespace wirelens
