// cli/completion.h - what completes wirelens's command lines, made from the grammar.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wirelens {

/// What may stand where the grammar names a value or an operand.
struct Completion {
  bool files = false;                ///< a file; of FORMAT=PATH: what follows the =
  bool interfaces = false;           ///< a network interface of this machine
  std::vector<std::string> words{};  ///< those that begin with one of them end in = or : and go on
};

/// std::nullopt: the grammar uses a name of which nobody has said what it stands for.
std::optional<Completion> completion_of(std::string_view value);

std::string bash_completion();
std::string zsh_completion();

}  // namespace wirelens
