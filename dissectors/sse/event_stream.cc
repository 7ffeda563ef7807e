// sse/event_stream.cc - lines, fields and events.
#include "sse/event_stream.h"

#include <algorithm>
#include <utility>

#include "base/work.h"
#include "common/http_text.h"
#include "common/preview.h"

namespace wirelens::sse {
namespace {

constexpr std::string_view kMark = "\xef\xbb\xbf";
/// Ten digits of milliseconds are four months.
constexpr std::uint64_t kMaxRetry = 9'999'999'999;

void append(std::string& text, std::string_view more, std::size_t most) {
  if (text.size() < most) text.append(more.substr(0, most - text.size()));
}

}  // namespace

Bytes EventStream::without_mark(Bytes bytes, const Stamp& stamp) {
  while (mark_ < kMark.size() && !bytes.empty()) {
    if (bytes[0] != static_cast<std::uint8_t>(kMark[mark_])) {
      // Its beginning was none: those bytes are part of a name that nobody knows.
      if (mark_ > 0) part_ = Part::ignored;
      event_.first = stamp;
      line_begun_ = mark_ > 0;
      mark_ = kMark.size();
      break;
    }
    ++mark_;
    bytes = bytes.subspan(1);
  }
  return bytes;
}

void EventStream::feed(Bytes bytes, const Stamp& stamp) {
  work(bytes.size());
  bytes = without_mark(bytes, stamp);
  std::string_view text = as_text(bytes);
  if (line_begun_ && fed_) event_.torn = std::max(event_.torn, stamp.time - *fed_);
  fed_ = stamp.time;
  while (!text.empty()) {
    if (std::exchange(after_cr_, false) && text.front() == '\n') {
      text.remove_prefix(1);
      continue;
    }
    const std::size_t end = http::find_any<'\r', '\n'>(text);
    if (end > 0 && !skipping_) take(text.substr(0, end), stamp);
    if (end == text.size()) break;
    after_cr_ = text[end] == '\r';
    if (!std::exchange(skipping_, false)) end_line(stamp);
    text.remove_prefix(end + 1);
  }
}

void EventStream::take(std::string_view piece, const Stamp& stamp) {
  if (!line_begun_ && lines_ == 0) event_.first = stamp;
  if (!line_begun_ && piece.front() == ':') part_ = Part::comment;
  line_begun_ = true;
  if (part_ == Part::name) {
    const std::size_t colon = piece.find(':');
    const std::string_view name = piece.substr(0, colon);
    const std::size_t room = name_text_.size() - std::min(name_text_.size(), name_length_);
    name.copy(name_text_.data() + (name_text_.size() - room), room);
    name_length_ += name.size();
    if (colon == std::string_view::npos) return;
    piece.remove_prefix(colon + 1);
    begin_value();
    part_ = name_ == FieldName::other ? Part::ignored : Part::space;
  }
  if (part_ == Part::space && !piece.empty()) {
    if (piece.front() == ' ') piece.remove_prefix(1);
    part_ = Part::value;
  }
  if (part_ == Part::value) take_value(piece);
}

void EventStream::begin_value() {
  const std::string_view name(name_text_.data(), std::min(name_length_, name_text_.size()));
  name_ = FieldName::other;
  if (name_length_ > name_text_.size()) return;
  if (name == "data") {
    name_ = FieldName::data;
    if (data_lines_++ > 0) {
      ++event_.data_bytes;
      append(event_.data, "\n", kPreviewBytes);
    }
  } else if (name == "event") {
    name_ = FieldName::event;
    event_.type.clear();
  } else if (name == "id") {
    name_ = FieldName::id;
    id_.clear();
    id_has_null_ = false;
  } else if (name == "retry") {
    name_ = FieldName::retry;
    number_ = 0;
    is_number_ = false;
  }
}

void EventStream::take_value(std::string_view piece) {
  switch (name_) {
    case FieldName::data:
      event_.data_bytes += piece.size();
      append(event_.data, piece, kPreviewBytes);
      break;
    case FieldName::event:
      append(event_.type, piece, kMaxType);
      break;
    case FieldName::id:
      id_has_null_ = id_has_null_ || piece.find('\0') != std::string_view::npos;
      append(id_, piece, kMaxId);
      break;
    case FieldName::retry:
      for (const char c : piece) {
        is_number_ = http::is_digit(c) && (is_number_ || number_ == 0);
        if (!is_number_) {
          name_ = FieldName::other;
          break;
        }
        number_ = std::min(number_ * 10 + static_cast<std::uint64_t>(c - '0'), kMaxRetry);
      }
      break;
    case FieldName::other:
      break;
  }
}

void EventStream::end_line(const Stamp& stamp) {
  if (!line_begun_) return dispatch(stamp);
  if (part_ == Part::comment) {
    listener_.heartbeat(stamp);
  } else {
    if (part_ == Part::name) begin_value();  // a field without a colon has an empty value
    if (part_ != Part::ignored) end_field();
    ++lines_;
  }
  line_begun_ = false;
  part_ = Part::name;
  name_length_ = 0;
}

void EventStream::end_field() {
  if (name_ == FieldName::id && !id_has_null_) {
    last_event_id_ = id_;
    event_.id = id_;
  } else if (name_ == FieldName::retry && is_number_) {
    retry_ = event_.retry = number_;
  }
}

void EventStream::dispatch(const Stamp& stamp) {
  if (data_lines_ > 0) {
    event_.last = stamp;
    listener_.event(event_);
  }
  forget_event();
}

void EventStream::forget_event() {
  event_.type.clear();
  event_.id.reset();
  event_.retry.reset();
  event_.data_bytes = 0;
  event_.data.clear();
  event_.complete = true;
  event_.torn = {};
  lines_ = data_lines_ = 0;
}

void EventStream::lost() {
  mark_ = kMark.size();
  event_.complete = false;
  if (data_lines_ > 0) dispatch(event_.first);
  forget_event();
  event_.complete = false;
  fed_.reset();
  line_begun_ = false;
  part_ = Part::name;
  name_length_ = 0;
  after_cr_ = false;
  skipping_ = true;
}

}  // namespace wirelens::sse
