// cli/manual.h - the man page, made from the grammar.
#pragma once

#include <string>
#include <string_view>

namespace wirelens {

/// The page of section 1, in the macros of man(7).
std::string manual(std::string_view version);

}  // namespace wirelens
