// websocket/rules/rules.h - the rules of WebSocket: a file each.
#pragma once

#include "detect/rule.h"

namespace wirelens::websocket {

extern const detect::Rule kAbnormalClose;
extern const detect::Rule kBadAcceptRule;
extern const detect::Rule kInvalidUtf8Rule;
extern const detect::Rule kMaskedServerFrame;
extern const detect::Rule kNoHeartbeat;
extern const detect::Rule kPongMissing;
extern const detect::Rule kReservedBitsRule;
extern const detect::Rule kUnmaskedClientFrame;
extern const detect::Rule kUpgradeRefused;

/// All of them.
std::span<const detect::Rule* const> rules();

}  // namespace wirelens::websocket
