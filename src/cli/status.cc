// cli/status.cc - the one place that writes errors.
#include "cli/status.h"

#include <cstdio>
#include <string>

#include "report/wire_text.h"

namespace wirelens {

void complain(std::string_view message) {
  const std::string line = "wirelens: " + printable(message) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace wirelens
