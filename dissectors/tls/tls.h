// tls/tls.h - SSL 2.0 hellos, and SSL 3.0 to TLS 1.3 over TCP.
#pragma once

#include "dissect/dissector.h"

namespace wirelens::tls {

/// Reads records, writes a `tls` record for each handshake, and gives what it can open to the
/// protocol inside. A connection whose keys are not known is opaque as soon as its handshake is
/// complete: nothing more can be learnt from it.
extern const Protocol kProtocol;

}  // namespace wirelens::tls
