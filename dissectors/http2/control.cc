// http2/control.cc - frames about the connection itself, and the record that sums it up.
#include <algorithm>

#include "base/work.h"
#include "common/http_text.h"
#include "http2/connection.h"

namespace wirelens::http2 {
namespace {

constexpr std::size_t kMaxGoaways = 4;
constexpr std::size_t kMaxDebug = 128;
constexpr std::size_t kMaxBlocked = 20;
/// A sender that has data and may send it does so within this and a round trip.
constexpr Duration kPrompt = std::chrono::milliseconds(100);
/// Shorter stalls cost nobody anything, and a window that is shut for less at the end of the
/// capture may open yet.
constexpr Duration kNotableStall = std::chrono::milliseconds(1);
constexpr Duration kNotableEnd = std::chrono::seconds(1);

std::optional<FlowControlStalls> told(const Stalls& stalls) {
  if (stalls.count == 0) return std::nullopt;
  return FlowControlStalls{stalls.count, stalls.time, stalls.longest};
}

std::optional<std::uint64_t> told(std::uint64_t count) {
  if (count == 0) return std::nullopt;
  return count;
}

/// Most bytes of an HTTP2-Settings field that are read: there are eight settings.
constexpr std::size_t kMaxUpgradeSettings = 6 * 32;

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/// RFC 4648 section 5, with or without padding. The bytes that it stands for; nothing if it is no
/// such text, or does not fit.
std::optional<std::size_t> decode_base64url(std::string_view text, std::span<std::uint8_t> out) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::size_t size = 0;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const int value = value_of(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    if (size == out.size()) return std::nullopt;
    out[size++] = static_cast<std::uint8_t>(bits >> count);
  }
  if (count >= 6) return std::nullopt;
  return size;
}

}  // namespace

Duration Connection::prompt() const {
  return kPrompt + context_.handshake().value_or(Duration{});
}

void Connection::control(Direction from, const Frame& frame, Bytes payload) {
  switch (frame.header.type) {
    case FrameType::ping:
      if (!frame.header.has(flag::kAck)) {
        tell_busy(from, FrameType::ping, sender(from).busy_pings.note(frame.first));
      }
      return ping(from, frame);
    case FrameType::goaway:
      return goaway(from, frame, payload);
    case FrameType::rst_stream:
      return reset_stream(from, frame, payload);
    case FrameType::window_update:
      return window_update(from, frame, payload);
    default:
      return;  // priorities and announcements change nothing that is told of
  }
}

void Connection::settings(Direction from, const Frame& frame, Bytes payload) {
  Sender& self = sender(from);
  Sender& peer = sender(opposite(from));
  if (frame.header.has(flag::kAck)) {
    if (peer.unacknowledged > 0) --peer.unacknowledged;
    peer.acknowledged = true;
    return;
  }
  tell_busy(from, FrameType::settings, self.busy_settings.note(frame.first));
  ++self.unacknowledged;
  apply(from, payload, frame.last.time);
}

/// RFC 7540 section 3.2.1: what the client would say in its first SETTINGS, which the 101
/// acknowledges.
void Connection::settings_of_upgrade(const Exchange& request) {
  if (!request.request_headers) return;
  for (const auto& [name, value] : *request.request_headers) {
    if (!http::same_ignoring_case(name, "http2-settings")) continue;
    std::array<std::uint8_t, kMaxUpgradeSettings> bytes{};
    const auto size = decode_base64url(value, bytes);
    if (!size || *size % 6 != 0) return flaw(kSetting, client(), "HTTP2-Settings");
    sender(client()).acknowledged = true;
    return apply(client(), Bytes(bytes).first(*size), context_.packet().time);
  }
}

void Connection::apply(Direction from, Bytes settings, Timestamp now) {
  Sender& self = sender(from);
  self.announced = true;
  const std::int64_t before = self.settings.initial_window_size.value_or(kInitialWindow);
  ByteReader reader(settings);
  while (reader.left() >= 6) {
    const std::uint16_t parameter = reader.u16();
    set(from, parameter, reader.u32());
  }
  const std::int64_t change = self.settings.initial_window_size.value_or(kInitialWindow) - before;
  if (change == 0) return;
  work(streams_.live());
  streams_.for_each([&](Stream& stream) { stream.window(opposite(from)).change(change, now); });
}

