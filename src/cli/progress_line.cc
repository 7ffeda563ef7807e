// cli/progress_line.cc - percent, bytes, packets a second, time left.
#include "cli/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/figures.h"
#include "cli/terminal.h"
#include "report/wire_text.h"

namespace wirelens {

void ProgressLine::update(const Progress& progress) {
  constexpr auto kPause = std::chrono::milliseconds(100);
  if (!shown_) return;
  const auto now = Clock::now();
  if (now < due_ + kPause) return;
  due_ = now;
  const double seconds = std::chrono::duration<double>(now - began_).count();
  const std::string text = cut_middle(text_of(progress, seconds), columns_of(STDERR_FILENO) - 1);
  const std::string line = "\r" + text + "\x1b[K";
  std::fwrite(line.data(), 1, line.size(), stderr);
  drawn_ = true;
}

std::string ProgressLine::text_of(const Progress& progress, double seconds) const {
  const double rate = seconds > 0 ? static_cast<double>(progress.packets) / seconds : 0;
  const std::string packets = fmt::format("{}, {}/s", counted(progress.packets, "packet"),
                                          count_text(static_cast<std::uint64_t>(rate)));
  if (!progress.bytes_total || *progress.bytes_total == 0 || progress.bytes_read == 0) {
    return fmt::format("{}, {}, {:.0f} s", bytes_text(progress.bytes_read), packets, seconds);
  }
  const double done = std::min(
      1.0, static_cast<double>(progress.bytes_read) / static_cast<double>(*progress.bytes_total));
  const double left = seconds * (1 - done) / done;
  return fmt::format("{:3.0f} %  {} of {}, {}, {:.0f} s left", 100 * done,
                     bytes_text(progress.bytes_read), bytes_text(*progress.bytes_total), packets,
                     left);
}

void ProgressLine::clear() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

Duration ProgressLine::elapsed() const {
  return std::chrono::duration_cast<Duration>(Clock::now() - began_);
}

}  // namespace wirelens
