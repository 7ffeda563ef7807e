// The wheel against a sorted list, over calm and jumping time.
#include "flow/timer_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace wirelens {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Wheel {
  std::vector<TimerLink> links = std::vector<TimerLink>(1000);
  struct At {
    std::vector<TimerLink>* links;
    TimerLink& operator()(std::uint32_t number) const { return (*links)[number]; }
  };
  TimerWheel<At> wheel{At{&links}};
};

constexpr Timestamp kStart = timestamp_ns(1'700'000'000'000'000'000);

/// Advances to `now` and gives what fell due; what came early is armed again, as the flow table
/// does.
std::vector<std::uint32_t> due(Wheel& w, std::map<std::uint32_t, Timestamp>& armed, Timestamp now) {
  std::vector<std::uint32_t> fired, out;
  w.wheel.advance(now, out);
  for (const std::uint32_t number : out) {
    if (armed.at(number) <= now) {
      fired.push_back(number);
      armed.erase(number);
    } else {
      w.wheel.arm(number, armed.at(number));
    }
  }
  return fired;
}

TEST(TimerWheel, FiresWithinATickAndNeverEarly) {
  std::mt19937_64 random(1);
  for (const Duration step : {Duration(milliseconds(5)), Duration(seconds(1)),
                              Duration(seconds(40)), Duration(hours(2)), Duration(hours(100))}) {
    Wheel w;
    std::map<std::uint32_t, Timestamp> armed;
    Timestamp now = kStart;
    due(w, armed, now);
    for (int round = 0; round < 2000; ++round) {
      const auto number = static_cast<std::uint32_t>(random() % 1000);
      const Duration ahead(static_cast<std::int64_t>(random() % 40) * step.count() / 10);
      armed[number] = now + ahead;
      w.wheel.arm(number, now + ahead);
      if (random() % 4 == 0) {
        const auto other = static_cast<std::uint32_t>(random() % 1000);
        w.wheel.disarm(other);
        armed.erase(other);
      }
      const Timestamp before = now;
      now +=
          Duration(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(step.count())));
      for (const std::uint32_t fired : due(w, armed, now)) (void)fired;
      for (const auto& [left, when] : armed) {
        // Whoever is late by more than a tick was missed.
        ASSERT_GT(when, before - milliseconds(135)) << left;
      }
    }
  }
}

TEST(TimerWheel, EarlierDeadlineIsSeen) {
  Wheel w;
  std::vector<std::uint32_t> out;
  w.wheel.advance(kStart, out);
  EXPECT_TRUE(w.wheel.later_than(3, kStart + seconds(1)));
  w.wheel.arm(3, kStart + hours(1));
  EXPECT_TRUE(w.wheel.later_than(3, kStart + seconds(1)));
  EXPECT_FALSE(w.wheel.later_than(3, kStart + hours(2)));
}

TEST(TimerWheel, AYearAheadIsNotForgotten) {
  Wheel w;
  std::map<std::uint32_t, Timestamp> armed{{1, kStart + hours(24 * 365)}};
  due(w, armed, kStart);
  w.wheel.arm(1, armed.at(1));
  for (int day = 1; day < 365; ++day) ASSERT_TRUE(due(w, armed, kStart + hours(24 * day)).empty());
  EXPECT_EQ(due(w, armed, kStart + hours(24 * 366)).size(), 1u);
}

}  // namespace
}  // namespace wirelens
