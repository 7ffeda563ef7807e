// tcp/trail.h - the segments that one end sent last: those in flight, and a few that were
// delivered.
//
// It answers three questions about an ACK or a segment: how long did this take (round trips), was
// this sent before and when (retransmissions), and was it the same then (conflicts). An active
// direction has one; a quiet one, with everything acknowledged, gives it back.
//
//   oldest ........ acknowledged | in flight ........ newest      a ring, in order of sequence
//
// Payload is remembered by the first kHeadBytes of the last kHeads segments, and the whole segment
// by a hash as long as the sender has not been talking for more than kWholeBytes without an answer.
// To hash or copy more would make bulk transfers pay for memory that they never read: a conflict
// further into such a segment goes unnoticed once it was delivered. The first copy counts in any
// case.
//
// Memory is laid out for connections that many others come between, where each line of the cache
// is a wait: the trail and its first segment are one line, what that segment began with the next.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/ledger.h"
#include "base/prefetch.h"
#include "base/time.h"
#include "event/stamp.h"
#include "tcp/half.h"
#include "tcp/seq.h"

namespace wirelens::tcp {

/// The least retransmission timeout that stacks use (RFC 6298 asks for a second, nobody waits it).
inline constexpr Duration kMinTimeout = std::chrono::milliseconds(200);
/// Before a round trip was measured (RFC 6298 section 2.1).
inline constexpr Duration kFirstTimeout = std::chrono::seconds(1);

/// A segment as it was sent last.
struct SentSegment {
  Timestamp time;
  Seq begin;
  std::uint32_t length = 0;
  std::uint32_t timestamp = 0;  ///< TSval; 0 without the option
  std::uint16_t id = 0;         ///< IPv4 identification
  bool resent : 1 = false;
  bool ticked : 1 = false;    ///< resent with another TSval: an echo tells the copies apart
  bool spurious : 1 = false;  ///< counted as such
  bool copied : 1 = false;    ///< seen twice, and taken for a copy by the capture
  bool hashed : 1 = false;
  std::uint8_t head = 0;   ///< payload bytes remembered as they were
  std::uint64_t hash = 0;  ///< of the whole payload if hashed

  Seq end() const { return begin + length; }
};
static_assert(sizeof(SentSegment) == 32);

/// Two copies of the same bytes that differ.
struct Conflict {
  Offset begin = 0;
  Bytes first;   ///< what was handed on; empty if only its hash is left
  Bytes second;  ///< what came now
};

class alignas(32) Trail {
 public:
  static constexpr std::size_t kMaxSegments = 1024;
  static constexpr std::size_t kHeads = 16;
  static constexpr std::size_t kHeadBytes = 48;
  static constexpr std::uint32_t kWholeBytes = 2048;
  static constexpr Duration kQuiet = std::chrono::milliseconds(500);
  /// Delivered segments younger than this are worth a larger ring; older ones are forgotten when
  /// the next one is sent and nothing is in flight.
  static constexpr Duration kFresh = std::chrono::milliseconds(100);

  /// Notes a segment with new data. Makes or enlarges `trail` as needed; when memory is refused or
  /// kMaxSegments are in flight, the segment goes unnoted. True: it's the first of all that are
  /// remembered.
  static bool note(Trail*& trail, const SentSegment& segment, Bytes payload, Ledger& ledger,
                   std::pmr::memory_resource& memory);
  static void free(Trail*& trail, Ledger& ledger, std::pmr::memory_resource& memory);

  /// Prefetches what acknowledge(), or note() as well, will look at, if the trail is as short as
  /// most are.
  [[gnu::always_inline]] void approach(bool to_note) const {
    prefetch(this, to_note ? 2 * kCacheLine : kCacheLine);
  }

  /// The same of a longer trail, whose approach() was called some packets ago.
  [[gnu::always_inline]] void reach(bool to_note) const {
    if (capacity_ == 1) return;
    prefetch(&at(std::size_t{count_} - (flying_ > 0 ? flying_ : 1)));
    if (!to_note) return;
    prefetch(&at(count_));
    prefetch(head(place(count_)), kHeadBytes);
  }
  /// Prefetches the segment that last() asks for, where a trail is longer.
  [[gnu::always_inline]] void approach_newest() const {
    if (count_ > 1) prefetch(&at(count_ - 1u));
  }

  struct Acknowledged {
    std::optional<Duration> round_trip;  ///< what this ACK measures, by Karn's rule
  };
  /// Takes off all that lies before `ack`, an ACK seen at `now`. `echo` is its TSecr, if any.
  Acknowledged acknowledge(Seq ack, Timestamp now, std::optional<std::uint32_t> echo);

