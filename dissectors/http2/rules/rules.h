// http2/rules/rules.h - the rules of HTTP/2: a file each.
#pragma once

#include "detect/rule.h"

namespace wirelens::http2 {

extern const detect::Rule kContinuationFloodRule;
extern const detect::Rule kFlowControlStall;
extern const detect::Rule kGoaway;
extern const detect::Rule kHpackBomb;
extern const detect::Rule kPingFlood;
extern const detect::Rule kProtocolError;
extern const detect::Rule kRapidReset;
extern const detect::Rule kRefusedStreams;
extern const detect::Rule kSettingsFlood;
extern const detect::Rule kTcpHeadOfLineBlocking;

/// All of them.
std::span<const detect::Rule* const> rules();

}  // namespace wirelens::http2
