// cli/progress_line.cc - percent, time left, packets a second, bytes.
#include "cli/progress_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <vector>

#include "base/figures.h"
#include "cli/terminal.h"
#include "report/wire_text.h"

namespace wirelens {
namespace {

/// "7 s", "12 min": as exact as an estimate is.
std::string time_text(double seconds) {
  if (seconds < 100) return fmt::format("{:.0f} s", std::ceil(seconds));
  if (seconds < 6000) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.0f} h", seconds / 3600);
}

}  // namespace

void ProgressLine::update(const Progress& progress) {
  constexpr auto kPause = std::chrono::milliseconds(100);
  if (!shown_) return;
  const auto now = Clock::now();
  if (now < due_ + kPause) return;
  due_ = now;
  const std::string text =
      progress_text(progress, std::chrono::duration<double>(now - stage_began_).count(), what_,
                    columns_of(STDERR_FILENO) - 1);
  const std::string line = "\r" + text + "\x1b[K";
  std::fwrite(line.data(), 1, line.size(), stderr);
  drawn_ = true;
}

void ProgressLine::stage(std::string_view what) {
  what_ = what;
  stage_began_ = Clock::now();
  due_ = stage_began_;
}

std::string progress_text(const Progress& progress, double seconds, std::string_view what,
                          std::size_t columns) {
  const double rate = seconds > 0 ? static_cast<double>(progress.packets) / seconds : 0;
  const std::string speed =
      fmt::format("{} packets/s", count_text(static_cast<std::uint64_t>(rate)));
  // Where the terminal is narrow, what comes last here goes first.
  std::vector<std::string> pieces;
  if (!progress.bytes_total || *progress.bytes_total == 0 || progress.bytes_read == 0) {
    pieces = {counted(progress.packets, "packet"), time_text(seconds), speed,
              bytes_text(progress.bytes_read)};
  } else {
    const double done = std::min(
        1.0, static_cast<double>(progress.bytes_read) / static_cast<double>(*progress.bytes_total));
    pieces = {fmt::format("{:3.0f} %", 100 * done),
              done < 0.995 ? time_text(seconds * (1 - done) / done) + " left" : "ending", speed,
              fmt::format("{} of {}", bytes_text(progress.bytes_read),
                          bytes_text(*progress.bytes_total))};
  }
  if (!what.empty()) pieces.insert(pieces.begin() + 1, std::string(what));
  while (pieces.size() > 1 &&
         display_width(fmt::format("{}", fmt::join(pieces, " · "))) > columns) {
    pieces.pop_back();
  }
  return cut_middle(fmt::format("{}", fmt::join(pieces, " · ")), columns);
}

void ProgressLine::clear() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

Duration ProgressLine::elapsed() const {
  return std::chrono::duration_cast<Duration>(Clock::now() - began_);
}

}  // namespace wirelens
