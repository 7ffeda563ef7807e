// cli/commands.h - the commands: what each does is in the file of its name.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/options.h"
#include "cli/status.h"

namespace wirelens {

struct Command {
  const Grammar* grammar;
  ExitStatus (*run)(Arguments arguments);
};

ExitStatus analyze(Arguments arguments);
ExitStatus live(Arguments arguments);
ExitStatus follow(Arguments arguments);
ExitStatus rules(Arguments arguments);
ExitStatus diff(Arguments arguments);
ExitStatus schema(Arguments arguments);
ExitStatus interfaces(Arguments arguments);
ExitStatus generate(Arguments arguments);

/// The program: `arguments` without its own name.
ExitStatus run_command(Arguments arguments);

/// Writes to standard output; kOutputFailed and a complaint if that cannot be done.
ExitStatus print(std::string_view text);

}  // namespace wirelens
