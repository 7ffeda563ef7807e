// cli/analysis.cc - outputs open first, then the input; what was seen is written whatever ended it.
#include "cli/analysis.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "all.h"
#include "base/figures.h"
#include "cli/outputs.h"
#include "cli/progress_line.h"
#include "cli/stop.h"
#include "cli/terminal.h"

namespace wirelens {
namespace {

void say_speed(const RunResult& result, Duration elapsed) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double rate = static_cast<double>(result.packets) / std::max(seconds(elapsed), 1e-9);
  complain(fmt::format("{} in {}, {} a second, {} of memory at most",
                       counted(result.packets, "packet"), duration_text(elapsed),
                       count_text(static_cast<std::uint64_t>(rate)),
                       bytes_text(static_cast<std::uint64_t>(usage.ru_maxrss) * 1024)));
}

}  // namespace

ReportOptions report_options(const RunOptions& options, bool live) {
  return {.colour = takes_colour(STDOUT_FILENO),
          .width = columns_of(STDOUT_FILENO),
          .bodies = options.engine.bodies,
          .live = live};
}

void say_troubles(const RunOptions& options, const RunResult& result) {
  if (!options.quiet) {
    for (const std::string& remark : result.remarks) complain(remark);
  }
  for (const Damage& damage : result.damages) {
    complain(fmt::format("{}: damaged at byte {}: {}", damage.file, damage.offset, damage.reason));
  }
}

ExitStatus analyse(const RunOptions& options, const SourceOpener& open, bool live) {
  auto outputs = Outputs::open(options.writes, report_options(options, live));
  if (!outputs) {
    complain(outputs.error().message);
    return kOutputFailed;
  }
  EngineOptions engine = options.engine;
  engine.protocols = all_protocols();
  engine.rules = all_rules();
  engine.live = live;
  ProgressLine line(!options.quiet && isatty(STDERR_FILENO) != 0);
  RunControl control;
  control.stop = &stop_flag();
  control.progress = [&](const Progress& progress) { line.update(progress); };
  if (live) {
    control.idle = [&] {
      (*outputs)->flush();
      return !stop_flag();
    };
  }
  auto result = run(open, engine, control, **outputs);
  const Duration elapsed = line.elapsed();
  line.clear();
  if (!result) {
    complain(result.error().message);
    return kInputFailed;
  }
  (*outputs)->finish();
  say_troubles(options, *result);
  if (options.verbose) say_speed(*result, elapsed);
  if ((*outputs)->status() != kDone) return (*outputs)->status();
  if (interrupted() && !live) return kInterrupted;
  if (!result->damages.empty()) return kInputFailed;
  const auto gravest = (*outputs)->gravest();
  return options.fail_on && gravest && *gravest >= *options.fail_on ? kFound : kDone;
}

}  // namespace wirelens
