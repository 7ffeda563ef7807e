// detect/tcp/rules.h - the rules of TCP: a file each.
#pragma once

#include "detect/rule.h"

namespace wirelens::detect {

extern const Rule kConnectionRefused;
extern const Rule kRetransmissionTimeout;

}  // namespace wirelens::detect
