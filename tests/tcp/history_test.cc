// tcp/history_test.cc - Zeek's letters and words.
#include "tcp/history.h"

#include <gtest/gtest.h>

namespace wirelens::tcp {
namespace {

constexpr Direction kClient = Direction::from_client, kServer = Direction::from_server;

TEST(History, WritesClientsInCapitals) {
  History history;
  EXPECT_TRUE(history.add('s', kClient));
  EXPECT_TRUE(history.add('h', kServer));
  EXPECT_TRUE(history.add('a', kClient));
  EXPECT_EQ(history.text(), "ShA");
  history.flip();
  EXPECT_EQ(history.text(), "^sHa");
}

TEST(History, IsFullAfterTwelve) {
  History history;
  for (int i = 0; i < 12; ++i) EXPECT_TRUE(history.add('q', kServer));
  EXPECT_FALSE(history.add('d', kServer));
  EXPECT_EQ(history.text(), std::string(12, 'q'));
}

TEST(History, CountsByPowersOfTen) {
  std::string counts;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    if (worth_a_letter(i)) counts += std::to_string(i) + " ";
  }
  EXPECT_EQ(counts, "1 10 100 1000 ");
}

TEST(ConnState, FollowsZeeksOrder) {
  using enum ZeekState;
  EXPECT_EQ(conn_state(syn_sent, inactive, true, "S"), "S0");
  EXPECT_EQ(conn_state(established, established, false, "ShAd"), "S1");
  EXPECT_EQ(conn_state(closed, established, false, "ShAF"), "S2");
  EXPECT_EQ(conn_state(established, closed, false, "ShAf"), "S3");
  EXPECT_EQ(conn_state(closed, closed, false, "ShAFf"), "SF");
  EXPECT_EQ(conn_state(syn_sent, reset, true, "Sr"), "REJ");
  EXPECT_EQ(conn_state(reset, reset, true, "ShRr"), "REJ");
  EXPECT_EQ(conn_state(established, reset, false, "ShADr"), "RSTR");
  EXPECT_EQ(conn_state(inactive, reset, true, "hr"), "RSTRH");
  EXPECT_EQ(conn_state(reset, established, false, "ShAR"), "RSTO");
  EXPECT_EQ(conn_state(reset, inactive, true, "SR"), "RSTOS0");
  EXPECT_EQ(conn_state(reset, inactive, true, "R"), "OTH");
  EXPECT_EQ(conn_state(closed, inactive, true, "SF"), "SH");
  EXPECT_EQ(conn_state(inactive, closed, true, "hf"), "SHR");
  EXPECT_EQ(conn_state(partial, partial, false, "Dd"), "OTH");
}

}  // namespace
}  // namespace wirelens::tcp
