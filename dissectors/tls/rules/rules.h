// tls/rules/rules.h - the rules of TLS: a file each; those about servers' certificates share one.
#pragma once

#include "detect/rule.h"

namespace wirelens::tls {

extern const detect::Rule kCertificateExpired;
extern const detect::Rule kCertificateExpiring;
extern const detect::Rule kCertificateNotYetValid;
extern const detect::Rule kClientRejectedCertificate;
extern const detect::Rule kHandshakeFailure;
extern const detect::Rule kHostnameMismatch;
extern const detect::Rule kMissingIntermediate;
extern const detect::Rule kNoForwardSecrecy;
extern const detect::Rule kNoResumption;
extern const detect::Rule kObsoleteVersion;
extern const detect::Rule kPlainHttpOnTlsPort;
extern const detect::Rule kSelfSigned;
extern const detect::Rule kSlowHandshake;
extern const detect::Rule kTlsOnPlainPort;
extern const detect::Rule kUntrustedRoot;
extern const detect::Rule kVersionDowngrade;
extern const detect::Rule kWeakCipher;
extern const detect::Rule kWeakKey;

/// All of them.
std::span<const detect::Rule* const> rules();

}  // namespace wirelens::tls
