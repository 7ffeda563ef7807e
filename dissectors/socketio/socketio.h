// socketio/socketio.h - Socket.IO over Engine.IO 3 and 4, by polling and by WebSocket.
#pragma once

#include "dissect/dissector.h"

namespace wirelens::socketio {

/// Claims exchanges whose request has EIO= in its query: reads the bodies of polls, and the
/// messages of WebSockets. Writes `socketio` for each packet and `socketio_session`.
extern const Protocol kProtocol;

}  // namespace wirelens::socketio
