// all.h - every protocol that wirelens dissects.
#pragma once

#include <span>

namespace wirelens {

struct Protocol;
namespace detect {
struct Rule;
}

/// One line a protocol in all.cc; the program hands the list to the engine.
std::span<const Protocol* const> all_protocols();

/// The catalogue of findings: core_rules() and those of every protocol.
std::span<const detect::Rule* const> all_rules();

}  // namespace wirelens
