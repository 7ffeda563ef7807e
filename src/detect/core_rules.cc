// detect/core_rules.cc - the list: one line a rule.
#include "detect/tcp/rules.h"

namespace wirelens::detect {

std::span<const Rule* const> core_rules() {
  static constexpr const Rule* kRules[] = {
      &kSynFlood,
      &kBackscatter,
      &kPortScan,
      &kHostSweep,
      &kConnectionRefused,
      &kConnectionTimeout,
      &kSynAckRetransmission,
      &kOldDuplicateSyn,
      &kTimeWaitStorm,
      &kPortExhaustion,
      &kTimeWaitReuse,
      &kCloseWaitLeak,
      &kFinWait2Stuck,
      &kHalfOpen,
      &kResetAfterIdle,
      &kResetStorm,
      &kResetInjected,
      &kKeepAliveUnanswered,
      &kPathMtuBlackhole,
      &kRetransmissionTimeout,
      &kRetransmissionBurst,
      &kSpuriousRetransmission,
      &kZeroWindow,
      &kWindowFull,
      &kNagleDelayedAck,
      &kOverlapConflict,
      &kCaptureLoss,
      &kCaptureDuplicates,
      &kCaptureReordered,
  };
  return kRules;
}

}  // namespace wirelens::detect
