// cli/diff_test.cc - what is a difference, what is noise, and that a thing does not differ from
// itself.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "cli/compare.h"
#include "cli/digest.h"

namespace wirelens {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Kind = Difference::Kind;

Digest digest(const std::vector<std::string>& records) {
  Digest all;
  for (const std::string& each : records) EXPECT_FALSE(all.add(each)) << each;
  return all;
}

std::string exchange(int status, double wait, const std::string& path = "/cart") {
  return fmt::format(
      R"({{"type":"http","ts":"2026-11-20T21:00:44.000000000Z","method":"GET","host":"shop.test",)"
      R"("path":"{}","status":{},"timing":{{"wait":{}}}}})",
      path, status, wait);
}

std::string connection(const std::string& close, const std::string& name = "shop.test") {
  return fmt::format(
      R"({{"type":"connection","id":1,"server":{{"ip":"10.0.0.2","port":80}},"server_name":"{}",)"
      R"("close":"{}","protocols":["http1"],"sent":{{"packets":10,"retransmitted_packets":0}},)"
      R"("received":{{"packets":10,"retransmitted_packets":0}}}})",
      name, close);
}

std::vector<std::string> waits(std::uint32_t seed, double middle, int count = 40) {
  std::mt19937 random(seed);
  std::vector<std::string> all;
  for (int i = 0; i < count; ++i) {
    const auto share = static_cast<double>(random() % 1000) / 1000;
    all.push_back(exchange(200, middle * (0.7 + 0.6 * share)));
  }
  return all;
}

TEST(PathPattern, ForgetsWhatOnlyCounts) {
  EXPECT_EQ(path_pattern("/order/17/items?page=2"), "/order/{}/items");
  EXPECT_EQ(path_pattern("/u/550e8400-e29b-41d4-a716-446655440000"), "/u/{}");
  EXPECT_EQ(path_pattern("/v2/decade/cafe"), "/v2/decade/cafe");
  EXPECT_EQ(path_pattern("/"), "/");
  EXPECT_EQ(path_pattern(""), "");
  EXPECT_EQ(path_pattern("*"), "*");
}

TEST(Compare, NothingDiffersFromItself) {
  auto records = waits(1, 0.02);
  records.push_back(connection("fin"));
  EXPECT_THAT(compare(digest(records), digest(records)), IsEmpty());
  EXPECT_THAT(compare({}, {}), IsEmpty());
}

TEST(Compare, NoiseIsNoDifference) {
  int differing = 0;
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    differing += !compare(digest(waits(2 * seed, 0.02)), digest(waits(2 * seed + 1, 0.02))).empty();
  }
  EXPECT_LE(differing, 1);
}

TEST(Compare, SlownessIsADifferenceBothWays) {
  const Digest fast = digest(waits(1, 0.02)), slow = digest(waits(2, 0.08));
  const auto found = compare(fast, slow);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, Kind::changed);
  EXPECT_EQ(found[0].what, "GET shop.test/cart");
  EXPECT_THAT(found[0].how, HasSubstr("wait p50"));
  EXPECT_EQ(compare(slow, fast).size(), 1u);
}

TEST(Compare, FewSamplesProveNothing) {
  EXPECT_FALSE(differ({0.01, 0.01}, {0.9, 0.9}));
  EXPECT_TRUE(differ({.01, .01, .011, .012, .013, .01}, {.9, .91, .92, .93, .94, .95}));
  EXPECT_FALSE(differ({.01, .01, .01, .01, .01}, {.0101, .0101, .0101, .0101, .0101}));
}

TEST(Compare, NewTroubleCountsFromTheFirst) {
  std::vector<std::string> good(30, exchange(200, 0.01)), bad = good;
  bad.push_back(exchange(502, 0.01));
  const auto found = compare(digest(good), digest(bad));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].how, "200 ×30 → 200 ×30, 502 ×1");
  std::vector<std::string> cached = good;
  cached.push_back(exchange(304, 0.01));
  EXPECT_THAT(compare(digest(good), digest(cached)), IsEmpty()) << "a 304 among thirty is no news";
}

TEST(Compare, AppearedAndVanished) {
  const std::string finding =
      R"({"type":"finding","rule":"tcp.syn_flood","severity":"high","title":"SYN flood",)"
      R"("subject":"10.0.0.2:80"})";
  const auto found = compare(digest({connection("fin", "old.test")}),
                             digest({connection("fin", "new.test"), finding}));
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].section, "Findings");
  EXPECT_EQ(found[0].kind, Kind::appeared);
  EXPECT_THAT(found[0].what, HasSubstr("tcp.syn_flood"));
  EXPECT_EQ(found[1].what, "new.test");
  EXPECT_EQ(found[2].kind, Kind::vanished);
}

TEST(Compare, TlsPropertiesChange) {
  const auto tls = [](const std::string& version) {
    return R"({"type":"tls","server_name":"a.test","version":")" + version + R"("})";
  };
  const auto found = compare(digest({tls("1.3")}), digest({tls("1.2")}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].how, "version 1.3 → 1.2");
}

TEST(Digest, RefusesWhatIsNoRecord) {
  Digest all;
  for (const char* line : {"", "x", "[]", "{}", "{\"type\":", "17"}) EXPECT_TRUE(all.add(line));
  // Fields of other types than the contract's are as good as absent.
  EXPECT_FALSE(all.add(R"({"type":"http","status":"x","timing":[],"path":7})"));
  EXPECT_FALSE(all.add(R"({"type":"connection","server":7,"interim":false})"));
}

}  // namespace
}  // namespace wirelens
