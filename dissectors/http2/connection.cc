// http2/connection.cc - field sections and DATA: what makes and fills streams.
#include "http2/connection.h"

#include <algorithm>

#include "base/work.h"

namespace wirelens::http2 {
namespace {

/// Room for most sections without asking for memory.
constexpr std::size_t kScratch = 8192;

void count(FrameCounts& counts, FrameType type) {
  const auto bump = [](std::optional<std::uint64_t>& each) { each = each.value_or(0) + 1; };
  switch (type) {
    case FrameType::data:
      return bump(counts.data);
    case FrameType::headers:
      return bump(counts.headers);
    case FrameType::priority:
      return bump(counts.priority);
    case FrameType::rst_stream:
      return bump(counts.rst_stream);
    case FrameType::settings:
      return bump(counts.settings);
    case FrameType::push_promise:
      return bump(counts.push_promise);
    case FrameType::ping:
      return bump(counts.ping);
    case FrameType::goaway:
      return bump(counts.goaway);
    case FrameType::window_update:
      return bump(counts.window_update);
    case FrameType::continuation:
      return bump(counts.continuation);
    case FrameType::altsvc:
      return bump(counts.altsvc);
    case FrameType::origin:
      return bump(counts.origin);
    case FrameType::priority_update:
      return bump(counts.priority_update);
  }
  bump(counts.unknown);
}

bool has_good_length(const FrameHeader& header, const FrameShape& shape) {
  if (header.length < shape.least || header.length > shape.most) return false;
  if (header.type != FrameType::settings) return true;
  return header.has(flag::kAck) ? header.length == 0 : header.length % 6 == 0;
}

bool has_good_stream(const FrameHeader& header, const FrameShape& shape) {
  return shape.stream == FrameShape::Stream::either ||
         (header.stream == 0) == (shape.stream == FrameShape::Stream::never);
}

}  // namespace

Connection::Connection(Context& context, Conversation& conversation)
    : context_(context),
      senders_{Sender(context.packet(), context.memory()),
               Sender(context.packet(), context.memory())},
      streams_(context, conversation),
      client_known_(!context.midstream()),
      goaways_(&context.memory()),
      blocked_(&context.memory()) {
  const Exchange* upgraded = conversation.exchange();
  if (!upgraded || upgraded->status != std::uint16_t{101}) return;
  // Section 3.2 of RFC 7540: the request that asked for the upgrade is stream 1, and half closed.
  upgraded_ = true;
  settings_of_upgrade(*upgraded);
  Stream& stream = open(1);
  stream.upgraded = true;
  Message& request = stream.sent(client());
  request.seen = request.head_seen = request.ended = true;
  request.first = request.last = context.packet();
}

void Connection::begin(Direction from) {
  sender(from).from_beginning = true;
  if (!lossy_) sender(from).window = Window(kInitialWindow);
}

void Connection::set_client(Direction client) {
  streams_.set_client(client);
  client_known_ = true;
}

void Connection::lose(Direction from) {
  lossy_ = true;
  drop_block(from);
  sender(from).headers.lose();
  sender(from).watch.give_up(context_.packet());
  // A lost WINDOW_UPDATE is as bad as lost DATA.
  for (Sender& each : senders_) each.window.lose();
  streams_.for_each([](Stream& stream) {
    for (Window& window : stream.windows) window.lose();
  });
  streams_.doubt(from, context_.packet().time);
}

/// Streams that went silent behind a hole, now and then.
void Connection::look_for_silence(Timestamp now) {
  constexpr Duration kOften = kPatience / 4;
  const std::optional<Timestamp> sooner = streams_.next_look();
  if (!lossy_ || now < std::min(look_again_, sooner.value_or(look_again_))) return;
  look_again_ = now + kOften;
  streams_.close_silent(now);
}

std::uint32_t Connection::longest_frame(Direction from) const {
  const Settings& peer = senders_[index(opposite(from))].settings;
  return std::max(kDefaultFrameSize, peer.max_frame_size.value_or(kDefaultFrameSize));
}

bool Connection::header(Direction from, const Frame& frame) {
  const FrameHeader& header = frame.header;
  Sender& self = sender(from);
  if (first_.packet == 0) first_ = frame.first;
  look_for_silence(frame.last.time);
  count(self.frames, header.type);
  if (frame.first.packet == context_.packet().packet) watch(from, header.stream, 0, frame.first);
  watch(from, header.stream, kHeaderSize, frame.last);
  const bool continues = header.type == FrameType::continuation;
  if (self.block.begun && (!continues || header.stream != self.block.stream)) {
    flaw(kInterruptedBlock, from);
    drop_block(from);
  }
  const FrameShape shape = shape_of(header.type);
  if (!has_good_stream(header, shape)) {
    flaw(kWrongStream, from);
    return false;
  }
  if (!has_good_length(header, shape) || header.length > longest_frame(from)) {
    // Behind a hole the SETTINGS that allow it may be missing.
    if (!lossy_ || !has_good_length(header, shape)) flaw(kFrameSize, from);
    if (!has_good_length(header, shape)) return false;
  }
  if (continues && !self.block.begun) {
    if (!lossy_) flaw(kUnexpectedFrame, from, "CONTINUATION without a beginning");
    self.headers.lose();
    return false;
  }
  return true;
}

void Connection::payload(Direction from, const Frame& frame, Bytes payload, bool missing) {
  switch (frame.header.type) {
    case FrameType::headers:
    case FrameType::push_promise:
      return headers(from, frame, payload, missing);
    case FrameType::continuation:
      return continuation(from, frame, payload, missing);
    case FrameType::settings:
      if (!missing) settings(from, frame, payload);
      return;
    default:
      if (!missing) control(from, frame, payload);
  }
}

void Connection::headers(Direction from, const Frame& frame, Bytes payload, bool missing) {
  const FrameHeader& header = frame.header;
  Block& block = sender(from).block;
  ByteReader reader(payload);
  const std::size_t padding = header.has(flag::kPadded) ? reader.u8() : 0u;
  block.promises = header.type == FrameType::push_promise;
  block.promised = block.promises && !missing ? reader.u32() & 0x7fffffff : 0;
  if (!block.promises && header.has(flag::kPriority)) reader.skip(5);
  block.begun = true;
  block.stream = header.stream;
  block.end_stream = !block.promises && header.has(flag::kEndStream);
  block.damaged = missing;
  block.continuations = 0;
  block.first = frame.first;
  if (!missing && (!reader.ok() || padding > reader.left())) {
    flaw(reader.ok() ? kPadding : kFrameSize, from);
    block.damaged = true;
  }
  if (header.length > kMaxBlock) {
    flaw(kLongSection, from);
    block.damaged = true;
  }
  const Bytes fragment = block.damaged ? Bytes() : reader.rest().first(reader.left() - padding);
  if (header.has(flag::kEndHeaders)) return end_block(from, fragment, frame.last);
  add_to_block(from, fragment);
}

void Connection::continuation(Direction from, const Frame& frame, Bytes payload, bool missing) {
  Block& block = sender(from).block;
  block.damaged = block.damaged || missing;
  if (++block.continuations == kMaxContinuations + 1) {
    flaw(kContinuationFlood, from);
    block.damaged = true;
  }
  add_to_block(from, payload);
  if (frame.header.has(flag::kEndHeaders)) end_block(from, block.bytes, frame.last);
}

void Connection::add_to_block(Direction from, Bytes fragment) {
  Block& block = sender(from).block;
  if (!block.damaged && block.bytes.size() + fragment.size() > kMaxBlock) {
    flaw(kLongSection, from);
    block.damaged = true;
  }
  if (block.damaged) {
    block.bytes.clear();
    return;
  }
  block.bytes.insert(block.bytes.end(), fragment.begin(), fragment.end());
  work(fragment.size());
}

void Connection::end_block(Direction from, Bytes bytes, const Stamp& last) {
  Sender& self = sender(from);
  Block& block = self.block;
  self.block_bytes += bytes.size();
  std::array<std::byte, kScratch> room;
  std::pmr::monotonic_buffer_resource scratch(room.data(), room.size(), &context_.memory());
  FieldList list(bytes.size(), scratch);
  bool good = false;
  if (block.damaged) {
    self.headers.lose();
  } else {
    good = self.headers.decode(bytes, list);
    if (!good) flaw(kCompression, from);
  }
  if (list.dropped() > 0) flaw(kManyFields, from);
  self.field_bytes += list.bytes();
  self.unknown_fields += list.unknown_fields();
  if (!good) ++self.lost_blocks;
  if (good && !client_known_) settle_client(from, list);
  block.begun = false;
  if (block.promises) {
    if (!block.damaged) promise(from, good ? &list : nullptr, last);
  } else {
    section(from, good ? &list : nullptr, last);
  }
  block.bytes.clear();
  block.bytes.shrink_to_fit();
}

void Connection::drop_block(Direction from) {
  Block& block = sender(from).block;
  if (!block.begun) return;
  block.damaged = true;
  end_block(from, {}, block.first);
}

void Connection::settle_client(Direction from, const FieldList& list) {
  for (const auto& [name, value] : list.fields()) {
    if (name == ":method" && !sender(from).block.promises) return set_client(from);
    if (name == ":status") return set_client(opposite(from));
  }
}

std::optional<std::int64_t> Connection::initial_window(Direction from) const {
  const Sender& peer = senders_[index(opposite(from))];
  if (peer.settings.initial_window_size) return *peer.settings.initial_window_size;
  if (lossy_) return std::nullopt;
  return kInitialWindow;
}

Stream& Connection::open(std::uint32_t id) {
  Sender& opener = sender(id % 2 == 1 ? streams_.client() : streams_.server());
  opener.highest = std::max(opener.highest, id);
  Stream& stream = streams_.open(id);
  for (const Direction from : {Direction::from_client, Direction::from_server}) {
    stream.window(from) = Window(initial_window(from));
  }
  const Direction by = id % 2 == 1 ? streams_.client() : streams_.server();
  const auto most = sender(opposite(by)).settings.max_concurrent_streams;
  if (lossy_ && most) streams_.keep_within(*most, by, stream);
  return stream;
}

/// The stream of a message's frame; nullptr if that is over already.
Stream* Connection::stream_of(Direction from, std::uint32_t id) {
  if (Stream* stream = streams_.find(id)) return stream;
  const bool by_client = id % 2 == 1;
  const Direction opener = by_client ? streams_.client() : streams_.server();
  const bool fresh = id > sender(opener).highest;
  if (lossy_ ? streams_.was_closed(id) : !fresh) return nullptr;
  if (!lossy_ && !by_client) {
    // Only a promise opens them.
    flaw(kWrongStream, from, "stream that was not promised");
    return nullptr;
  }
  Stream& stream = open(id);
  if (lossy_ && from == streams_.server()) {
    // Its request was missed, and may be over.
    streams_.doubt(stream, client(), context_.packet().time);
  }
  return &stream;
}

void Connection::section(Direction from, const FieldList* list, const Stamp& last) {
  const Block& block = sender(from).block;
  Stream* stream = stream_of(from, block.stream);
  if (!stream) return;
  Message& message = stream->sent(from);
  if (message.ended) {
    flaw(kUnexpectedFrame, from, "fields behind the end of the stream");
    return;
  }
  const bool asks = from == client();
  const bool head_unclear =
      !asks && message.head.unknown_fields() > 0 && !message.head.section().status;
  Kind kind = asks ? Kind::request : Kind::response;
  if (message.content.present || (message.head_seen && !head_unclear)) kind = Kind::trailers;
  Section said;
  if (list) {
    said = read_section(*list, kind);
    if (kind == Kind::response && !said.status && block.end_stream && lossy_) {
      kind = Kind::trailers;  // their head was missed
      said = read_section(*list, kind);
    }
    tell(from, said.faults);
  }
  streams_.believe(*stream, from);
  if (kind == Kind::response && said.is_interim() && !block.end_stream) return;
  if (!message.seen) message.first = block.first;
  message.seen = true;
  message.last = last;
  message.whole = message.whole && list;
  if (kind == Kind::trailers) {
    if (list) streams_.trailers(*stream, said);
    if (!block.end_stream) flaw(kUnexpectedFrame, from, "trailers without END_STREAM");
  } else {
    take_head(*stream, from, list, said);
  }
  if (block.end_stream) streams_.ended(*stream, from, last);
}

void Connection::tell(Direction from, const Faults& faults) {
  for (std::size_t i = 0; i < kFaults && !faults.none(); ++i) {
    const auto fault = static_cast<Fault>(i);
    if (faults.has(fault)) flaw(kMalformed, from, name_of(fault));
  }
}

void Connection::take_head(Stream& stream, Direction from, const FieldList* list,
                           const Section& said) {
  const bool asks = from == client();
  const bool ends = sender(from).block.end_stream;
  stream.sent(from).head_seen = true;
  if (list) streams_.head(stream, from, *list, said);
  if (asks && list) streams_.asked(stream);
  if (!ends && (asks || said.status)) streams_.begin_content(stream, from);
}

void Connection::promise(Direction from, const FieldList* list, const Stamp& last) {
  const Block& block = sender(from).block;
  const std::uint32_t id = block.promised;
  const bool fresh = id % 2 == 0 && from == streams_.server() && !streams_.find(id) &&
                     (lossy_ ? !streams_.was_closed(id) : id > sender(from).highest);
  if (!fresh) {
    flaw(kWrongStream, from, "promise of a stream that can't be");
    return;
  }
  Stream& stream = open(id);
  streams_.note_pushed(stream);
  Message& request = stream.sent(client());
  request.seen = request.head_seen = true;
  request.first = block.first;
  request.whole = list != nullptr;
  if (list) {
    const Section said = read_section(*list, Kind::request);
    tell(from, said.faults);
    streams_.head(stream, client(), *list, said);
    streams_.asked(stream);
  }
  streams_.ended(stream, client(), last);
}

void Connection::begin_data(Direction from, const Frame& frame) {
  const FrameHeader& header = frame.header;
  Sender& self = sender(from);
  self.data_bytes += header.length;
  if (const auto stall =
          self.window.sent(header.length, frame.last.time, prompt(), self.connection_stalls)) {
    tell_stall(from, 0, *stall, frame.first, true);
  }
  Stream* stream = stream_of(from, header.stream);
  if (!stream) return;
  if (const auto stall =
          stream->window(from).sent(header.length, frame.last.time, prompt(), self.stream_stalls)) {
    tell_stall(from, header.stream, *stall, frame.first, true);
  }
  Message& message = stream->sent(from);
  if (message.ended) {
    flaw(kUnexpectedFrame, from, "DATA behind the end of the stream");
    return;
  }
  streams_.believe(*stream, from);
  if (!message.seen) message.first = frame.first;
  if (!message.head_seen) {
    message.whole = false;
    if (!lossy_) flaw(kUnexpectedFrame, from, "DATA in front of its head");
  }
  message.seen = true;
  if (!message.content.present) streams_.begin_content(*stream, from);
}

/// Where DATA goes; nullptr if nobody waits for it any more.
Stream* Connection::receiver(Direction from, std::uint32_t id) {
  Stream* stream = streams_.find(id);
  return stream && stream->sent(from).body.begun() ? stream : nullptr;
}

void Connection::data(Direction from, std::uint32_t stream, Bytes bytes, const Stamp& stamp) {
  watch(from, stream, bytes.size(), stamp);
  Stream* into = receiver(from, stream);
  if (!into) return;
  into->sent(from).length += bytes.size();
  streams_.content(*into, from, bytes, stamp);
}

void Connection::missing_data(Direction from, std::uint32_t stream, std::uint64_t count,
                              const Stamp& stamp) {
  sender(from).watch.give_up(context_.packet());
  Stream* into = receiver(from, stream);
  if (!into) return;
  into->sent(from).length += count;
  streams_.missing(*into, from, count, stamp);
}

void Connection::end_data(Direction from, const Frame& frame) {
  Stream* stream = receiver(from, frame.header.stream);
  if (!stream) return;
  stream->sent(from).last = frame.last;
  if (frame.header.has(flag::kEndStream)) streams_.ended(*stream, from, frame.last);
}

void Connection::cut_data(Direction from, std::uint32_t stream) {
  if (Stream* into = receiver(from, stream)) into->sent(from).whole = false;
}

}  // namespace wirelens::http2
