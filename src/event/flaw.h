// event/flaw.h - a fault in traffic: a fact to report, not an error of ours.
#pragma once

#include <cstdint>
#include <string_view>

namespace wirelens {

/// What is wrong and which rule says so. Flaws are constants beside the code that finds them:
///   inline constexpr Flaw kOverlapConflict{"tcp.overlap_conflict", "RFC 9293 3.10.7.4"};
/// A name never holds bytes from the wire.
struct Flaw {
  std::string_view name;  ///< "layer.what_is_wrong"
  std::string_view rule;  ///< where the rule stands: an RFC and its section, or "snaplen"
};

}  // namespace wirelens
