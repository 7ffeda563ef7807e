// cli/analyze.cc - wirelens analyze: savefiles.
#include "cli/analysis.h"
#include "cli/commands.h"
#include "cli/stop.h"

namespace wirelens {

ExitStatus analyze(Arguments arguments) {
  auto options = parse_analyze(arguments);
  if (!options) {
    complain(options.error().message);
    return kUsage;
  }
  const OpenOptions how{
      .filter = options->run.filter, .use_libpcap = options->use_libpcap, .stop = &stop_flag()};
  const std::vector<std::string>& files = options->files;
  return analyse(
      options->run, [&] { return open_savefiles(files, how); }, false);
}

}  // namespace wirelens
