// http2/http2.h - HTTP/2 (RFC 9113), HPACK (RFC 7541), extended CONNECT (RFC 8441), gRPC.
#pragma once

#include "dissect/dissector.h"

namespace wirelens::http2 {

/// Recognised on any port by the client's preface, and in the middle of a connection by its frames;
/// reached by ALPN ("h2") and by the upgrade of HTTP/1.1 ("h2c"). Writes `http_request` when a
/// request's head was seen, `http` when a stream has ended, `grpc` behind it for gRPC calls, and
/// `http2` when the connection has.
extern const Protocol kProtocol;

}  // namespace wirelens::http2
