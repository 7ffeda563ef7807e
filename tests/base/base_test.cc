// Bytes, time, hash and ledger.
#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/ledger.h"
#include "base/time.h"

namespace wirelens {
namespace {

TEST(ByteReader, ReadsNetworkOrder) {
  const std::uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  ByteReader in(bytes);
  EXPECT_EQ(in.u8(), 1);
  EXPECT_EQ(in.u16(), 0x0203);
  EXPECT_EQ(in.u24(), 0x040506u);
  EXPECT_EQ(in.u32(), 0x0708090au);
  EXPECT_TRUE(in.done());
}

TEST(ByteReader, FailureIsForGood) {
  const std::uint8_t bytes[] = {1, 2, 3};
  ByteReader in(bytes);
  EXPECT_EQ(in.u32(), 0u);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0);
  EXPECT_TRUE(in.take(1).empty());
  EXPECT_FALSE(in.done());
}

TEST(Time, Rfc3339) {
  EXPECT_EQ(to_rfc3339(timestamp_ns(0)), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(to_rfc3339(timestamp_ns(1'795'208'444'000'000'001)), "2026-11-20T21:00:44.000000001Z");
  EXPECT_EQ(to_rfc3339(timestamp_ns(-1)), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(to_rfc3339(timestamp_ns(951'782'400'000'000'000)), "2000-02-29T00:00:00.000000000Z");
}

// Key 00 01 .. 0f; inputs of no byte and of the byte 00: published SipHash-1-3 values.
TEST(Hash, PublishedValues) {
  const HashKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  const std::uint8_t zero[] = {0};
  EXPECT_EQ(siphash13(key, {}), 0xabac0158050fc4dcu);
  EXPECT_EQ(siphash13(key, zero), 0xc9f49bf37d57ca93u);
}

TEST(Hash, WordsAreTheSameHash) {
  const HashKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  std::array<std::uint8_t, 16> bytes{};
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  EXPECT_EQ(siphash13_words(key, std::uint64_t{16} << 56, load_le64(bytes.data()),
                            load_le64(bytes.data() + 8)),
            siphash13(key, bytes));
}

TEST(Hash, DependsOnEveryByteAndOnTheKey) {
  std::array<std::uint8_t, 44> bytes{};
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  const HashKey key{1, 2};
  const std::uint64_t whole = siphash13(key, bytes);
  EXPECT_EQ(whole, siphash13(key, bytes));
  EXPECT_NE(whole, siphash13(HashKey{1, 3}, bytes));
  for (std::uint8_t& byte : bytes) {
    byte ^= 0x80;
    EXPECT_NE(whole, siphash13(key, bytes));
    byte ^= 0x80;
  }
  EXPECT_NE(siphash13(key, Bytes(bytes).first(43)), whole);
}

TEST(Hash, RandomKeysDiffer) {
  const HashKey a = HashKey::random(), b = HashKey::random();
  EXPECT_TRUE(a.low != b.low || a.high != b.high);
}

TEST(Ledger, RefusesPastCapAndLimitAndCounts) {
  Ledger ledger(100);
  ledger.cap(Charge::reassembly, 40);
  EXPECT_TRUE(ledger.take(Charge::reassembly, 40));
  EXPECT_FALSE(ledger.take(Charge::reassembly, 1));
  EXPECT_TRUE(ledger.take(Charge::flows, 60));
  EXPECT_FALSE(ledger.take(Charge::carry, 1));
  EXPECT_EQ(ledger.refused(Charge::reassembly), 1u);
  EXPECT_EQ(ledger.refused(Charge::carry), 1u);
  ledger.force(Charge::carry, 10);
  EXPECT_EQ(ledger.total(), 110u);
  EXPECT_FALSE(ledger.take(Charge::carry, 0) && ledger.pressed() == false);
  ledger.give(Charge::carry, 10);
  ledger.give(Charge::flows, 60);
  ledger.give(Charge::reassembly, 40);
  EXPECT_EQ(ledger.total(), 0u);
  EXPECT_EQ(ledger.peak(), 110u);
}

TEST(Ledger, ChargedResourceBooksAndReturns) {
  Ledger ledger(1000);
  ChargedResource resource(ledger, Charge::carry, *std::pmr::new_delete_resource());
  void* at = resource.allocate(128, 8);
  EXPECT_EQ(ledger.used(Charge::carry), 128u);
  resource.deallocate(at, 128, 8);
  EXPECT_EQ(ledger.used(Charge::carry), 0u);
}

}  // namespace
}  // namespace wirelens
