// flow/timeline_test.cc - nothing is lost when steps become longer, and workers agree on them.
#include "flow/timeline.h"

#include <gtest/gtest.h>

#include <numeric>

namespace wirelens {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kStart = timestamp_ns(1'700'000'000'000'000'000);

std::uint64_t packets(const Timeline& timeline) {
  const auto& steps = timeline.steps();
  return std::accumulate(steps.begin(), steps.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& step) { return sum + step.packets; });
}

TEST(Timeline, CountsWhereTimeStands) {
  Timeline timeline;
  timeline.packet(kStart, 100);
  timeline.opened();
  timeline.packet(kStart + 2500us, 50);
  timeline.resent(2);
  timeline.reset();
  ASSERT_EQ(timeline.steps().size(), 3u);
  EXPECT_EQ(timeline.step(), 1ms);
  EXPECT_EQ(timeline.steps()[0].bytes, 100u);
  EXPECT_EQ(timeline.steps()[0].opened, 1u);
  EXPECT_EQ(timeline.steps()[2].resent, 2u);
  EXPECT_EQ(timeline.steps()[2].resets, 1u);
}

TEST(Timeline, StepsGrowAndKeepTheirCounts) {
  Timeline timeline;
  Timestamp now = kStart;
  std::uint64_t count = 0;
  for (Duration pause = 1us; pause < 400h; pause = pause * 3 / 2 + 1us) {
    timeline.packet(now, 10);
    timeline.opened();
    now += pause;
    ++count;
    EXPECT_LE(timeline.steps().size(), Timeline::kMostSteps);
  }
  EXPECT_EQ(packets(timeline), count);
  EXPECT_GT(timeline.step(), 1min);
}

TEST(Timeline, JoinsWhatWorkersKnow) {
  Timeline first, second;
  for (Timeline* each : {&first, &second}) {
    for (int i = 0; i < 3000; ++i) {
      each->packet(kStart + i * 1ms, 1);
      if ((each == &first) == (i % 2 == 0)) each->opened();
    }
  }
  first.join(second);
  EXPECT_EQ(packets(first), 3000u) << "both saw all packets";
  std::uint64_t opened = 0;
  for (const auto& step : first.steps()) opened += step.opened;
  EXPECT_EQ(opened, 3000u);
}

}  // namespace
}  // namespace wirelens
