// http2/streams.h - the streams that are open, and the records of exchanges.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <optional>

#include "dissect/conversation.h"
#include "http2/stream.h"

namespace wirelens::http2 {

/// Most streams that are open at once, and most bytes of heads and previews that they hold; beyond,
/// the oldest is told as it stands.
inline constexpr std::size_t kMaxStreams = 1024;
inline constexpr std::size_t kMaxHeldBytes = 1u << 20;
/// A stream whose response may have ended in what was missed is told as it stands when nothing more
/// of it has come for so long while others went on.
inline constexpr Duration kPatience = std::chrono::seconds(60);
/// One whose response has ended, so long behind that: what lies behind a hole in its requests' side
/// may be read later than the response.
inline constexpr Duration kGrace = std::chrono::seconds(1);

inline constexpr Flaw kWrongLength{"http2.content_length_mismatch", "RFC 9113 8.1.1"};

class Streams {
 public:
  Streams(Context& context, Conversation& conversation)
      : context_(context), conversation_(conversation), open_(&context.memory()) {}

  /// Who asks. May be corrected until the first record is written.
  Direction client() const { return client_; }
  Direction server() const { return opposite(client_); }
  void set_client(Direction client) { client_ = client; }

  /// nullptr if it is not open.
  Stream* find(std::uint32_t id);
  Stream& open(std::uint32_t id);
  /// It was open, and is not any more. Only streams of late are remembered.
  bool was_closed(std::uint32_t id) const { return closed_[slot(id)] == id && id != 0; }

  /// The head of `from`'s message. What is kept of it counts.
  void head(Stream& stream, Direction from, const FieldList& list, const Section& section);
  /// Its trailers.
  void trailers(Stream& stream, const Section& section);
  /// The request is there: writes `http_request`.
  void asked(const Stream& stream);
  /// Content follows the head of `from`'s message, or follows without one.
  void begin_content(Stream& stream, Direction from);
  void content(Stream& stream, Direction from, Bytes bytes, const Stamp& stamp);
  void missing(Stream& stream, Direction from, std::uint64_t count, const Stamp& stamp);
  /// END_STREAM. When both sides have ended, writes `http` and closes.
  void ended(Stream& stream, Direction from, const Stamp& last);
  /// Nothing more comes: writes `http` and closes.
  void close(Stream& stream);

  // Where bytes are missing, END_STREAM may be among them. What has ended is told then by what is
  // known otherwise, and by nothing else.

  /// Frames of `from` were missed: messages that have not ended may have done so. One whose content
  /// is all there (Content-Length) has.
  void doubt(Direction from, Timestamp now);
  /// Frames of `from` were found again. Until then what it says of its streams may be on its way.
  void found(Direction from) { searching_[index(from)] = false; }
  /// A frame of `from` shows that its message had not.
  void believe(Stream& stream, Direction from) {
    if (!stream.doubtful[index(from)]) return;
    stream.doubtful[index(from)].reset();
    judge(stream);
  }
  /// The end of `from`'s message may have been missed since then.
  void doubt(Stream& stream, Direction from, Timestamp since) {
    if (!stream.doubtful[index(from)]) stream.doubtful[index(from)] = since;
    judge(stream);
  }
  /// `opener` has opened `newest` and may have `most` streams open (RFC 9113 section 5.1.2): of its
  /// others the oldest doubtful ones have ended.
  void keep_within(std::size_t most, Direction opener, const Stream& newest);
  /// Closes those whose response has been doubtful, and so silent, for kPatience; and those whose
  /// response ended kGrace ago.
  void close_silent(Timestamp now);
  /// When close_silent() has something to do, before kPatience is over.
  std::optional<Timestamp> next_look() const { return next_look_; }
  void finish();

  std::uint64_t opened() const { return opened_; }
  std::uint64_t pushed() const { return pushed_; }
  std::uint64_t dropped() const { return dropped_; }
  /// Streams that were closed though their end was not seen.
  std::uint64_t ends_missed() const { return ends_missed_; }
  /// Most streams that were open at once for certain.
  std::size_t largest() const { return largest_; }
  std::size_t live() const { return open_.size(); }
  /// Every open stream, for settings that change them all.
  template <class Function>
  void for_each(Function function) {
    for (auto& [id, stream] : open_) function(stream);
  }
  void note_pushed(Stream& stream) {
    stream.pushed = true;
    ++pushed_;
  }

 private:
  using Map = std::pmr::map<std::uint32_t, Stream>;
  static constexpr std::size_t kRemembered = 128;
  static std::size_t slot(std::uint32_t id) { return (id >> 1 ^ id << 6) % kRemembered; }

  Exchange record_of(const Stream& stream) const;
  void describe_request(const Stream& stream, Exchange& record) const;
  void describe_upgraded(Exchange& record) const;
  void write(Stream& stream);
  void write_call(const Stream& stream, const Exchange& record);
  void end_message(Message& message, bool whole);
  void make_room(const Stream& newest);
  void give_up(Stream& stream);
  /// The end of what `from` sends may have been missed, and is not still on its way.
  bool is_doubtful(const Stream& stream, Direction from) const {
    return stream.doubtful[index(from)] && !searching_[index(from)];
  }
  void begin_tunnel(Stream& stream);
  void judge(Stream& stream);
  void set_maybe_over(Stream& stream, bool maybe_over);

  Context& context_;
  Conversation& conversation_;
  Direction client_ = Direction::from_client;
  Map open_;
  Stream* last_ = nullptr;  // found last
  std::array<std::uint32_t, kRemembered> closed_{};
  std::uint64_t opened_ = 0;
  std::uint64_t pushed_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t ends_missed_ = 0;
  std::array<bool, 2> searching_{};
  std::optional<Timestamp> next_look_;
  std::size_t maybe_over_ = 0;  // of those that are open
  std::size_t largest_ = 0;
  std::size_t bytes_ = 0;
  unsigned strikes_ = 0;
};

}  // namespace wirelens::http2
