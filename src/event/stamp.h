// event/stamp.h - where in the capture something was seen.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace wirelens {

/// A packet's number (from 1 over the input) and its time as captured.
struct Stamp {
  std::uint64_t packet = 0;
  Timestamp time{};
};

}  // namespace wirelens