  /// The segment that holds `seq`, among those in flight and the latest delivered.
  SentSegment* find(Seq seq);
  bool is_newest(const SentSegment& segment) const { return &segment == &at(count_ - 1u); }
  /// Compares `payload` at `begin` with what is remembered there.
  std::optional<Conflict> compare(Seq begin, Bytes payload);
  /// Something was sent again: the next ACKs, up to what is now in flight, measure nothing.
  void blur() {
    if (count_ > 0) blurred_ = at(count_ - 1u).end();
  }
  /// The other end has spoken: what follows is a new turn.
  void turn() { run_ = 0; }

  /// The last ACK came late: it may be what the sender waits for.
  struct LateAck {
    std::uint64_t packet = 0;
    ShortDuration delay;  ///< beyond what the path takes
    ShortDuration path;
  };
  /// It acknowledged the newest segment, and so all.
  void late_ack(const LateAck& late) {
    late_place() = late;
    has_late_ack_ = true;
  }
  bool has_late_ack() const { return has_late_ack_; }
  /// Takes it away; has_late_ack() held.
  LateAck take_late_ack() {
    has_late_ack_ = false;
    return late_place();
  }
  /// How long neither end had said anything before the oldest segment here was sent.
  void silence_before(Duration silence) { silence_ = silence; }
  Duration silence() const { return silence_; }

  bool all_acknowledged() const { return flying_ == 0; }
  /// When the newest segment was sent, or sent again.
  Timestamp last() const { return count_ > 0 ? at(count_ - 1u).time : Timestamp{}; }
  bool has_round_trip() const { return smoothed_.get() > Duration::zero(); }
  /// RFC 6298 sections 2 and 4 with Linux's minimum of 200 ms, from the round trips seen here.
  Duration retransmission_timeout() const;

 private:
  explicit Trail(std::uint16_t capacity) : capacity_(capacity) {}
  static std::size_t size_for(std::size_t capacity);
  static std::size_t heads(std::size_t capacity) { return capacity < kHeads ? capacity : kHeads; }
  static Trail* make(std::uint16_t capacity, Ledger& ledger, std::pmr::memory_resource& memory);
  static void start_over(Trail*& trail, Ledger& ledger, std::pmr::memory_resource& memory);
  static bool make_room(Trail*& trail, Timestamp now, Ledger& ledger,
                        std::pmr::memory_resource& memory);
  SentSegment* segments() { return reinterpret_cast<SentSegment*>(this + 1); }
  const SentSegment* segments() const { return reinterpret_cast<const SentSegment*>(this + 1); }
  const std::uint8_t* head(std::size_t place) const {
    return reinterpret_cast<const std::uint8_t*>(segments() + capacity_) +
           (place & (heads(capacity_) - 1)) * kHeadBytes;
  }
  std::uint8_t* head(std::size_t place) {
    return const_cast<std::uint8_t*>(std::as_const(*this).head(place));
  }
  std::size_t place(std::size_t index) const { return (first_ + index) & (capacity_ - 1u); }
  SentSegment& at(std::size_t index) { return segments()[place(index)]; }
  const SentSegment& at(std::size_t index) const { return segments()[place(index)]; }
  /// Behind all else, because few ever have one.
  LateAck& late_place() {
    return *reinterpret_cast<LateAck*>(reinterpret_cast<std::uint8_t*>(segments() + capacity_) +
                                       heads(capacity_) * kHeadBytes);
  }
  /// What was learnt of the path and of the sender's turn.
  void inherit(const Trail& other) {
    smoothed_ = other.smoothed_;
    variation_ = other.variation_;
    run_ = other.run_;
  }
  void push(const SentSegment& segment, Bytes payload);
  void measure(Duration sample);
  std::size_t lower_bound(Seq seq) const;

  Duration silence_{};
  ShortDuration smoothed_;    // SRTT; zero: none yet
  ShortDuration variation_;   // RTTVAR
  Seq blurred_;               // ACKs up to here measure nothing
  std::uint16_t run_ = 0;     // payload since the other end spoke; kWholeBytes + 1: more than that
  std::uint16_t capacity_;    // a power of two
  std::uint16_t first_ = 0;   // place of the oldest
  std::uint16_t count_ = 0;   // all that are kept
  std::uint16_t flying_ = 0;  // the newest of them that are not acknowledged
  bool has_late_ack_ = false;
};
static_assert(sizeof(Trail) + sizeof(SentSegment) == kCacheLine);

}  // namespace wirelens::tcp
