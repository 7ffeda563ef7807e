// http2/incident.h and http2/window.h: what is worth a rule's attention.
#include "http2/incident.h"

#include <gtest/gtest.h>

#include "http2/window.h"

namespace wirelens::http2 {
namespace {

using std::chrono::milliseconds;

Timestamp at(int milli) {
  return Timestamp(milliseconds(1'000'000 + milli));
}

TEST(Busy, TellsOfASecondWithManyFrames) {
  Busy busy;
  for (int i = 0; i < 30; ++i) {
    EXPECT_FALSE(busy.note({static_cast<std::uint64_t>(i + 1), at(i * 10)}));
  }
  const auto second = busy.note({50, at(1200)});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->count, 30u);
  EXPECT_EQ(second->at.packet, 1u);
  EXPECT_EQ(second->duration, milliseconds(290));
  EXPECT_FALSE(busy.end()) << "one frame is not many";
}

TEST(Busy, SaysNothingOfFewHoweverLong) {
  Busy busy;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(busy.note({static_cast<std::uint64_t>(i + 1), at(i * 100)}));
  }
  EXPECT_FALSE(busy.end());
}

TEST(Busy, BearsAClockThatGoesBack) {
  Busy busy;
  for (int i = 0; i < 25; ++i) {
    EXPECT_FALSE(busy.note({static_cast<std::uint64_t>(i + 1), at(500)}));
  }
  const auto before = busy.note({26, at(100)});
  ASSERT_TRUE(before);
  EXPECT_EQ(before->count, 25u);
}

TEST(Window, AnswersTheStallThatDataEnds) {
  Stalls stalls;
  Window window(1000);
  EXPECT_FALSE(window.sent(1000, at(0), milliseconds(100), stalls));
  EXPECT_EQ(window.shut_since(), at(0));
  window.change(500, at(40));
  EXPECT_FALSE(window.shut_since());
  EXPECT_EQ(window.sent(500, at(41), milliseconds(100), stalls), milliseconds(40));
  EXPECT_EQ(window.shut_since(), at(41));
  window.lose();
  EXPECT_FALSE(window.shut_since());
}

TEST(Window, AnswersNoStallWhereNothingWaited) {
  Stalls stalls;
  Window window(1000);
  EXPECT_FALSE(window.sent(1000, at(0), milliseconds(100), stalls));
  window.change(500, at(40));
  EXPECT_FALSE(window.sent(500, at(900), milliseconds(100), stalls)) << "it had nothing to send";
  EXPECT_EQ(stalls.count, 0u);
}

}  // namespace
}  // namespace wirelens::http2
