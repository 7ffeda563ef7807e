// socketio/rules/rules.cc - the list: one line a rule.
#include "socketio/rules/rules.h"

namespace wirelens::socketio {

std::span<const detect::Rule* const> rules() {
  static constexpr const detect::Rule* kRules[] = {&kStuckInPolling};
  return kRules;
}

}  // namespace wirelens::socketio
