// cli/analysis.h - what analyze and live do alike: one run from a source to its outputs.
#pragma once

#include "cli/options.h"
#include "cli/status.h"
#include "report/report.h"

namespace wirelens {

/// Runs and writes; complains itself. `live`: the source is an interface, and a signal is a normal
/// end.
ExitStatus analyse(const RunOptions& options, const SourceOpener& open, bool live);

/// What a report may know of the terminal behind standard output.
ReportOptions report_options(const RunOptions& options, bool live);

/// Remarks and damage of a run on standard error.
void say_troubles(const RunOptions& options, const RunResult& result);

}  // namespace wirelens
