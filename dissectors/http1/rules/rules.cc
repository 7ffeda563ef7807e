// http1/rules/rules.cc - the list: one line a rule.
#include "http1/rules/rules.h"

namespace wirelens::http1 {

std::span<const detect::Rule* const> rules() {
  static constexpr const detect::Rule* kRules[] = {
      &kNoKeepAlive,  &kHeadOfLineBlocking, &kSlowResponse,    &kLongPolling,
      &kShortPolling, &kServerErrors,       &kIncompleteBody,  &kRedirectChain,
      &kUnsafeRetry,  &kMissingCompression, &kDomainSharding,  &kGetWithBody,
      &kSlowRequest,  &kRequestSmuggling,   &kPipeliningStall, &kHttp1OnHttp2Origin,
  };
  return kRules;
}

}  // namespace wirelens::http1
