// http1/rules/rules.h - the rules of HTTP: a file each. They hear exchanges of every version.
#pragma once

#include "detect/rule.h"

namespace wirelens::http1 {

extern const detect::Rule kDomainSharding;
extern const detect::Rule kGetWithBody;
extern const detect::Rule kHeadOfLineBlocking;
extern const detect::Rule kHttp1OnHttp2Origin;
extern const detect::Rule kIncompleteBody;
extern const detect::Rule kLongPolling;
extern const detect::Rule kMissingCompression;
extern const detect::Rule kNoKeepAlive;
extern const detect::Rule kPipeliningStall;
extern const detect::Rule kRedirectChain;
extern const detect::Rule kRequestSmuggling;
extern const detect::Rule kServerErrors;
extern const detect::Rule kShortPolling;
extern const detect::Rule kSlowRequest;
extern const detect::Rule kSlowResponse;
extern const detect::Rule kUnsafeRetry;

/// All of them.
std::span<const detect::Rule* const> rules();

}  // namespace wirelens::http1
