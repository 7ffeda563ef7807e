// socketio/rules/rules.h - the rules of Socket.IO; named for what a user looks for, the WebSocket.
#pragma once

#include "detect/rule.h"

namespace wirelens::socketio {

extern const detect::Rule kStuckInPolling;

/// All of them.
std::span<const detect::Rule* const> rules();

}  // namespace wirelens::socketio
