// detect/core_rules.cc - the list: one line a rule.
#include "detect/tcp/rules.h"

namespace wirelens::detect {

std::span<const Rule* const> core_rules() {
  static constexpr const Rule* kRules[] = {
      &kConnectionRefused,
      &kRetransmissionTimeout,
  };
  return kRules;
}

}  // namespace wirelens::detect