void Connection::set(Direction from, std::uint16_t parameter, std::uint32_t value) {
  Settings& settings = sender(from).settings;
  bool good = true;
  switch (Setting{parameter}) {
    case Setting::header_table_size:
      settings.header_table_size = value;
      break;
    case Setting::enable_push:
      good = value <= 1;
      settings.enable_push = value;
      break;
    case Setting::max_concurrent_streams:
      settings.max_concurrent_streams = value;
      break;
    case Setting::initial_window_size:
      good = value <= kMaxWindow;
      if (good) settings.initial_window_size = value;
      break;
    case Setting::max_frame_size:
      good = value >= kDefaultFrameSize && value <= 0xffffff;
      if (good) settings.max_frame_size = value;
      break;
    case Setting::max_header_list_size:
      settings.max_header_list_size = value;
      break;
    case Setting::enable_connect_protocol:
      good = value <= 1;
      settings.enable_connect_protocol = value;
      break;
    case Setting::no_rfc7540_priorities:
      good = value <= 1;
      settings.no_rfc7540_priorities = value;
      break;
  }
  if (!good) flaw(kSetting, from);
}

void Connection::ping(Direction from, const Frame& frame) {
  Sender& self = sender(from);
  Sender& peer = sender(opposite(from));
  if (!frame.header.has(flag::kAck)) {
    self.ping = frame.last;
    return;
  }
  if (!peer.ping) return;
  if (frame.last.time >= peer.ping->time) {
    const Duration rtt = frame.last.time - peer.ping->time;
    peer.ping_rtt = std::min(peer.ping_rtt.value_or(rtt), rtt);
  }
  peer.ping.reset();
}

void Connection::goaway(Direction from, const Frame& frame, Bytes payload) {
  if (goaways_.size() == kMaxGoaways) return;
  ByteReader reader(payload);
  Goaway record;
  record.from = from;
  record.last_stream = reader.u32() & 0x7fffffff;
  record.code = reader.u32();
  record.error = error_name(record.code);
  record.packet = frame.first.packet;
  const std::string_view debug = as_text(reader.rest()).substr(0, kMaxDebug);
  goaways_.push_back({record, frame.first, std::pmr::string(debug, &context_.memory())});
}

void Connection::reset_stream(Direction from, const Frame& frame, Bytes payload) {
  Sender& self = sender(from);
  const std::uint32_t code = load_be32(payload.data());
  ++self.resets;
  ++self.reset_codes[std::min<std::size_t>(code, self.reset_codes.size() - 1)];
  Stream* stream = streams_.find(frame.header.stream);
  if (!stream) return;
  stream->reset = code;
  stream->reset_by = from;
  streams_.close(*stream);
}

void Connection::window_update(Direction from, const Frame& frame, Bytes payload) {
  const std::uint32_t increment = load_be32(payload.data()) & 0x7fffffff;
  const Direction to = opposite(from);
  Window* window = &sender(to).window;
  if (frame.header.stream != 0) {
    Stream* stream = streams_.find(frame.header.stream);
    window = stream ? &stream->window(to) : nullptr;
  }
  if (increment == 0) flaw(kWindowValue, from, "increment of 0");
  if (!window) return;
  window->change(increment, frame.last.time);
  if (window->left().value_or(0) > kMaxWindow) flaw(kWindowValue, from, "window beyond 2^31-1");
}

void Connection::watch(Direction from, std::uint32_t stream, std::uint64_t bytes,
                       const Stamp& own) {
  if (const auto hole = sender(from).watch.read(stream, bytes, own, context_.packet())) {
    take_hole(from, *hole);
  }
}

void Connection::take_hole(Direction from, const HoleWatch::Hole& hole) {
  HeadOfLine& sum = sender(from).head_of_line;
  ++sum.holes;
  sum.bytes += hole.bytes;
  sum.time += hole.time;
  sum.longest = std::max(sum.longest, hole.time);
  sum.streams += hole.waiting.size();
  sum.stream_time += hole.stream_time;
  if (hole.waiting.empty() || blocked_.size() == kMaxBlocked) return;
  std::pmr::memory_resource& memory = context_.memory();
  BlockedStreams record;
  record.packet = hole.filled.packet;
  record.from = from;
  record.time = hole.time;
  record.bytes = hole.bytes;
  blocked_.push_back(
      {record, std::pmr::vector<std::uint32_t>(hole.lost.begin(), hole.lost.end(), &memory),
       std::pmr::vector<std::uint32_t>(hole.waiting.begin(), hole.waiting.end(), &memory)});
}

void Connection::tell_busy(Direction from, FrameType type, std::optional<Incident> second) {
  if (!second) return;
  second->by_client = from == client();
  second->frame = type;
  context_.emit(second->at.time, *second);
}

void Connection::tell_stall(Direction from, std::uint32_t stream, Duration time, const Stamp& at,
                            bool ended) {
  if (time < kNotableStall) return;
  Incident incident;
  incident.kind = Incident::Kind::stall;
  incident.by_client = from == client();
  incident.stream = stream;
  incident.ended = ended;
  incident.at = at;
  incident.duration = time;
  incident.rtt = context_.handshake();
  context_.emit(at.time - time, incident);
}

