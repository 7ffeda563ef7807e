// socketio/session.cc - what each packet means.
#include "socketio/session.h"

#include <algorithm>
#include <chrono>

#include "common/preview.h"

namespace wirelens::socketio {
namespace {

constexpr Flaw kBadPayload{"socketio.bad_payload", "Engine.IO protocol 4, HTTP long-polling"};
constexpr Flaw kBadPacket{"socketio.bad_packet", "Socket.IO protocol 5, packet encoding"};

constexpr std::uint64_t kMaxMilliseconds = std::uint64_t{1} << 40;

std::optional<Duration> milliseconds(std::optional<std::uint64_t> count) {
  if (!count || *count > kMaxMilliseconds) return std::nullopt;
  return std::chrono::milliseconds(*count);
}

}  // namespace

Session::Session(Context& context, std::string_view target)
    : context_(context), began_(context.packet().time) {
  websocket_ = parameter(target, "transport") == "websocket";
  if (const auto version = parameter(target, "EIO")) {
    if (version->size() == 1 && (*version)[0] >= '0' && (*version)[0] <= '9') {
      version_ = static_cast<unsigned>((*version)[0] - '0');
      totals_.version = version_;
    }
  }
  if (const auto sid = parameter(target, "sid"); sid && !sid->empty()) {
    sid_ = sid->substr(0, kMaxName);
    came_over_ = websocket_;
  }
}

void Session::broken(Direction from) {
  context_.flaw(kBadPayload, from);
}

void Session::packet(Direction from, const EnginePacket& packet, const Stamp& first,
                     bool complete) {
  if (packet.binary) return attachment(from, packet.size);
  if (packet.text.empty()) return;
  const auto type = engine_type(packet.text.front());
  const std::string_view data = packet.text.substr(1);
  if (!type) return context_.flaw(kBadPacket, from);
  switch (*type) {
    case EngineType::open:
      if (from == Direction::from_server) open(data);
      break;
    case EngineType::close:
      if (!totals_.closed_by) totals_.closed_by = from;
      break;
    case EngineType::ping:
      if (data == "probe") {
        probed_ = first.time;
      } else {
        heartbeat(first.time);
      }
      break;
    case EngineType::pong:
      if (data != "probe") {
        ++totals_.pongs;
      } else if (probed_ && first.time >= *probed_) {
        totals_.probe_time = first.time - *probed_;
      }
      break;
    case EngineType::message:
      message(from, data, first, complete);
      break;
    case EngineType::upgrade:
      totals_.upgraded = true;
      break;
    case EngineType::noop:
      break;
  }
}

void Session::open(std::string_view json) {
  const Announcement announced = parse_open(json);
  if (announced.sid) sid_ = announced.sid->substr(0, kMaxName);
  totals_.ping_interval = milliseconds(announced.ping_interval);
  totals_.ping_timeout = milliseconds(announced.ping_timeout);
  totals_.offers_websocket = announced.offers_websocket;
}

void Session::heartbeat(Timestamp time) {
  ++totals_.pings;
  if (last_ping_ && time >= *last_ping_) {
    totals_.longest_ping_gap =
        std::max(totals_.longest_ping_gap.value_or(Duration{}), time - *last_ping_);
  }
  last_ping_ = time;
}

void Session::message(Direction from, std::string_view text, const Stamp& first, bool complete) {
  lost(from);  // what waits for attachments waits in vain
  const auto packet = parse_packet(text);
  if (!packet) return context_.flaw(kBadPacket, from);
  const bool named = packet->type == SocketType::event || packet->type == SocketType::binary_event;
  const auto event = named ? first_text(packet->data) : std::nullopt;
  PacketSeen seen;
  seen.from = from;
  seen.kind = name_of(packet->type);
  seen.name_space = packet->name_space;
  if (event) seen.event = *event;
  seen.ack = packet->ack;
  seen.bytes = text.size();
  seen.packet = first.packet;
  seen.complete = complete;
  if (packet->attachments == 0) return emit(seen, packet->data, first.time);
  Waiting& waiting = waiting_[index(from)].emplace();
  waiting.name_space = packet->name_space.substr(0, kMaxName);
  waiting.event = event.value_or(std::string());
  waiting.data = packet->data.substr(0, kMaxHeldData);
  waiting.time = first.time;
  waiting.missing = packet->attachments;
  waiting.seen = seen;
  waiting.seen.attachments = packet->attachments;
}

void Session::attachment(Direction from, std::uint64_t bytes) {
  auto& waiting = waiting_[index(from)];
  if (!waiting) return;  // Engine.IO's own binary message, or what it belongs to was lost
  waiting->bytes += bytes;
  if (--waiting->missing == 0) lost(from);
}

void Session::lost(Direction from) {
  auto& waiting = waiting_[index(from)];
  if (!waiting) return;
  PacketSeen seen = waiting->seen;
  seen.name_space = waiting->name_space;
  if (seen.event) seen.event = waiting->event;
  if (waiting->missing == 0) seen.attachment_bytes = waiting->bytes;
  // A client that polls may send them with its next request, over any connection.
  if (websocket_ && waiting->missing > 0) seen.complete = false;
  emit(seen, waiting->data, waiting->time);
  waiting.reset();
}

void Session::emit(PacketSeen& seen, std::string_view data, Timestamp time) {
  ++totals_.packets;
  seen.stream = context_.stream();
  if (!sid_.empty()) seen.sid = sid_;
  seen.transport = websocket_ ? "websocket" : "polling";
  if (websocket_) seen.upgraded = came_over_;
  if (!data.empty()) {
    write_preview(data, context_.settings().show_secrets, preview_);
    seen.preview = preview_;
  }
  context_.emit(time, seen);
}

void Session::finish() {
  for (const Direction from : {Direction::from_client, Direction::from_server}) lost(from);
  const bool opened = totals_.ping_interval.has_value() || totals_.offers_websocket.has_value();
  if (!websocket_ && !opened) return;
  totals_.stream = context_.stream();
  if (!sid_.empty()) totals_.sid = sid_;
  totals_.transport = websocket_ ? "websocket" : "polling";
  if (websocket_ && !totals_.upgraded) totals_.upgraded = false;
  context_.emit(began_, totals_);
}

}  // namespace wirelens::socketio
