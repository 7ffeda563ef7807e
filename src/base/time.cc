// base/time.cc - calendar arithmetic for RFC 3339.
#include "base/time.h"

namespace wirelens {
namespace {

/// Writes `value` with exactly `width` digits.
void digits(char* out, std::uint64_t value, int width) {
  for (int i = width - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

}  // namespace

std::size_t format_rfc3339(Timestamp time, char* out) {
  using namespace std::chrono;
  const auto days = floor<std::chrono::days>(time.time_since_epoch());
  const year_month_day date{sys_days(days)};
  const auto in_day = time.time_since_epoch() - days;
  const auto second =
      static_cast<std::uint64_t>(duration_cast<std::chrono::seconds>(in_day).count());
  digits(out, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  out[4] = '-';
  digits(out + 5, static_cast<unsigned>(date.month()), 2);
  out[7] = '-';
  digits(out + 8, static_cast<unsigned>(date.day()), 2);
  out[10] = 'T';
  digits(out + 11, second / 3600, 2);
  out[13] = ':';
  digits(out + 14, second / 60 % 60, 2);
  out[16] = ':';
  digits(out + 17, second % 60, 2);
  out[19] = '.';
  digits(out + 20, static_cast<std::uint64_t>(in_day.count() % 1'000'000'000), 9);
  out[29] = 'Z';
  return 30;
}

std::string to_rfc3339(Timestamp time) {
  char text[kMaxRfc3339];
  return {text, format_rfc3339(time, text)};
}

}  // namespace wirelens
