// http2/rules/rules.cc - the list: one line a rule.
#include "http2/rules/rules.h"

namespace wirelens::http2 {

std::span<const detect::Rule* const> rules() {
  static constexpr const detect::Rule* kRules[] = {
      &kTcpHeadOfLineBlocking, &kFlowControlStall, &kRapidReset, &kContinuationFloodRule,
      &kSettingsFlood,         &kPingFlood,        &kHpackBomb,  &kGoaway,
      &kRefusedStreams,        &kProtocolError,
  };
  return kRules;
}

}  // namespace wirelens::http2
