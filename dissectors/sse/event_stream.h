// sse/event_stream.h - reads an event stream (WHATWG HTML, section 9.2.6) as it comes in.
//
// Lines end in CR, LF or CRLF. Of a line only what records show is kept, however long it is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "event/stamp.h"

namespace wirelens::sse {

/// Bytes of an event's type, and of an id, that are kept.
inline constexpr std::size_t kMaxType = 256;
inline constexpr std::size_t kMaxId = 1024;

/// An event when its blank line has come.
struct Dispatched {
  std::string type;               ///< empty: "message"
  std::optional<std::string> id;  ///< if this event sets it
  std::optional<std::uint64_t> retry;
  std::uint64_t data_bytes = 0;  ///< data lines, joined by a line feed each
  std::string data;              ///< the first kPreviewBytes bytes of that
  Stamp first;                   ///< packet of its first byte
  Stamp last;                    ///< and of its blank line
  bool complete = true;          ///< no hole in it or just before it
  Duration torn{};               ///< longest pause in the middle of one of its lines
};

/// Who hears of events; what is lent lives for the call.
class StreamListener {
 public:
  virtual ~StreamListener() = default;
  virtual void event(const Dispatched& event) = 0;
  /// A comment line, with which servers keep a stream alive.
  virtual void heartbeat(const Stamp& stamp) = 0;
};

class EventStream {
 public:
  explicit EventStream(StreamListener& listener) : listener_(listener) {}

  void feed(Bytes bytes, const Stamp& stamp);
  /// Bytes were lost: what is begun is told as incomplete, and so is what ends next.
  void lost();
  /// An event has begun that was never ended: readers discard it.
  bool unfinished() const { return lines_ > 0 || line_begun_; }

  /// What a reader would send as Last-Event-ID at a reconnect; absent until an id was set.
  const std::optional<std::string>& last_event_id() const { return last_event_id_; }
  /// The reconnection time last set, in milliseconds.
  std::optional<std::uint64_t> retry() const { return retry_; }

 private:
  enum class Part : std::uint8_t { name, space, value, comment, ignored };
  enum class FieldName : std::uint8_t { data, event, id, retry, other };

  Bytes without_mark(Bytes bytes, const Stamp& stamp);
  void take(std::string_view piece, const Stamp& stamp);
  void begin_value();
  void take_value(std::string_view piece);
  void end_line(const Stamp& stamp);
  void end_field();
  void dispatch(const Stamp& stamp);
  void forget_event();

  StreamListener& listener_;
  std::optional<Timestamp> fed_;  // when bytes came last
  std::size_t mark_ = 0;          // bytes of the byte order mark seen; 3: past it
  bool after_cr_ = false;         // a line feed belongs to the line end before it
  bool skipping_ = false;         // up to the next line end: its beginning was lost
  bool line_begun_ = false;       // bytes of a line have come
  Part part_ = Part::name;
  FieldName name_ = FieldName::other;
  std::array<char, 5> name_text_{};
  std::size_t name_length_ = 0;

  Dispatched event_;
  std::uint64_t lines_ = 0;       // of this event
  std::uint64_t data_lines_ = 0;  // ... that are data
  std::string id_;                // of the line that is being read
  bool id_has_null_ = false;
  std::uint64_t number_ = 0;  // of the retry line
  bool is_number_ = false;
  std::optional<std::string> last_event_id_;
  std::optional<std::uint64_t> retry_;
};

}  // namespace wirelens::sse
