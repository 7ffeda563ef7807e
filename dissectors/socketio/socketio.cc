// socketio/socketio.cc - polls as streams that are read to their ends, WebSockets message by
// message.
#include "socketio/socketio.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "dissect/conversation.h"
#include "socketio/jsonp.h"
#include "socketio/rules/rules.h"
#include "socketio/session.h"

namespace wirelens::socketio {
namespace {

/// Most bytes of a poll's body that are read; servers take 1 MB (maxPayload) unless told otherwise.
constexpr std::size_t kMaxPayload = 1u << 20;

bool claims(std::string_view target) {
  return target.find("EIO=") != std::string_view::npos && parameter(target, "EIO");
}

std::string_view target_of(const Exchange* exchange) {
  return exchange ? exchange->path.value_or(std::string_view()) : std::string_view();
}

/// The body of a poll: packets from the client in a POST, from the server in the answer to a GET.
class Poll final : public Dissector {
 public:
  Poll(Context& context, Conversation& conversation)
      : session_(context, target_of(conversation.exchange())),
        wrapped_(parameter(target_of(conversation.exchange()), "j").has_value()),
        refused_(conversation.exchange() && conversation.exchange()->status.value_or(200) != 200),
        body_(context.memory()) {}

  Dissection read(Context&, Input& in) override { return read_body(in); }
  Dissection resume(Context&, Input& in) override { return read_body(in); }
  void finish(Context&) override { session_.finish(); }

 private:
  struct Body final : ContentSink {
    explicit Body(std::pmr::memory_resource& memory) : text(&memory) {}
    void content(Bytes bytes, const Stamp& stamp) override {
      if (text.empty()) first = stamp;
      const std::size_t room = kMaxPayload - text.size();
      if (whole) text.append(as_text(bytes.first(std::min(bytes.size(), room))));
      whole = whole && bytes.size() <= room;
    }
    void missing(std::uint64_t, const Stamp&) override { whole = false; }
    std::pmr::string text;
    Stamp first;
    bool whole = true;  // so far
  };
  Dissection read_body(Input& in) {
    co_await in.pass_rest(&body_);
    if (body_.text.empty()) co_return;
    // A POST is answered by "ok", which is no packet.
    const bool answer = in.from() == Direction::from_server && body_.text == "ok";
    if (!answer && !refused_) tell(in.from(), body_.whole && in.ended_cleanly());
    body_.text.clear();
  }
  void tell(Direction from, bool whole) {
    std::string_view text = body_.text;
    std::optional<std::string> unwrapped;
    if (wrapped_) {
      const bool asks = from == Direction::from_client;
      unwrapped = asks ? payload_of_form(text) : payload_of_script(text);
      if (!unwrapped) return whole ? session_.broken(from) : session_.lost(from);
      text = *unwrapped;
    }
    Payload payload(session_.version(), as_bytes(text));
    while (const auto packet = payload.next()) {
      session_.packet(from, *packet, body_.first, whole || !payload.at_end());
    }
    if (payload.broken() && whole) session_.broken(from);
  }

  Session session_;
  bool wrapped_;  // JSONP
  bool refused_;  // the body says why
  Body body_;
};

/// The messages of a WebSocket.
class Messages final : public MessageReader {
 public:
  Messages(Context& context, const Exchange& exchange) : session_(context, target_of(&exchange)) {}

  void message(Context&, const InnerMessage& message) override {
    EnginePacket packet{!message.text, as_text(message.bytes), message.size};
    if (packet.binary) {
      // Protocol 3 has the packet's type in the first byte.
      if (session_.version() < 4 && packet.size > 0) --packet.size;
      packet.text = {};
    }
    session_.packet(message.from, packet, message.first, message.complete);
  }
  void lost(Context&, Direction from) override { session_.lost(from); }
  void finish(Context&) override { session_.finish(); }

 private:
  Session session_;
};

std::unique_ptr<Dissector> open(Context& context, Conversation& conversation) {
  return std::unique_ptr<Dissector>(new (context.memory()) Poll(context, conversation));
}
std::unique_ptr<MessageReader> open_messages(Context& context, const Exchange& exchange) {
  return std::unique_ptr<MessageReader>(new (context.memory()) Messages(context, exchange));
}

constexpr std::array<const EventType*, 2> kEvents = {&kEventType<PacketSeen>,
                                                     &kEventType<SessionSeen>};

}  // namespace

const Protocol kProtocol = {.name = "socketio",
                            .transport = Transport::tcp,
                            .probe = nullptr,
                            .open = open,
                            .events = kEvents,
                            .rules = rules(),
                            .claims = claims,
                            .open_messages = open_messages};

}  // namespace wirelens::socketio