/// Windows that nobody opened again, with messages that are not at their ends.
void Connection::tell_shut_windows(Direction from) {
  const Stamp& now = context_.packet();
  const auto tell = [&](const Window& window, std::uint32_t stream) {
    const auto since = window.shut_since();
    if (since && now.time - *since >= kNotableEnd) {
      tell_stall(from, stream, now.time - *since, now, false);
    }
  };
  bool unfinished = false;
  streams_.for_each([&](Stream& stream) {
    const Message& message = stream.sent(from);
    if (!message.head_seen || message.ended) return;
    unfinished = true;
    tell(stream.window(from), stream.id);
  });
  if (unfinished) tell(sender(from).window, 0);
}

void Connection::tell_goaways() {
  for (const KnownGoaway& each : goaways_) {
    const bool by_client = each.record.from == client();
    Incident incident;
    incident.kind = Incident::Kind::goaway;
    incident.by_client = by_client;
    incident.at = each.at;
    incident.code = each.record.code;
    if (!each.debug.empty()) incident.debug = each.debug;
    streams_.for_each([&](Stream& stream) {
      const bool asked_by_peer = (stream.id % 2 == 1) != by_client;
      incident.count += asked_by_peer && stream.id > each.record.last_stream;
    });
    context_.emit(each.at.time, incident);
  }
}

EndSummary Connection::summary_of(const Sender& sender, Codes& codes) const {
  EndSummary summary;
  summary.frames = sender.frames;
  summary.data_bytes = sender.data_bytes;
  summary.field_section_bytes = sender.block_bytes;
  summary.field_bytes = sender.field_bytes;
  if (sender.announced) {
    summary.settings = sender.settings;
    summary.settings_acknowledged = sender.acknowledged && sender.unacknowledged == 0;
  }
  summary.ping_rtt = sender.ping_rtt;
  summary.resets = sender.resets;
  std::size_t count = 0;
  for (std::size_t code = 0; code < sender.reset_codes.size(); ++code) {
    if (sender.reset_codes[code] == 0) continue;
    codes[count++] = {error_name(static_cast<std::uint32_t>(code)), sender.reset_codes[code]};
  }
  if (count > 0) summary.reset_codes = std::span(codes).first(count);
  summary.connection_stalls = told(sender.connection_stalls);
  summary.stream_stalls = told(sender.stream_stalls);
  if (sender.head_of_line.holes > 0) summary.head_of_line = sender.head_of_line;
  summary.unknown_fields = told(sender.unknown_fields);
  summary.lost_field_sections = told(sender.lost_blocks);
  return summary;
}

std::string_view Connection::begun() const {
  if (upgraded_) return "upgrade";
  if (!senders_[0].from_beginning || !senders_[1].from_beginning) return "before_capture";
  return context_.secure() ? "alpn" : "prior_knowledge";
}

void Connection::finish() {
  for (const Direction from : {Direction::from_client, Direction::from_server}) {
    drop_block(from);
    if (const auto hole = sender(from).watch.finish()) take_hole(from, *hole);
    tell_busy(from, FrameType::ping, sender(from).busy_pings.end());
    tell_busy(from, FrameType::settings, sender(from).busy_settings.end());
    tell_shut_windows(from);
  }
  tell_goaways();
  const std::uint64_t unfinished = streams_.live();
  streams_.finish();
  if (first_.packet == 0) return;

  std::array<Codes, 2> codes{};
  ConnectionSummary record;
  record.begun = begun();
  record.streams = streams_.opened();
  record.pushed = told(streams_.pushed());
  record.largest_concurrent = streams_.largest();
  record.unfinished = told(unfinished);
  record.ends_missed = told(streams_.ends_missed());
  record.dropped_streams = told(streams_.dropped());
  record.client = summary_of(sender(client()), codes[0]);
  record.server = summary_of(sender(opposite(client())), codes[1]);
  std::pmr::vector<Goaway> goaways(&context_.memory());
  for (KnownGoaway& each : goaways_) {
    if (!each.debug.empty()) each.record.debug = each.debug;
    goaways.push_back(each.record);
  }
  if (!goaways.empty()) record.goaway = goaways;
  std::pmr::vector<BlockedStreams> blocked(&context_.memory());
  for (KnownBlocked& each : blocked_) {
    each.record.lost = each.lost;
    each.record.waiting = each.waiting;
    blocked.push_back(each.record);
  }
  if (!blocked.empty()) record.blocked = blocked;
  context_.emit(first_.time, record);
}

}  // namespace wirelens::http2
