// http2/connection.h - what frames do to a connection: both ends' settings, windows and tables, the
// streams, and the record that sums it up.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <vector>

#include "dissect/conversation.h"
#include "http2/frame.h"
#include "http2/hole_watch.h"
#include "http2/hpack.h"
#include "http2/incident.h"
#include "http2/records.h"
#include "http2/streams.h"
#include "http2/window.h"

namespace wirelens::http2 {

/// Most bytes of a field section as sent, and most CONTINUATION frames of one; beyond, it is
/// dropped, and with it what is known of the sender's table.
inline constexpr std::size_t kMaxBlock = 262144;
inline constexpr std::size_t kMaxContinuations = 32;

inline constexpr Flaw kFrameSize{"http2.frame_size", "RFC 9113 4.2"};
inline constexpr Flaw kWrongStream{"http2.wrong_stream", "RFC 9113 6"};
inline constexpr Flaw kUnexpectedFrame{"http2.unexpected_frame", "RFC 9113 5.1"};
inline constexpr Flaw kInterruptedBlock{"http2.interrupted_field_section", "RFC 9113 6.10"};
inline constexpr Flaw kContinuationFlood{"http2.continuation_flood", "RFC 9113 10.5.1"};
inline constexpr Flaw kLongSection{"http2.long_field_section", "RFC 9113 10.5.1"};
inline constexpr Flaw kCompression{"http2.compression_error", "RFC 9113 4.3"};
inline constexpr Flaw kManyFields{"http2.too_many_fields", "RFC 9113 10.5.1"};
inline constexpr Flaw kPadding{"http2.padding", "RFC 9113 6.1"};
inline constexpr Flaw kMalformed{"http2.malformed_message", "RFC 9113 8.1.1"};
inline constexpr Flaw kSetting{"http2.setting_value", "RFC 9113 6.5.2"};
inline constexpr Flaw kWindowValue{"http2.window_update_value", "RFC 9113 6.9"};

/// A frame with the packets of its first byte and of its last.
struct Frame {
  FrameHeader header;
  Stamp first;
  Stamp last;
};

/// A field section being gathered from its frames.
struct Block {
  explicit Block(std::pmr::memory_resource& memory) : bytes(&memory) {}

  bool begun = false;  ///< CONTINUATION frames are to come
  std::uint32_t stream = 0;
  bool promises = false;       ///< PUSH_PROMISE
  std::uint32_t promised = 0;  ///< by it; 0 if that was missed
  bool end_stream = false;
  bool damaged = false;  ///< bytes are missing, or there were too many
  std::size_t continuations = 0;
  Stamp first;
  std::pmr::vector<std::uint8_t> bytes;
};

/// What one end sends.
struct Sender {
  Sender(const Stamp& begun, std::pmr::memory_resource& memory)
      : headers(memory), block(memory), watch(begun, memory) {}

  bool from_beginning = false;  ///< its first frame was seen
  HeaderDecoder headers;
  Block block;
  HoleWatch watch;
  Window window{std::nullopt};  ///< of the connection
  Settings settings;
  bool announced = false;  ///< it sent SETTINGS
  unsigned unacknowledged = 0;
  bool acknowledged = false;
  std::uint32_t highest = 0;  ///< stream that it opened
  std::optional<Stamp> ping;  ///< an unanswered one

  FrameCounts frames;
  std::uint64_t data_bytes = 0;
  std::uint64_t block_bytes = 0;
  std::uint64_t field_bytes = 0;
  std::uint64_t unknown_fields = 0;
  std::uint64_t lost_blocks = 0;
  std::optional<Duration> ping_rtt;
  std::uint64_t resets = 0;
  std::array<std::uint64_t, 15> reset_codes{};  ///< the last one: all others
  Stalls connection_stalls;
  Stalls stream_stalls;
  HeadOfLine head_of_line;
  Busy busy_pings;
  Busy busy_settings;
};

class Connection {
 public:
  Connection(Context& context, Conversation& conversation);

  /// What `from` sends begins here, and not in the middle.
  void begin(Direction from);
  /// Frames of `from` were missed, or its beginning was.
  void lose(Direction from);
  /// Frames of `from` were found again; what was looked at until then did not wait for TCP.
  void found(Direction from) {
    sender(from).watch.give_up(context_.packet());
    streams_.found(from);
  }
  /// Who asks. Until it is known the heads of messages tell.
  Direction client() const { return streams_.client(); }
  void set_client(Direction client);
  /// The longest payload that `from` may send, as far as is known.
  std::uint32_t longest_frame(Direction from) const;

