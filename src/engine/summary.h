// engine/summary.h - the first and the last record of a run.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "capture/source.h"
#include "engine/worker.h"
#include "event/event.h"

namespace wirelens {

/// Writes the `capture` record. `first` is the first packet, if there is one; interfaces that are
/// described later in the input are not named.
void write_begin(const Source& source, const Packet* first, EventSink& sink);

/// Writes the `capture_end` record from what the workers and their source counted.
void write_end(const Source& source, std::span<const std::unique_ptr<Worker>> workers,
               EventSink& sink);

}  // namespace wirelens
