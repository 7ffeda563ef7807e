// capture/merge.h - several sources as one timeline.
#pragma once

#include <memory>
#include <vector>

#include "capture/source.h"

namespace wirelens {

/// Packets of all `sources` (at least one) in the order of their packet time, ties in the order of
/// the sources, numbered from 1 over all. Interfaces are those of all sources. Within a source the
/// order stays: packet time never goes back. One that breaks does not stop the others. `damages`:
/// of inputs that could not even be opened.
std::unique_ptr<Source> merged(std::vector<std::unique_ptr<Source>> sources,
                               std::vector<Damage> damages);

}  // namespace wirelens
