// cli/status.h - what the program ends with, and how it says why. The contract, section 1.
#pragma once

#include <string_view>

namespace wirelens {

enum ExitStatus : int {
  kDone = 0,
  kFound = 1,              ///< findings at or above --fail-on
  kDiffers = 1,            ///< diff: there are differences
  kUsage = 2,              ///< wrong usage
  kInputFailed = 3,        ///< an input could not be read, or was damaged
  kOutputFailed = 4,       ///< an output could not be written
  kInterrupted = 130,      ///< by SIGINT or SIGTERM, with complete output for what was seen
  kReaderLeft = 128 + 13,  ///< the reader of a pipe closed it (as if SIGPIPE had ended us)
};

/// "wirelens: message" on standard error, one line.
void complain(std::string_view message);

}  // namespace wirelens
