// tls/certificate_rules.h - the rules about servers' certificates, a line each in `tls` rules.
#pragma once

#include "detect/rule.h"

namespace wirelens::tls {

extern const detect::Rule kCertificateExpired;
extern const detect::Rule kCertificateNotYetValid;
extern const detect::Rule kCertificateExpiring;
extern const detect::Rule kHostnameMismatch;
extern const detect::Rule kSelfSigned;
extern const detect::Rule kMissingIntermediate;
extern const detect::Rule kUntrustedRoot;
extern const detect::Rule kWeakKey;
extern const detect::Rule kClientRejectedCertificate;

}  // namespace wirelens::tls
