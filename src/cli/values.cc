// cli/values.cc - strict: what is not wholly understood is refused.
#include "cli/values.h"

#include <charconv>

namespace wirelens {
namespace {

/// A plain decimal number at the front of `text`; `rest` gets what follows.
std::optional<double> leading_number(std::string_view text, std::string_view& rest) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  const bool digit_first = !text.empty() && text[0] >= '0' && text[0] <= '9';
  if (error != std::errc() || !digit_first) return std::nullopt;
  rest = {stop, static_cast<std::size_t>(end - stop)};
  return value;
}

}  // namespace

std::optional<std::uint64_t> parse_count(std::string_view text, std::uint64_t least,
                                         std::uint64_t most) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < least || value > most) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::string_view unit;
  const auto number = leading_number(text, unit);
  if (!number) return std::nullopt;
  double factor = 1;
  if (!unit.empty() && unit != "B") {
    const std::size_t power = std::string_view("KMGTkmgt").find(unit[0]);
    const std::string_view tail = unit.substr(1);
    if (power == std::string_view::npos || !(tail.empty() || tail == "B" || tail == "iB")) {
      return std::nullopt;
    }
    for (std::size_t i = 0; i <= power % 4; ++i) factor *= 1024;
  }
  const double bytes = *number * factor;
  if (bytes < 1 || bytes >= 9.2e18) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

std::optional<double> parse_number(std::string_view text) {
  std::string_view rest;
  const auto number = leading_number(text, rest);
  if (!number || !rest.empty() || *number > 1e15) return std::nullopt;
  return number;
}

std::optional<Duration> parse_seconds(std::string_view text, bool zero) {
  std::string_view rest;
  const auto number = leading_number(text, rest);
  constexpr double kTenYears = 3652.0 * 86400;
  if (!number || !rest.empty() || *number > kTenYears) return std::nullopt;
  const Duration duration(static_cast<std::int64_t>(*number * 1e9 + 0.5));
  if (duration == Duration::zero() && !zero) return std::nullopt;
  return duration;
}

}  // namespace wirelens
