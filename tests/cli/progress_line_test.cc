// cli/progress_line_test.cc - what matters most comes first, and no line is wider than its
// terminal.
#include "cli/progress_line.h"

#include <gtest/gtest.h>

#include "report/wire_text.h"

namespace wirelens {
namespace {

constexpr Progress kSome{1'234'567, 20'000'000, 80'000'000};

TEST(ProgressText, SaysHowFarAndHowLong) {
  EXPECT_EQ(progress_text(kSome, 5, "", 79),
            " 25 % · 15 s left · 246,913 packets/s · 20 MB of 80 MB");
  EXPECT_EQ(progress_text(kSome, 400, "drawing", 79),
            " 25 % · drawing · 20 min left · 3,086 packets/s · 20 MB of 80 MB");
  EXPECT_EQ(progress_text({9, 80, 80}, 1, "", 79), "100 % · ending · 9 packets/s · 80 B of 80 B");
}

TEST(ProgressText, OfAPipeNobodyKnowsTheEnd) {
  EXPECT_EQ(progress_text({1000, 64'000, std::nullopt}, 2, "", 79),
            "1,000 packets · 2 s · 500 packets/s · 64 kB");
  EXPECT_EQ(progress_text({0, 0, 100}, 0, "", 79), "0 packets · 0 s · 0 packets/s · 0 B");
}

TEST(ProgressText, WhatIsLeastMissedGoesFirst) {
  EXPECT_EQ(progress_text(kSome, 5, "", 39), " 25 % · 15 s left · 246,913 packets/s");
  EXPECT_EQ(progress_text(kSome, 5, "drawing", 39), " 25 % · drawing · 15 s left");
  for (std::size_t columns = 1; columns < 90; ++columns) {
    EXPECT_LE(display_width(progress_text(kSome, 5, "drawing", columns)), columns);
  }
}

}  // namespace
}  // namespace wirelens
