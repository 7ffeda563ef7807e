// sse/rules/rules.h - the rules of server-sent events: a file each.
#pragma once

#include "detect/rule.h"

namespace wirelens::sse {

extern const detect::Rule kBufferedByProxy;
extern const detect::Rule kNoResume;
extern const detect::Rule kReconnectStorm;
extern const detect::Rule kStalled;
extern const detect::Rule kWrongContentType;

/// All of them.
std::span<const detect::Rule* const> rules();

}  // namespace wirelens::sse
