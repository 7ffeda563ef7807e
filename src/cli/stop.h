// cli/stop.h - SIGINT and SIGTERM: the first asks the run to end in good order, the second ends the
// program at once.
#pragma once

#include <atomic>

namespace wirelens {

/// Begins to listen for the signals.
void watch_signals();

/// Set when the run shall end: by a signal, or by whoever has nowhere left to write to.
std::atomic<bool>& stop_flag();

/// Whether a signal came.
bool interrupted();

}  // namespace wirelens
