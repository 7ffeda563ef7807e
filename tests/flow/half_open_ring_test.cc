// Bare SYNs: order, dead places, the cap.
#include "flow/half_open_ring.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace wirelens {
namespace {

tcp::HalfOpen entry(std::uint64_t packet) {
  tcp::HalfOpen made;
  made.first_packet(packet);
  made.id(packet * 3);
  made.time = static_cast<std::int64_t>(packet);
  return made;
}

TEST(HalfOpen, NumbersOf40Bits) {
  tcp::HalfOpen made;
  made.first_packet(0xff'1234'5678);
  made.id(0xfe'8765'4321);
  EXPECT_EQ(made.first_packet(), 0xff'1234'5678u);
  EXPECT_EQ(made.id(), 0xfe'8765'4321u);
}

TEST(HalfOpenRing, BehavesLikeAQueueWithHoles) {
  Ledger ledger(1u << 20);
  ledger.cap(Charge::half_open, 4 * 256 * 64);
  {
    HalfOpenRing ring(ledger);
    std::deque<std::pair<HalfOpenRing::Number, std::uint64_t>> truth;
    std::mt19937 random(3);
    for (std::uint64_t packet = 1; packet < 20'000; ++packet) {
      while (ring.full()) {
        ASSERT_EQ(ring.oldest(), truth.front().first);
        ring.kill(ring.oldest());
        truth.pop_front();
      }
      truth.emplace_back(ring.add(entry(packet)), packet);
      if (random() % 3 == 0) {
        const auto one = truth.begin() + static_cast<std::ptrdiff_t>(random() % truth.size());
        ASSERT_EQ(ring.at(one->first).first_packet(), one->second);
        ring.kill(one->first);
        truth.erase(one);
      }
      ASSERT_EQ(ring.used(), truth.size());
    }
    auto expected = truth.begin();
    ring.each_until([&](HalfOpenRing::Number number) {
      EXPECT_EQ(number, (expected++)->first);
      return true;
    });
    EXPECT_EQ(expected, truth.end());
    EXPECT_LE(ledger.used(Charge::half_open), 4u * 256 * 64);
  }
  EXPECT_EQ(ledger.total(), 0u);
}

}  // namespace
}  // namespace wirelens
