// http2/stream.h - one stream: a request and its response, and what they are made of.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>

#include "common/http_body.h"
#include "dissect/conversation.h"
#include "dissect/dissector.h"
#include "event/exchange.h"
#include "http2/grpc.h"
#include "http2/head.h"
#include "http2/window.h"

namespace wirelens::http2 {

/// What conversations inside a stream get: everything as outside, and the stream's number.
class StreamContext final : public InnerContext {
 public:
  StreamContext(Context& outer, std::uint32_t id) : InnerContext(outer), id_(id) {}
  std::optional<std::uint64_t> stream() const override { return id_; }

 private:
  std::uint32_t id_;
};

/// What one end sends on a stream.
struct Message {
  Message(Direction from, std::pmr::memory_resource& memory)
      : head(memory), content(memory), body(from) {}

  bool seen = false;       ///< a frame of it was
  bool head_seen = false;  ///< its head was, maybe without being understood
  bool ended = false;      ///< END_STREAM
  bool whole = true;       ///< nothing of it was missed so far
  bool uncertain = false;  ///< something may have been: its announced length will tell
  Stamp first;
  Stamp last;
  Head head;
  http::Content content;
  http::Body body;
  std::uint64_t length = 0;  ///< of its content, as far as frames say
  std::optional<grpc::Messages> messages;
};

struct Stream {
  Stream(std::uint32_t stream_id, Context& outer)
      : id(stream_id),
        context(outer, stream_id),
        messages{Message(Direction::from_client, outer.memory()),
                 Message(Direction::from_server, outer.memory())},
        grpc_message(&outer.memory()) {}

  Message& sent(Direction from) { return messages[index(from)]; }
  const Message& sent(Direction from) const { return messages[index(from)]; }
  Window& window(Direction from) { return windows[index(from)]; }

  std::uint32_t id;
  std::uint64_t number = 0;  ///< of the connection, from 0
  bool pushed = false;
  bool upgraded = false;  ///< its request came before HTTP/2: Conversation::exchange()
  StreamContext context;
  std::array<Message, 2> messages;       // by who sends
  std::array<Window, 2> windows;         // of who sends
  std::unique_ptr<Conversation> tunnel;  ///< behind CONNECT
  std::optional<std::uint32_t> grpc_status;
  std::pmr::string grpc_message;
  std::optional<std::uint32_t> reset;  ///< error code
  Direction reset_by{};
  /// Since when the end of what a side sends may be among bytes that were missed.
  std::array<std::optional<Timestamp>, 2> doubtful;
  bool maybe_over = false;  ///< by what is doubtful
  std::size_t bytes = 0;    ///< heads and previews, as counted by the table of streams
};

}  // namespace wirelens::http2
