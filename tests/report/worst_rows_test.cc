// report/worst_rows_test.cc - the heaviest stay, in the order in which they came.
#include "report/worst_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "event/exchange.h"
#include "event/records.h"
#include "support/packed_rows.h"

namespace wirelens {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;

constexpr Timestamp kStart = timestamp_ns(1'795'208'444'000'000'000);

class WorstRowsTest : public testing::Test {
 protected:
  void offer(WorstRows& rows, std::uint64_t weight, std::string_view path = "/") {
    Exchange exchange;
    exchange.path = path;
    rows.offer(weight, Event(kStart + Duration(next_), next_, exchange));
    ++next_;
  }
  std::vector<std::uint64_t> kept(WorstRows& rows) {
    PackedTable table(kStart);
    rows.move_into(table);
    std::vector<std::uint64_t> ids;
    for (const json& chunk : packed_chunks(table)) {
      for (const json& id : chunk["c"]["conn"]) ids.push_back(id.get<std::uint64_t>());
    }
    return ids;
  }
  std::uint64_t next_ = 0;
};

TEST_F(WorstRowsTest, TheHeaviestInOrder) {
  WorstRows rows(3, 1 << 20);
  for (const std::uint64_t weight : {5u, 0u, 9u, 1u, 7u, 9u, 2u}) offer(rows, weight);
  EXPECT_EQ(rows.left_out(), 4u);
  EXPECT_THAT(kept(rows), ElementsAre(2, 4, 5));
}

TEST_F(WorstRowsTest, OfEqualsTheFirst) {
  WorstRows rows(2, 1 << 20);
  for (int i = 0; i < 9; ++i) offer(rows, 4);
  EXPECT_THAT(kept(rows), ElementsAre(0, 1));
}

TEST_F(WorstRowsTest, WhatWeighsNothingIsLeftOut) {
  WorstRows rows(2, 1 << 20);
  offer(rows, 0);
  EXPECT_EQ(rows.left_out(), 1u);
  EXPECT_TRUE(kept(rows).empty());
}

TEST_F(WorstRowsTest, LargeRowsMakeRoom) {
  const std::string large(1 << 12, 'a');
  WorstRows rows(1000, 1 << 15);
  for (std::uint64_t i = 1; i <= 100; ++i) offer(rows, i, large);
  const auto ids = kept(rows);
  EXPECT_LT(ids.size(), 10u);
  EXPECT_EQ(ids.back(), 99u) << "the heaviest is there";
  EXPECT_EQ(ids.size() + rows.left_out(), 100u);
}

TEST_F(WorstRowsTest, GrowingAndShuffledWeights) {
  std::mt19937 random(7);
  std::vector<std::uint64_t> weights(500);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = i + 1;
  for (int round = 0; round < 2; ++round) {
    WorstRows rows(20, 1 << 20);
    next_ = 0;
    for (const std::uint64_t weight : weights) offer(rows, weight);
    for (const std::uint64_t id : kept(rows)) EXPECT_GT(weights[id], 480u);
    std::shuffle(weights.begin(), weights.end(), random);
  }
}

/// Lists, objects, every kind of value: what is told again is what was told.
TEST_F(WorstRowsTest, ARecordIsToldAsItWas) {
  const std::string_view protocols[] = {"tls", "http2"};
  Connection record;
  record.client = {"10.0.0.1", 40'000};
  record.protocols = protocols;
  record.duration = 1500ms;
  record.sent.rtt = RoundTrip{1ms, 2ms, 3ms, 4};
  const HeaderField headers[] = {{"Host", "a.test"}, {"Accept", "\xFF\"<"}};
  Exchange exchange;
  exchange.request_headers = headers;
  exchange.complete = true;
  const Event events[] = {Event(kStart + 5ms, 3, record), Event(kStart + 6ms, 4, exchange)};
  for (const Event& event : events) {
    PackedTable direct(kStart);
    direct.add(event);
    WorstRows rows(1, 1 << 20);
    rows.offer(1, event);
    PackedTable again(kStart);
    rows.move_into(again);
    EXPECT_EQ(packed_chunks(direct), packed_chunks(again));
  }
}

}  // namespace
}  // namespace wirelens
