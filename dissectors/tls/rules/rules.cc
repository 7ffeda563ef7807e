// tls/rules/rules.cc - the list: one line a rule.
#include "tls/rules/rules.h"

namespace wirelens::tls {

std::span<const detect::Rule* const> rules() {
  static constexpr const detect::Rule* kRules[] = {
      &kCertificateExpired,  &kCertificateNotYetValid,
      &kCertificateExpiring, &kHostnameMismatch,
      &kSelfSigned,          &kMissingIntermediate,
      &kUntrustedRoot,       &kWeakKey,
      &kPlainHttpOnTlsPort,  &kTlsOnPlainPort,
      &kHandshakeFailure,    &kVersionDowngrade,
      &kObsoleteVersion,     &kWeakCipher,
      &kNoForwardSecrecy,    &kSlowHandshake,
      &kNoResumption,        &kClientRejectedCertificate,
  };
  return kRules;
}

}  // namespace wirelens::tls
