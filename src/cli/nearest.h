// cli/nearest.h - what a mistyped word was meant to be.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wirelens {

/// The word of `words` that takes the fewest typing mistakes (a letter too many, too few, wrong, or
/// swapped with its neighbour) to become `typed`; none if it shares less than a third with any.
std::optional<std::string_view> nearest(std::string_view typed,
                                        std::span<const std::string_view> words);

}  // namespace wirelens
