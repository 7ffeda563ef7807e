// base/work.h - counts the steps of loops over hostile input, so that slowness fails a fuzz run
// too.
#pragma once

#include <cstdint>

namespace wirelens {

#ifdef WIRELENS_COUNT_WORK
/// What this thread has done so far. Only in fuzz builds.
inline thread_local std::uint64_t work_done = 0;
inline void work(std::uint64_t steps = 1) {
  work_done += steps;
}
#else
inline void work(std::uint64_t = 1) {}
#endif

}  // namespace wirelens
