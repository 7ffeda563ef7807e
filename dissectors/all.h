// all.h - every protocol that wirelens dissects.
#pragma once

#include <span>

namespace wirelens {

struct Protocol;

/// One line a protocol in all.cc; the program hands the list to the engine.
std::span<const Protocol* const> all_protocols();

}  // namespace wirelens
