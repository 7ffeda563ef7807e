// cli/analysis.h - what analyze and live do alike: one run from a source to its outputs.
#pragma once

#include "cli/options.h"
#include "cli/status.h"

namespace wirelens {

/// Runs and writes; complains itself. `live`: the source is an interface, and a signal is a normal
/// end.
ExitStatus analyse(const RunOptions& options, const SourceOpener& open, bool live);

}  // namespace wirelens
