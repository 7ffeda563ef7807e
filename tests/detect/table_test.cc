// Bounded tables, sketches and evidence.
#include "detect/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "detect/distinct.h"
#include "detect/evidence.h"
#include "detect/firsts.h"

namespace wirelens::detect {
namespace {

struct Count {
  std::uint64_t count = 0;
  std::uint64_t weight() const { return count; }
};

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
