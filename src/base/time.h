// base/time.h - packet time: the only time that analysis knows.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace wirelens {

using Duration = std::chrono::nanoseconds;

/// A clock without now(): only packets tell the time. Counts nanoseconds since 1970-01-01 UTC,
/// which reaches from the year 1678 to 2262.
struct PacketClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = Duration;
  using time_point = std::chrono::time_point<PacketClock, Duration>;
  static constexpr bool is_steady = false;
};
using Timestamp = PacketClock::time_point;

constexpr Timestamp timestamp_ns(std::int64_t nanoseconds) {
  return Timestamp(Duration(nanoseconds));
}
constexpr double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// The longest text that format_rfc3339 writes: a sign, a year, "-11-20T21:00:44.123456789Z".
inline constexpr std::size_t kMaxRfc3339 = 40;

/// RFC 3339 in UTC with nine decimals, "2026-11-20T21:00:44.000000001Z", written to `out`
/// (kMaxRfc3339 bytes). Returns its length.
std::size_t format_rfc3339(Timestamp time, char* out);
std::string to_rfc3339(Timestamp time);

}  // namespace wirelens
