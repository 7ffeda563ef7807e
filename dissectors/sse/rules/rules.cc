// sse/rules/rules.cc - the list: one line a rule.
#include "sse/rules/rules.h"

namespace wirelens::sse {

std::span<const detect::Rule* const> rules() {
  static constexpr const detect::Rule* kRules[] = {
      &kBufferedByProxy, &kStalled, &kReconnectStorm, &kNoResume, &kWrongContentType,
  };
  return kRules;
}

}  // namespace wirelens::sse
