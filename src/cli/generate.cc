// cli/generate.cc - wirelens generate: the man page and the shells' completion.
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/manual.h"

namespace wirelens {

ExitStatus generate(Arguments arguments) {
  auto what = parse_generate(arguments);
  if (!what) {
    complain(what.error().message);
    return kUsage;
  }
  if (*what == "man") return print(manual(WIRELENS_VERSION));
  return print(*what == "bash" ? bash_completion() : zsh_completion());
}

}  // namespace wirelens
