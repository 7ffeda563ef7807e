// sse/course.h: bursts behind silences, and events that are torn.
#include <gtest/gtest.h>

#include "sse/course.h"
#include "sse/event_stream.h"

namespace wirelens::sse {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Stamp at(std::uint64_t packet, int milli) {
  return {packet, Timestamp(milliseconds(1'000'000 + milli))};
}

TEST(Rhythm, CountsSeveralAtOnceBehindASilence) {
  Course course;
  Rhythm rhythm;
  rhythm.begin(at(1, 0));
  for (int load = 1; load <= 3; ++load) {
    for (int i = 0; i < 5; ++i) {
      const auto packet = static_cast<std::uint64_t>(load * 10 + i);
      rhythm.event(at(packet, load * 4000 + i), at(packet, load * 4000 + i), {}, course);
    }
  }
  EXPECT_EQ(course.bursts, 3u);
  EXPECT_EQ(course.burst_events, 15u);
  EXPECT_EQ(course.burst_packet, 12u) << "the third makes it a burst";
  EXPECT_EQ(course.held, milliseconds(3996 + 3996 + 4000));
  EXPECT_EQ(course.torn, 0u);
}

TEST(Rhythm, TakesASteadyStreamForWhatItIs) {
  Course course;
  Rhythm rhythm;
  rhythm.begin(at(1, 0));
  for (int i = 0; i < 100; ++i) rhythm.event(at(2, i * 200), at(2, i * 200), {}, course);
  rhythm.event(at(3, 60'000), at(3, 60'000), {}, course);
  EXPECT_EQ(course.bursts, 0u);
}

class Heard final : public StreamListener {
 public:
  void event(const Dispatched& event) override { torn.push_back(event.torn); }
  void heartbeat(const Stamp&) override {}
  std::vector<Duration> torn;
};

Bytes bytes(std::string_view text) {
  return Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

TEST(EventStream, KnowsThePauseInTheMiddleOfALine) {
  Heard heard;
  EventStream stream(heard);
  stream.feed(bytes("data: one\n\ndata: tw"), at(1, 0));
  stream.feed(bytes("o\n\ndata: three\n"), at(2, 3000));
  stream.feed(bytes("\n"), at(3, 9000));
  ASSERT_EQ(heard.torn.size(), 3u);
  EXPECT_EQ(heard.torn[0], Duration::zero());
  EXPECT_EQ(heard.torn[1], seconds(3));
  EXPECT_EQ(heard.torn[2], Duration::zero()) << "whoever ends a line may think before the next";
}

TEST(EventStream, BlamesNobodyForAPauseThatTheCaptureMissed) {
  Heard heard;
  EventStream stream(heard);
  stream.feed(bytes("data: one\n\ndata: tw"), at(1, 0));
  stream.lost();
  stream.feed(bytes("o\ndata: x\n\n"), at(2, 3000));
  for (const Duration torn : heard.torn) EXPECT_EQ(torn, Duration::zero());
}

}  // namespace
}  // namespace wirelens::sse
