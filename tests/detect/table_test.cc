// Bounded tables, sketches and evidence.
#include "detect/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "detect/distinct.h"
#include "detect/evidence.h"
#include "detect/firsts.h"
#include "detect/rate.h"

namespace wirelens::detect {
namespace {

struct Count {
  std::uint64_t count = 0;
  std::uint64_t weight() const { return count; }
};

TEST(Digest, IsThatOfItsBytes) {
  const auto of_bytes = [](const auto& value) {
    const auto* at = reinterpret_cast<const std::uint8_t*>(&value);
    return Digest().add(Bytes(at, sizeof value)).value();
  };
  std::mt19937_64 random(3);
  for (int round = 0; round < 100; ++round) {
    Peers peers;
    for (std::uint8_t& byte : peers.client.address) byte = static_cast<std::uint8_t>(random());
    peers.server.port = static_cast<std::uint16_t>(random());
    const std::uint64_t number = random();
    EXPECT_EQ(digest_of(peers), of_bytes(peers));
    EXPECT_EQ(digest_of(number), of_bytes(number));
    for (const PeerAddress& end : {peers.client, peers.client, peers.server}) {
      EXPECT_EQ(digest_of(end), of_bytes(end));
    }
    EXPECT_EQ(pair_of(peers).digest, of_bytes(Peers{peers.client.host(), peers.server}));
  }
}

TEST(Table, KeepsTheHeavyAndItsBound) {
  Table<std::string, Count> table(8);
  for (int i = 0; i < 100; ++i) ++table.at("heavy").count;
  for (int i = 0; i < 10'000; ++i) {
    ++table.at("light " + std::to_string(i)).count;
    ASSERT_LE(table.size(), 8u);
  }
  EXPECT_EQ(*table.heaviest().front().first, "heavy");
  EXPECT_EQ(table.heaviest().front().second->count, 100u);
  EXPECT_GT(table.dropped(), 9'000u);
}

TEST(Table, OrdersEqualsByKey) {
  Table<std::string, Count> table(8);
  for (const char* name : {"b", "c", "a"}) ++table.at(name).count;
  std::string order;
  for (const auto& [key, value] : table.heaviest()) order += *key;
  EXPECT_EQ(order, "abc");
}

TEST(Table, CutsLongNames) {
  Table<std::string, Count> table(8);
  ++table.at(std::string(5'000, 'x')).count;
  EXPECT_EQ(table.heaviest().front().first->size(), 256u);
}

TEST(Table, DropsTheSameWhateverTheHashSeed) {
  Table<std::uint64_t, Count> table(8);
  for (std::uint64_t key = 1; key <= 9; ++key) table.at(key).count = 1;
  EXPECT_EQ(table.size(), 5u);  // four of eight, and the ninth
  for (const auto& [key, value] : table.heaviest()) EXPECT_TRUE(*key <= 4 || *key == 9) << *key;
}

TEST(Table, FindsWhatIsThereAndNothingElse) {
  Table<std::uint64_t, Count> table(256);
  std::map<std::uint64_t, std::uint64_t> expected;
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t key = random() % 300;
    const Count* found = table.find(key);
    const auto known = expected.find(key);
    ASSERT_EQ(found != nullptr, known != expected.end()) << key;
    if (found != nullptr) {
      ASSERT_EQ(found->count, known->second) << key;
    }
    if (random() % 3 == 0 || expected.size() == 255) {
      table.erase(key);
      expected.erase(key);
    } else {
      ASSERT_EQ(++table.at(key).count, ++expected[key]) << key;
    }
    ASSERT_EQ(table.size(), expected.size());
  }
  EXPECT_EQ(table.dropped(), 0u);
}

TEST(Table, FindsAllThatWereNotDropped) {
  Table<std::string, Count> table(64);
  for (std::uint64_t i = 1; i <= 1'000; ++i) table.at(std::to_string(i)).count = i;
  const auto kept = table.heaviest();
  ASSERT_EQ(kept.size(), table.size());
  for (const auto& [key, value] : kept) {
    EXPECT_EQ(*key, std::to_string(value->count));
    EXPECT_EQ(table.find(*key), value) << *key;
  }
}

TEST(Rate, TellsTheBusiestSecondInAnyOrder) {
  Rate rate;
  for (const std::int64_t tenth : {5'000, 5'001, 5'020, 5'002, 5'021, 5'022, 5'023}) {
    rate.add(timestamp_ns(tenth * 100'000'000));
  }
  EXPECT_EQ(rate.peak(), 4u);
  EXPECT_EQ(rate.total(), 7u);
  rate.add(timestamp_ns(0));  // too old for its second
  EXPECT_EQ(rate.peak(), 4u);
  EXPECT_EQ(rate.total(), 8u);
}

TEST(Firsts, RemembersUntilAnotherComesToThePlace) {
  Firsts<int> firsts;
  EXPECT_EQ(firsts.find(7), nullptr);
  firsts.leave(7, 70);
  ASSERT_NE(firsts.find(7), nullptr);
  EXPECT_EQ(*firsts.find(7), 70);
  EXPECT_EQ(firsts.find(7 + Firsts<int>::kPlaces), nullptr) << "the same place, another's";
  firsts.leave(7 + Firsts<int>::kPlaces, 71);
  EXPECT_EQ(firsts.find(7), nullptr);
  firsts.forget(7);
  EXPECT_NE(firsts.find(7 + Firsts<int>::kPlaces), nullptr) << "forgot what was another's";
  firsts.forget(7 + Firsts<int>::kPlaces);
  EXPECT_EQ(firsts.find(7 + Firsts<int>::kPlaces), nullptr);
}

TEST(Distinct, IsExactForFewAndCloseForMany) {
  Distinct counter;
  for (std::uint64_t i = 0; i < 20; ++i) {
    counter.add(i);
    counter.add(i);
  }
  EXPECT_EQ(counter.count(), 20u);
  for (std::uint64_t i = 0; i < 1'000'000; ++i) counter.add(i);
  EXPECT_NEAR(static_cast<double>(counter.count()), 1e6, 1e5);
}

TEST(Evidence, ShowsAFewAndCountsAll) {
  Evidence evidence;
  for (std::uint64_t i = 1; i <= 100; ++i) evidence.add(i % 30, 1000 - i, timestamp_ns(50));
  EXPECT_EQ(evidence.packets().size(), 20u);
  EXPECT_THAT(evidence.packets(),
              testing::WhenSorted(testing::ElementsAreArray(evidence.packets())));
  EXPECT_EQ(evidence.packets_total(), 100u);
  EXPECT_EQ(evidence.connections().size(), 20u);
  EXPECT_EQ(evidence.connections_total(), 30u);
}

}  // namespace
}  // namespace wirelens::detect
