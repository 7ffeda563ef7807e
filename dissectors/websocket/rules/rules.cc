// websocket/rules/rules.cc - the list: one line a rule.
#include "websocket/rules/rules.h"

namespace wirelens::websocket {

std::span<const detect::Rule* const> rules() {
  static constexpr const detect::Rule* kRules[] = {
      &kBadAcceptRule,   &kUnmaskedClientFrame, &kMaskedServerFrame,
      &kInvalidUtf8Rule, &kReservedBitsRule,    &kAbnormalClose,
      &kNoHeartbeat,     &kPongMissing,         &kUpgradeRefused,
  };
  return kRules;
}

}  // namespace wirelens::websocket