  /// A frame's header was read. False if the frame breaks the rules so that its payload means
  /// nothing.
  bool header(Direction from, const Frame& frame);
  /// The payload of any frame but DATA. `missing`: bytes of it are, or it was too long to keep;
  /// `payload` is what there is.
  void payload(Direction from, const Frame& frame, Bytes payload, bool missing);
  /// DATA: its beginning, its content and holes in that, its end; or what came of it when the rest
  /// of the stream was lost.
  void begin_data(Direction from, const Frame& frame);
  void data(Direction from, std::uint32_t stream, Bytes bytes, const Stamp& stamp);
  void missing_data(Direction from, std::uint32_t stream, std::uint64_t count, const Stamp& stamp);
  void end_data(Direction from, const Frame& frame);
  void cut_data(Direction from, std::uint32_t stream);
  /// Bytes of a frame were read: for head-of-line blocking. `own`: the packet that brought them.
  void watch(Direction from, std::uint32_t stream, std::uint64_t bytes, const Stamp& own);
  void flaw(const Flaw& flaw, Direction from, std::string_view detail = {}) {
    context_.flaw(flaw, from, detail);
  }
  /// Writes what is pending, and `http2`.
  void finish();

 private:
  using Codes = std::array<std::pair<std::string_view, std::uint64_t>, 15>;

  Sender& sender(Direction from) { return senders_[index(from)]; }
  void headers(Direction from, const Frame& frame, Bytes payload, bool missing);
  void continuation(Direction from, const Frame& frame, Bytes payload, bool missing);
  void add_to_block(Direction from, Bytes fragment);
  void end_block(Direction from, Bytes bytes, const Stamp& last);
  void drop_block(Direction from);
  void section(Direction from, const FieldList* list, const Stamp& last);
  void promise(Direction from, const FieldList* list, const Stamp& last);
  void settle_client(Direction from, const FieldList& list);
  void take_head(Stream& stream, Direction from, const FieldList* list, const Section& said);
  void tell(Direction from, const Faults& faults);
  Stream* stream_of(Direction from, std::uint32_t id);
  Stream* receiver(Direction from, std::uint32_t id);
  Stream& open(std::uint32_t id);
  void look_for_silence(Timestamp now);
  std::optional<std::int64_t> initial_window(Direction from) const;

  void control(Direction from, const Frame& frame, Bytes payload);
  void settings(Direction from, const Frame& frame, Bytes payload);
  void settings_of_upgrade(const Exchange& request);
  void apply(Direction from, Bytes settings, Timestamp now);
  void set(Direction from, std::uint16_t parameter, std::uint32_t value);
  void ping(Direction from, const Frame& frame);
  void goaway(Direction from, const Frame& frame, Bytes payload);
  void reset_stream(Direction from, const Frame& frame, Bytes payload);
  void window_update(Direction from, const Frame& frame, Bytes payload);
  void take_hole(Direction from, const HoleWatch::Hole& hole);
  void tell_busy(Direction from, FrameType type, std::optional<Incident> second);
  void tell_stall(Direction from, std::uint32_t stream, Duration time, const Stamp& at, bool ended);
  void tell_shut_windows(Direction from);
  void tell_goaways();
  Duration prompt() const;
  EndSummary summary_of(const Sender& sender, Codes& codes) const;
  std::string_view begun() const;

  Context& context_;
  std::array<Sender, 2> senders_;
  Streams streams_;
  bool client_known_;
  bool upgraded_ = false;
  bool lossy_ = false;      // frames were missed: what is not known may have been in them
  Timestamp look_again_{};  // when doubtful streams are looked at next
  Stamp first_;
  struct KnownGoaway {
    Goaway record;
    Stamp at;
    std::pmr::string debug;
  };
  std::pmr::vector<KnownGoaway> goaways_;
  struct KnownBlocked {
    BlockedStreams record;
    std::pmr::vector<std::uint32_t> lost;
    std::pmr::vector<std::uint32_t> waiting;
  };
  std::pmr::vector<KnownBlocked> blocked_;
};

}  // namespace wirelens::http2
