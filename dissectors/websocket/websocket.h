// websocket/websocket.h - the WebSocket protocol (RFC 6455) with permessage-deflate (RFC 7692),
// over HTTP/1.1 and, by extended CONNECT, over HTTP/2 (RFC 8441).
#pragma once

#include "dissect/dissector.h"

namespace wirelens::websocket {

/// Reached by 101 or extended CONNECT; in the middle of a stream also by its frames, on any port.
/// Writes `websocket_message` when a message has ended, `websocket` at the end of all. Messages go
/// on to the protocol that claims the exchange.
extern const Protocol kProtocol;

}  // namespace wirelens::websocket
