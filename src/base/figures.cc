// base/figures.cc - rounding that never shows 1000 of a smaller unit.
#include "base/figures.h"

#include <fmt/format.h>

#include <cstdlib>

namespace wirelens {
namespace {

/// One decimal below 10, none above.
std::string two_digits(double value) {
  return value < 9.95 ? fmt::format("{:.1f}", value) : fmt::format("{:.0f}", value);
}

/// "3 h 20 min", "3 h" if the smaller part is 0.
std::string two_units(std::uint64_t whole, std::string_view unit, std::uint64_t rest,
                      std::string_view smaller) {
  if (rest == 0) return fmt::format("{} {}", whole, unit);
  return fmt::format("{} {} {} {}", whole, unit, rest, smaller);
}

}  // namespace

std::string count_text(std::uint64_t count) {
  std::string digits = fmt::format("{}", count);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count_text(count), noun, count == 1 ? "" : "s");
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  constexpr std::string_view kUnits[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  for (; value >= 999.5; value /= 1000) ++unit;
  return fmt::format("{} {}", two_digits(value), kUnits[unit]);
}

std::string duration_text(Duration duration) {
  if (duration < Duration::zero()) return fmt::format("-{}", duration_text(-duration));
  const auto nanoseconds = static_cast<double>(duration.count());
  if (nanoseconds < 999.5) return fmt::format("{} ns", duration.count());
  if (nanoseconds < 999.5e3) return two_digits(nanoseconds / 1e3) + " µs";
  if (nanoseconds < 999.5e6) return two_digits(nanoseconds / 1e6) + " ms";
  const double seconds = nanoseconds / 1e9;
  if (seconds < 99.95) return fmt::format("{:.1f} s", seconds);
  if (seconds < 599.5) return fmt::format("{:.0f} s", seconds);
  const auto minutes = static_cast<std::uint64_t>(seconds / 60 + 0.5);
  if (minutes < 100) return fmt::format("{} min", minutes);
  if (minutes < 48 * 60) return two_units(minutes / 60, "h", minutes % 60, "min");
  return two_units(minutes / 1440, "d", minutes % 1440 / 60, "h");
}

std::string share_text(std::uint64_t part, std::uint64_t whole) {
  const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (part != 0 && percent < 0.005) return "<0.01 %";
  if (percent < 0.995) return fmt::format("{:.2f} %", percent);
  return two_digits(percent) + " %";
}

}  // namespace wirelens
