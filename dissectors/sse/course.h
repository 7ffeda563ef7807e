// sse/course.h - how a stream of events went, for the rules: what its record does not say.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

#include "event/event.h"
#include "event/stamp.h"

namespace wirelens::sse {

/// Told at the end of a stream, in front of its record.
struct Course {
  static constexpr std::string_view kName = "sse_course";
  static constexpr std::string_view kAbout = "How a stream of server-sent events went.";
  static constexpr bool kInternal = true;

  std::optional<std::uint64_t> stream;  ///< of HTTP/2
  std::optional<std::string_view> host;
  std::optional<std::string_view> path;  ///< with its query
  bool asked_by_get = false;
  bool has_ids = false;
  bool complete = false;  ///< the response came to its end
  std::uint64_t events = 0;
  std::uint64_t lines = 0;  ///< events and heartbeats
  std::uint64_t heartbeats = 0;
  Stamp began;  ///< the response's head
  Stamp ended;
  Duration longest_silence{};  ///< without event or heartbeat, also before the end
  Stamp silence_after;         ///< what came before it
  bool silent_at_end = false;
  std::uint64_t torn = 0;  ///< events that stopped for long in the middle of a line
  std::uint64_t torn_packet = 0;
  std::uint64_t bursts = 0;  ///< several events at once behind a silence
  std::uint64_t burst_events = 0;
  std::uint64_t burst_packet = 0;  ///< of the first one
  Duration held{};                 ///< the silences in front of bursts
  Duration longest_held{};

  static constexpr auto fields() {
    return std::tuple(field("host", &Course::host, "authority of the request"),
                      field("path", &Course::path, "request target"));
  }
};

/// Follows the times at which events come.
class Rhythm {
 public:
  /// A silence of that length in front of at least kBurst events within kAtOnce: they were held
  /// back together, or made together.
  static constexpr Duration kSilence = std::chrono::seconds(2);
  static constexpr Duration kAtOnce = std::chrono::milliseconds(50);
  static constexpr std::uint64_t kBurst = 3;
  /// TCP resends within this, as a rule.
  static constexpr Duration kTorn = std::chrono::seconds(1);

  void begin(const Stamp& head) { last_ = head; }
  void event(const Stamp& first, const Stamp& last, Duration torn, Course& course) {
    if (torn >= kTorn && course.torn++ == 0) course.torn_packet = last.packet;
    const Duration pause = last.time - last_.time;
    if (pause > kAtOnce) {
      count_ = 0;
      // What was torn began with the burst before, and came to its end with this one.
      silence_ = pause >= kSilence ? pause : Duration::zero();
    }
    last_ = last;
    if (silence_ == Duration::zero()) return;
    if (++count_ == kBurst) {
      if (course.bursts++ == 0) course.burst_packet = first.packet;
      course.burst_events += kBurst;
      course.held += silence_;
      course.longest_held = std::max(course.longest_held, silence_);
    } else if (count_ > kBurst) {
      ++course.burst_events;
    }
  }

 private:
  Stamp last_;
  Duration silence_{};
  std::uint64_t count_ = 0;
};

}  // namespace wirelens::sse
