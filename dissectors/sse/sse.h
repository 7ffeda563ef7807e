// sse/sse.h - server-sent events (WHATWG HTML, section 9.2).
#pragma once

#include "dissect/dissector.h"

namespace wirelens::sse {

/// Reads contents of the type text/event-stream. Writes `sse_event` when an event's blank line has
/// come, also on a response that never ends, and `sse` at the end.
extern const Protocol kProtocol;

}  // namespace wirelens::sse
