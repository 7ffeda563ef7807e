// The index and the slab against what the standard library would say.
#include "flow/flow_index.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "flow/slab.h"

namespace wirelens {
namespace {

FlowHandle tcp(std::uint32_t number) {
  return FlowHandle::of(FlowHandle::Kind::tcp, number);
}

TEST(FlowHandle, KeepsKindAndNumber) {
  const FlowHandle handle = FlowHandle::of(FlowHandle::Kind::udp, 12345);
  EXPECT_EQ(handle.kind(), FlowHandle::Kind::udp);
  EXPECT_EQ(handle.number(), 12345u);
  EXPECT_TRUE(handle);
  EXPECT_FALSE(FlowHandle{});
}

TEST(FlowIndex, BehavesLikeAMap) {
  Ledger ledger(1u << 30);
  std::map<std::uint32_t, std::uint32_t> truth;  // number -> hash; hashes collide on purpose
  {
    FlowIndex index(ledger);
    std::mt19937 random(7);
    for (int step = 0; step < 40'000; ++step) {
      const auto number = static_cast<std::uint32_t>(random() % 5000);
      const std::uint32_t hash = (number % 700) * 0x01000001u;
      const FlowHandle found =
          index.find(hash, [&](FlowHandle handle) { return handle == tcp(number); });
      ASSERT_EQ(static_cast<bool>(found), truth.contains(number));
      if (found) {
        index.erase(hash, found);
        truth.erase(number);
      } else {
        index.insert(hash, tcp(number));
        truth.emplace(number, hash);
      }
      ASSERT_EQ(index.size(), truth.size());
    }
    for (const auto& [number, hash] : truth) {
      EXPECT_TRUE(
          index.find(hash, [number = number](FlowHandle handle) { return handle == tcp(number); }));
    }
    EXPECT_GT(ledger.used(Charge::flows), 0u);
  }
  EXPECT_EQ(ledger.total(), 0u);
}

TEST(FlowIndex, EraseClosesTheHoleAcrossTheEnd) {
  Ledger ledger(1u << 20);
  FlowIndex index(ledger);
  // 1024 places: these begin at the last one and run over the end.
  for (std::uint32_t number = 0; number < 8; ++number) index.insert(1023, tcp(number));
  index.erase(1023, tcp(0));
  for (std::uint32_t number = 1; number < 8; ++number) {
    EXPECT_TRUE(index.find(1023, [&](FlowHandle handle) { return handle == tcp(number); }));
  }
  EXPECT_FALSE(index.find(1023, [&](FlowHandle handle) { return handle == tcp(0); }));
}

using Numbers = Slab<std::uint64_t, std::uint32_t>;

TEST(Slab, RecordsStayWhereTheyAreAndAreUsedAgain) {
  Ledger ledger(1u << 20);
  {
    Numbers slab(ledger, Charge::flows, *std::pmr::new_delete_resource());
    std::vector<std::uint64_t*> places;
    for (std::uint64_t i = 0; i < 300; ++i) places.push_back(&slab.at(slab.make(i)));
    for (std::uint64_t i = 0; i < 300; ++i) EXPECT_EQ(*places[i], i);
    slab.free(17);
    slab.free(200);
    EXPECT_FALSE(slab.alive(17));
    EXPECT_EQ(slab.make(1u), 200u);
    EXPECT_EQ(slab.make(2u), 17u);
    EXPECT_EQ(slab.used(), 300u);
  }
  EXPECT_EQ(ledger.total(), 0u);
}

TEST(Slab, WhatLiesBesideARecordStaysAndBeginsAnew) {
  Ledger ledger(1u << 20);
  Numbers slab(ledger, Charge::flows, *std::pmr::new_delete_resource());
  for (std::uint32_t i = 0; i < 300; ++i) {
    const Numbers::Number number = slab.make(i);
    EXPECT_EQ(slab.beside(number), 0u);
    slab.beside(number) = 1000 + i;
  }
  for (std::uint32_t i = 0; i < 300; ++i) EXPECT_EQ(slab.beside(i), 1000 + i);
  slab.free(17);
  ASSERT_EQ(slab.make(5u), 17u);
  EXPECT_EQ(slab.beside(17), 0u);
  EXPECT_EQ(slab.at(16), 16u);
}

TEST(Slab, SaysWhenTheLedgerRefuses) {
  Ledger ledger(1000);
  Numbers slab(ledger, Charge::flows,
               *std::pmr::new_delete_resource());  // 768 bytes a chunk of 64
  for (int i = 0; i < 64; ++i) ASSERT_NE(slab.make(0u), Numbers::kNone);
  EXPECT_FALSE(slab.has_room());
  EXPECT_EQ(slab.make(0u), Numbers::kNone);
  EXPECT_EQ(ledger.refused(Charge::flows), 1u);
}

}  // namespace
}  // namespace wirelens
