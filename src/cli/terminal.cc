// cli/terminal.cc - asks the kernel and the environment.
#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "cli/values.h"

namespace wirelens {

unsigned columns_of(int descriptor) {
  constexpr unsigned kLeast = 40, kMost = 400, kUsual = 80;
  winsize size{};
  if (isatty(descriptor) != 0 && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return std::clamp<unsigned>(size.ws_col, kLeast, kMost);
  }
  const char* columns = std::getenv("COLUMNS");
  const auto count = parse_count(columns != nullptr ? columns : "", 1, 100'000);
  return count ? std::clamp(static_cast<unsigned>(*count), kLeast, kMost) : kUsual;
}

bool takes_colour(int descriptor) {
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  const char* term = std::getenv("TERM");
  return isatty(descriptor) != 0 && term != nullptr && std::string_view(term) != "dumb";
}

}  // namespace wirelens
