// detect/tcp/rules.h - the rules of TCP: a file each.
#pragma once

#include "detect/rule.h"

namespace wirelens::detect {

extern const Rule kBackscatter;
extern const Rule kCaptureDuplicates;
extern const Rule kCaptureLoss;
extern const Rule kCaptureReordered;
extern const Rule kCloseWaitLeak;
extern const Rule kConnectionRefused;
extern const Rule kConnectionTimeout;
extern const Rule kFinWait2Stuck;
extern const Rule kHalfOpen;
extern const Rule kHostSweep;
extern const Rule kKeepAliveUnanswered;
extern const Rule kNagleDelayedAck;
extern const Rule kOldDuplicateSyn;
extern const Rule kOverlapConflict;
extern const Rule kPathMtuBlackhole;
extern const Rule kPortExhaustion;
extern const Rule kPortScan;
extern const Rule kResetAfterIdle;
extern const Rule kResetInjected;
extern const Rule kResetStorm;
extern const Rule kRetransmissionBurst;
extern const Rule kRetransmissionTimeout;
extern const Rule kSpuriousRetransmission;
extern const Rule kSynAckRetransmission;
extern const Rule kSynFlood;
extern const Rule kTimeWaitReuse;
extern const Rule kTimeWaitStorm;
extern const Rule kWindowFull;
extern const Rule kZeroWindow;

}  // namespace wirelens::detect
