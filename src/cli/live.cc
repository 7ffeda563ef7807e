// cli/live.cc - wirelens live: an interface.
#include "cli/analysis.h"
#include "cli/commands.h"
#include "cli/stop.h"

namespace wirelens {

ExitStatus live(Arguments arguments) {
  auto options = parse_live(arguments);
  if (!options) {
    complain(options.error().message);
    return kUsage;
  }
  options->live.stop = &stop_flag();
  // Opened before the outputs: a log of yesterday is not replaced by nothing.
  auto source = open_live(options->live);
  if (!source) {
    complain(source.error().message);
    return kInputFailed;
  }
  const auto hand_over = [&]() -> Result<std::unique_ptr<Source>> {
    if (*source == nullptr) return Error{"an interface is read once"};
    return std::move(*source);
  };
  return analyse(options->run, hand_over, true);
}

}  // namespace wirelens
