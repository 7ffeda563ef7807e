// cli/compare.h - two digests side by side: what appeared, what vanished, what changed beyond
// noise.
//
// Noise: a timing has changed if ranks say so (Mann-Whitney, three standard deviations, five
// samples a side at least), and its median by a quarter and by kLeastChange; a share if it differs
// by three standard deviations. A status, a close, a protocol or a certificate that one side never
// had is a difference even if it came once, if it is one that tells of trouble.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/digest.h"

namespace wirelens {

inline constexpr double kLeastChange = 0.002;  ///< seconds

struct Difference {
  enum class Kind : char { appeared = '+', vanished = '-', changed = '~' };
  Kind kind = Kind::changed;
  std::string_view section;  ///< "Findings", "Servers", "Exchanges", "TLS"
  std::string what;          ///< from the wire
  std::string how;           ///< what it was and is; may be empty
};

std::vector<Difference> compare(const Digest& before, const Digest& after);

/// Whether two sets of samples differ by more than chance; symmetric.
bool differ(std::vector<double> a, std::vector<double> b);

}  // namespace wirelens
