// http1/http1.h - HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112), and what is left of HTTP/0.9.
#pragma once

#include "dissect/dissector.h"

namespace wirelens::http1 {

/// Recognised by its bytes on any port. Writes `http_request` when a request's head was seen,
/// `http` when an exchange has ended; hands the stream over after 101 and after CONNECT.
extern const Protocol kProtocol;

}  // namespace wirelens::http1
