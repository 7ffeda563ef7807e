// sse/sse.cc - events as they come, and what there is to say of the whole stream.
#include "sse/sse.h"

#include <algorithm>
#include <array>
#include <memory>

#include "common/http_text.h"
#include "common/preview.h"
#include "common/utf8.h"
#include "dissect/conversation.h"
#include "sse/course.h"
#include "sse/event_stream.h"
#include "sse/records.h"
#include "sse/rules/rules.h"

namespace wirelens::sse {
namespace {

constexpr Flaw kInvalidUtf8{"sse.invalid_utf8", "WHATWG HTML 9.2.5"};

/// The value of Last-Event-ID in the request.
std::optional<std::string_view> resumed_from(const Exchange* exchange) {
  if (!exchange || !exchange->request_headers) return std::nullopt;
  for (const HeaderField& field : *exchange->request_headers) {
    if (http::same_ignoring_case(field.first, "last-event-id")) return http::trimmed(field.second);
  }
  return std::nullopt;
}

class Sse final : public Dissector, private ContentSink, private StreamListener {
 public:
  Sse(Context& context, Conversation& conversation)
      : context_(context),
        conversation_(conversation),
        began_(context.packet().time),
        heard_(began_),
        last_(began_) {
    course_.began = course_.silence_after = line_ = context.packet();
    rhythm_.begin(line_);
  }

  Dissection read(Context& context, Input& in) override { return read_events(context, in); }
  Dissection resume(Context& context, Input& in) override {
    if (in.from() == Direction::from_server) events_.lost();
    return read_events(context, in);
  }
  void finish(Context& context) override;

 private:
  Dissection read_events(Context& context, Input& in);
  void content(Bytes bytes, const Stamp& stamp) override;
  void missing(std::uint64_t count, const Stamp& stamp) override;
  void event(const Dispatched& event) override;
  void heartbeat(const Stamp& stamp) override;
  void note_line(const Stamp& stamp);
  void tell_course();

  Context& context_;
  Conversation& conversation_;
  EventStream events_{*this};
  Utf8Check utf8_;
  Stream totals_;
  Timestamp began_;
  Timestamp heard_;                  // when the last event or heartbeat came
  Timestamp last_;                   // the last byte
  std::optional<Timestamp> before_;  // the last event
  Course course_;
  Rhythm rhythm_;
  Stamp line_;  // the last event or heartbeat
  std::string preview_;
};

Dissection Sse::read_events(Context&, Input& in) {
  if (in.from() == Direction::from_client) co_return;
  co_await in.pass_rest(this);
  totals_.complete = in.ended_cleanly() && totals_.missing_bytes == 0;
}

void Sse::content(Bytes bytes, const Stamp& stamp) {
  last_ = stamp.time;
  if (utf8_.valid() && !utf8_.feed(bytes)) context_.flaw(kInvalidUtf8, Direction::from_server);
  events_.feed(bytes, stamp);
}

void Sse::missing(std::uint64_t count, const Stamp& stamp) {
  totals_.missing_bytes += count;
  last_ = stamp.time;
  utf8_ = {};
  events_.lost();
}

void Sse::note_line(const Stamp& stamp) {
  if (stamp.time < heard_) return;
  const Duration silence = stamp.time - heard_;
  totals_.longest_silence = std::max(totals_.longest_silence.value_or(Duration{}), silence);
  if (silence > course_.longest_silence) {
    course_.longest_silence = silence;
    course_.silence_after = line_;
  }
  line_ = stamp;
  heard_ = stamp.time;
}

void Sse::tell_course() {
  const Exchange* exchange = conversation_.exchange();
  course_.stream = totals_.stream;
  course_.host = totals_.host;
  course_.path = totals_.path;
  course_.asked_by_get = exchange && exchange->method == "GET";
  course_.has_ids = totals_.last_event_id.has_value();
  course_.complete = totals_.complete;
  course_.events = totals_.events;
  course_.heartbeats = totals_.heartbeats;
  course_.lines = totals_.events + totals_.heartbeats;
  course_.ended = line_;
  context_.emit(began_, course_);
}

void Sse::heartbeat(const Stamp& stamp) {
  ++totals_.heartbeats;
  note_line(stamp);
}

void Sse::event(const Dispatched& event) {
  const Timestamp time = event.last.time;
  if (totals_.events++ == 0 && time >= began_) totals_.first_event_time = time - began_;
  if (before_ && time >= *before_) {
    totals_.longest_gap = std::max(totals_.longest_gap.value_or(Duration{}), time - *before_);
  }
  before_ = time;
  note_line(event.last);
  if (event.complete) rhythm_.event(event.first, event.last, event.torn, course_);
  totals_.data_bytes += event.data_bytes;

  EventSeen seen;
  seen.stream = context_.stream();
  seen.event = event.type.empty() ? std::string_view("message") : std::string_view(event.type);
  if (event.id) seen.id = *event.id;
  seen.retry = event.retry;
  seen.data_bytes = event.data_bytes;
  if (!event.data.empty()) {
    write_preview(event.data, context_.settings().show_secrets, preview_);
    seen.preview = preview_;
  }
  seen.packet = event.first.packet;
  seen.complete = event.complete;
  context_.emit(event.first.time, seen);
}

void Sse::finish(Context& context) {
  totals_.stream = context.stream();
  if (const Exchange* exchange = conversation_.exchange()) {
    totals_.host = exchange->host;
    totals_.path = exchange->path;
  }
  totals_.resumed_from = resumed_from(conversation_.exchange());
  totals_.reconnect = totals_.resumed_from.has_value();
  if (events_.last_event_id()) totals_.last_event_id = *events_.last_event_id();
  totals_.retry = events_.retry();
  if (events_.unfinished()) totals_.unfinished = true;
  // A response that has not ended is silent until the connection has, or the capture.
  last_ = std::max(last_, context.packet().time);
  const std::uint64_t packet = context.packet().packet;
  const Duration before = course_.longest_silence;
  note_line({packet, last_});
  course_.silent_at_end = course_.longest_silence > before;
  tell_course();
  totals_.duration = last_ - began_;
  context.emit(began_, totals_);
}

std::unique_ptr<Dissector> open(Context& context, Conversation& conversation) {
  return std::unique_ptr<Dissector>(new (context.memory()) Sse(context, conversation));
}

constexpr std::array<const EventType*, 2> kEvents = {&kEventType<EventSeen>, &kEventType<Stream>};
constexpr std::array<std::string_view, 1> kMediaTypes = {"text/event-stream"};

}  // namespace

const Protocol kProtocol = {.name = "sse",
                            .transport = Transport::tcp,
                            .probe = nullptr,
                            .open = open,
                            .events = kEvents,
                            .media_types = kMediaTypes,
                            .rules = rules()};

}  // namespace wirelens::sse
