// http2/streams.cc - messages of streams, and their records.
#include "http2/streams.h"

#include <algorithm>

#include "base/work.h"
#include "common/http_record.h"
#include "http2/frame.h"
#include "http2/records.h"

namespace wirelens::http2 {
namespace {

constexpr std::string_view kNone;
constexpr std::size_t kMaxGrpcMessage = 1024;

/// Without the userinfo that nobody should send.
std::string_view host_of(std::string_view authority) {
  return authority.substr(authority.find_last_of('@') + 1);
}

bool speaks_grpc(const Message& message) {
  return grpc::is_content_type(message.head.section().content_type.value_or(kNone));
}

bool connects(const Message& request) {
  return request.head.section().method == "CONNECT";
}

}  // namespace

Stream* Streams::find(std::uint32_t id) {
  if (last_ && last_->id == id) return last_;
  const auto found = open_.find(id);
  if (found == open_.end()) return nullptr;
  return last_ = &found->second;
}

Stream& Streams::open(std::uint32_t id) {
  Stream& stream =
      open_.emplace(std::piecewise_construct, std::tuple(id), std::tuple(id, std::ref(context_)))
          .first->second;
  stream.number = opened_++;
  make_room(stream);
  judge(stream);
  return *(last_ = &stream);
}

/// Whether it counts as open: not if nothing but an END_STREAM that may have been missed holds it.
void Streams::judge(Stream& stream) {
  const bool answered = stream.sent(server()).ended;
  set_maybe_over(stream, stream.doubtful[index(answered ? client_ : server())].has_value());
  largest_ = std::max(largest_, open_.size() - maybe_over_);
}

void Streams::set_maybe_over(Stream& stream, bool maybe_over) {
  if (stream.maybe_over == maybe_over) return;
  stream.maybe_over = maybe_over;
  maybe_over ? ++maybe_over_ : --maybe_over_;
}

void Streams::make_room(const Stream& newest) {
  while (open_.size() > kMaxStreams || bytes_ > kMaxHeldBytes || context_.ledger().pressed()) {
    auto oldest = open_.begin();
    if (&oldest->second == &newest) ++oldest;
    if (oldest == open_.end()) return;
    ++dropped_;
    close(oldest->second);
  }
}

void Streams::head(Stream& stream, Direction from, const FieldList& list, const Section& section) {
  Message& message = stream.sent(from);
  const std::size_t before = message.head.bytes();
  message.head.keep(list, section, context_.settings().show_secrets);
  const std::size_t grown = message.head.bytes() - before;
  stream.bytes += grown;
  bytes_ += grown;
  if (speaks_grpc(message) && !message.messages) message.messages.emplace();
  trailers(stream, section);  // a response without messages may bring its outcome in its head
  make_room(stream);
}

void Streams::trailers(Stream& stream, const Section& section) {
  if (section.grpc_status) stream.grpc_status = grpc::status(*section.grpc_status);
  if (section.grpc_message) stream.grpc_message = section.grpc_message->substr(0, kMaxGrpcMessage);
}

void Streams::asked(const Stream& stream) {
  const Exchange record = record_of(stream);
  if (record.host) context_.name_server(http::without_port(*record.host));
  const std::optional<std::string_view> path = record.path ? record.path : record.host;
  if (!record.method || !path) return;
  RequestSeen seen;
  seen.version = record.version;
  seen.stream = record.stream;
  seen.method = *record.method;
  seen.host = record.host;
  seen.path = *path;
  const Stamp& first = stream.sent(client_).first;
  seen.packet = first.packet;
  context_.emit(first.time, seen);
}

void Streams::begin_tunnel(Stream& stream) {
  const Section& request = stream.sent(client_).head.section();
  stream.tunnel.reset(new (context_.memory())
                          Conversation(conversation_.protocols(), context_.memory()));
  const Exchange exchange = record_of(stream);
  const Protocol* protocol =
      find_protocol(conversation_.protocols(), request.protocol.value_or(kNone));
  const std::string_view other = request.protocol ? kNone : Conversation::kWhateverFits;
  stream.tunnel->begin(stream.context, protocol ? protocol->name : other, &exchange);
}

void Streams::begin_content(Stream& stream, Direction from) {
  Message& message = stream.sent(from);
  const Section& section = message.head.section();
  const Message& request = stream.sent(client_);
  const bool answers = from == server();
  const std::uint16_t status = section.status.value_or(0);
  std::unique_ptr<Conversation> reader;
  if (answers && message.head.kept() && connects(request) && status >= 200 && status < 300) {
    begin_tunnel(stream);
  } else if (const Protocol* protocol =
                 http::reader_of(conversation_, answers ? section.content_type : std::nullopt,
                                 request.head.section().path.value_or(kNone))) {
    reader = http::open_reader(stream.context, conversation_, *protocol, record_of(stream));
  }
  // Without its head nobody knows how a content is coded.
  const http::ContentForm form{section.content_encoding.value_or(kNone),
                               !message.head.kept() || message.head.unknown_fields() > 0};
  message.body.begin(stream.context, form, message.content, strikes_, std::move(reader));
}

void Streams::content(Stream& stream, Direction from, Bytes bytes, const Stamp& stamp) {
  Message& message = stream.sent(from);
  message.last = stamp;
  if (message.messages) message.messages->data(bytes);
  message.body.content(bytes, stamp);
  if (stream.tunnel) stream.tunnel->data(stream.context, from, bytes, stamp);
}

void Streams::missing(Stream& stream, Direction from, std::uint64_t count, const Stamp& stamp) {
  Message& message = stream.sent(from);
  message.whole = false;
  if (message.messages) message.messages->lose();
  if (message.body.begun()) message.body.missing(count, stamp);
  if (stream.tunnel) stream.tunnel->gap(stream.context, from, count, stamp);
}

void Streams::end_message(Message& message, bool whole) {
  message.body.end(whole && message.whole);
  if (context_.settings().show_secrets || message.content.preview.empty()) return;
  http::RedactedTexts texts(context_.memory());
  http::redact_preview(message.content, message.head.section().content_type, texts);
}

void Streams::ended(Stream& stream, Direction from, const Stamp& last) {
  Message& message = stream.sent(from);
  message.ended = true;
  message.last = last;
  const auto announced = message.head.section().content_length;
  if (message.uncertain && announced != message.length) message.whole = false;
  // The response to HEAD announces what it would have had.
  if (announced && message.whole && message.content.present && *announced != message.length) {
    context_.flaw(kWrongLength, from);
  }
  end_message(message, true);
  if (stream.tunnel) stream.tunnel->end(stream.context, from, true, last);
  if (stream.messages[0].ended && stream.messages[1].ended) return close(stream);
  judge(stream);
  // Who has answered and ended waits for no request.
  if (from == server() && stream.doubtful[index(client_)] && !next_look_) {
    next_look_ = last.time + kGrace;
  }
}

void Streams::doubt(Direction from, Timestamp now) {
  searching_[index(from)] = true;
  work(open_.size());
  for (auto each = open_.begin(); each != open_.end();) {
    Stream& stream = (each++)->second;
    Message& message = stream.sent(from);
    if (message.ended) continue;
    message.uncertain = message.uncertain || message.seen;
    doubt(stream, from, now);
    const auto announced = message.head.section().content_length;
    const bool here = message.content.present && announced && message.length == *announced;
    if (here) ended(stream, from, message.last);
  }
}

void Streams::keep_within(std::size_t most, Direction opener, const Stream& newest) {
  if (open_.size() <= most) return;
  work(open_.size());
  const auto counts = [&](const Stream& stream) {
    return (stream.id % 2 == 1) == (opener == client_);
  };
  std::size_t count = 0;
  for (const auto& [id, stream] : open_) count += counts(stream);
  for (auto each = open_.begin(); count > most && each != open_.end();) {
    Stream& stream = (each++)->second;
    if (&stream == &newest || !counts(stream) || !is_doubtful(stream, server())) continue;
    give_up(stream);
    --count;
  }
}

void Streams::close_silent(Timestamp now) {
  work(open_.size());
  next_look_.reset();
  for (auto each = open_.begin(); each != open_.end();) {
    Stream& stream = (each++)->second;
    const Message& response = stream.sent(server());
    const std::optional<Timestamp>& since = stream.doubtful[index(server())];
    if (since && now - *since >= kPatience) {
      give_up(stream);
    } else if (response.ended && stream.doubtful[index(client_)]) {
      const Timestamp due = response.last.time + kGrace;
      if (now >= due && !searching_[index(client_)]) {
        give_up(stream);
      } else {
        next_look_ = std::min(next_look_.value_or(now + kGrace), std::max(due, now + kGrace));
      }
    }
  }
}

/// Its end was missed.
void Streams::give_up(Stream& stream) {
  ++ends_missed_;
  close(stream);
}

void Streams::close(Stream& stream) {
  for (Message& message : stream.messages) end_message(message, message.ended);
  if (stream.tunnel) stream.tunnel->finish(stream.context, context_.packet());
  write(stream);
  set_maybe_over(stream, false);
  bytes_ -= stream.bytes;
  closed_[slot(stream.id)] = stream.id;
  last_ = nullptr;
  open_.erase(stream.id);
}

void Streams::finish() {
  while (!open_.empty()) close(open_.begin()->second);
}

void Streams::describe_upgraded(Exchange& record) const {
  const Exchange* asked = conversation_.exchange();
  if (!asked) return;
  record.method = asked->method;
  record.scheme = asked->scheme;
  record.host = asked->host;
  record.path = asked->path;
  record.request_headers = asked->request_headers;
  record.request_packet = asked->request_packet;
  record.request_body_bytes = asked->request_body_bytes;
  record.request_body_wire_bytes = asked->request_body_wire_bytes;
  record.timing.send = asked->timing.send;
}

void Streams::describe_request(const Stream& stream, Exchange& record) const {
  const Message& request = stream.sent(client_);
  record.request_packet = request.first.packet;
  http::describe_request_content(request.content, record);
  if (request.ended) record.timing.send = http::span(request.first.time, request.last.time);
  if (!request.head.kept()) return;
  const Section& section = request.head.section();
  record.method = section.method;
  record.scheme = section.scheme;
  if (section.authority) record.host = http::text(host_of(*section.authority));
  record.path = section.path;
  record.request_headers = request.head.fields();
}

Exchange Streams::record_of(const Stream& stream) const {
  const Message& request = stream.sent(client_);
  const Message& response = stream.sent(server());
  Exchange record;
  record.version = "2";
  record.stream = stream.id;
  if (stream.upgraded) {
    describe_upgraded(record);
  } else if (request.seen) {
    describe_request(stream, record);
  }
  if (!record.scheme) record.scheme = context_.secure() ? "https" : "http";
  if (response.seen) {
    record.response_packet = response.first.packet;
    if (response.ended) record.timing.receive = http::span(response.first.time, response.last.time);
    http::describe_response_content(response.content, record);
  }
  if (response.head.kept()) {
    const Section& section = response.head.section();
    record.status = section.status;
    record.response_headers = response.head.fields();
    record.content_type = section.content_type;
    record.content_encoding = section.content_encoding;
  }
  if (request.ended && response.seen) {
    record.timing.wait = http::span(request.last.time, response.first.time);
  }
  record.reused = stream.number > 0 || conversation_.handed_on();
  if (!record.reused) http::describe_opening(context_, record);
  if (stream.pushed) record.pushed = true;
  record.complete = request.ended && request.whole && response.ended && response.whole;
  const std::uint64_t unknown = request.head.unknown_fields() + response.head.unknown_fields();
  if (unknown > 0) record.unknown_headers = unknown;
  if (stream.reset) {
    record.reset = error_name(*stream.reset);
    record.reset_by = name_of(stream.reset_by);
  }
  return record;
}

void Streams::write(Stream& stream) {
  const Message& request = stream.sent(client_);
  const Message& response = stream.sent(server());
  const Exchange record = record_of(stream);
  context_.emit(request.seen ? request.first.time : response.first.time, record);
  if (speaks_grpc(request) || speaks_grpc(response)) write_call(stream, record);
}

void Streams::write_call(const Stream& stream, const Exchange& record) {
  const Message& request = stream.sent(client_);
  const Message& response = stream.sent(server());
  GrpcCall call;
  call.stream = stream.id;
  if (const auto name = grpc::name_of_call(record.path.value_or(kNone))) {
    call.service = name->service;
    call.method = name->method;
  }
  call.status = stream.grpc_status;
  if (call.status) call.status_name = grpc::status_name(*call.status);
  call.message = http::text(stream.grpc_message);
  const auto count = [](const Message& message) -> std::optional<std::uint64_t> {
    if (!message.messages || !message.whole || !message.head_seen) return std::nullopt;
    return message.messages->count();
  };
  call.request_messages = count(request);
  call.response_messages = count(response);
  if (!call.response_messages && response.ended && response.whole && !response.content.present) {
    call.response_messages = 0;
  }
  std::uint64_t compressed = 0;
  for (const Message& message : stream.messages) {
    if (message.messages) compressed += message.messages->compressed();
  }
  if (compressed > 0) call.compressed_messages = compressed;
  if (request.seen && response.ended) {
    call.duration = http::span(request.first.time, response.last.time);
  }
  context_.emit(request.seen ? request.first.time : response.first.time, call);
}

}  // namespace wirelens::http2
