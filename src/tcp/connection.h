// tcp/connection.h - one TCP connection, both ends, inferred from where the capture stood.
//
//   packet -> judge (new, resent, reordered, duplicate of the capture, probe, suspect) -> states of
//   both ends (state.h, RFC 9293 figure 5) -> reassembly (reassembly.h) -> Listener: bytes, gaps,
//   ends, flaws
//
// Both directions run through one path. What an idle connection keeps is small
// (kMaxConnectionSize); what trouble needs (held segments, segments in flight, counters of loss) is
// made when trouble comes, is charged to the ledger, and is freed when it has passed.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/ledger.h"
#include "base/prefetch.h"
#include "capture/packet.h"
#include "decode/decode.h"
#include "event/records.h"
#include "tcp/half.h"
#include "tcp/half_open.h"
#include "tcp/history.h"
#include "tcp/listener.h"
#include "tcp/trail.h"

namespace wirelens::tcp {

/// What a quiet connection costs at most, beside what its flow keeps.
inline constexpr std::size_t kMaxConnectionSize = 176;

struct Settings {
  Duration time_wait = std::chrono::seconds(60);  ///< Linux's TCP_TIMEWAIT_LEN
};

/// What a connection uses of its shard, lent for one call.
struct Surroundings {
  Ledger& ledger;                     ///< for Charge::reassembly and Charge::analysis
  std::pmr::memory_resource& memory;  ///< for what is charged to them
  const Settings& settings;
};

struct Arrival;
struct Chunk;
struct Extra;
struct Moment;
struct Suspect;
struct Trouble;

/// What a packet did to the connection.
enum class Outcome : std::uint8_t {
  kept,  ///< it belongs to this connection
  calm,  ///< it belongs, and deadline() did not come nearer
  anew,  ///< a SYN that opens a new connection on the same ports: finish this one, then start
         ///< another
};

class Connection {
 public:
  /// From its first packet: a SYN with data, a SYN-ACK, or anything in midstream.
  Connection() = default;
  /// From a bare SYN that has been waiting.
  explicit Connection(const HalfOpen& syn);
  ~Connection();  ///< leave() must have been called if anything was allocated
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Takes the next packet of the connection. With Outcome::anew nothing has been done.
  Outcome segment(const Packet& packet, const Decoded& decoded, Surroundings& around,
                  Listener& listener);

  /// Prefetches what segment() will look at beside the connection itself.
  [[gnu::always_inline]] void approach(const Decoded& decoded) const {
    const auto [acknowledged, noted] = trails_for(decoded);
    if (acknowledged != nullptr) acknowledged->approach(false);
    if (noted != nullptr) noted->approach(true);
  }

  /// Prefetches what is behind that; approach() was called some packets ago.
  [[gnu::always_inline]] void reach(const Decoded& decoded) const {
    const auto [acknowledged, noted] = trails_for(decoded);
    if (acknowledged != nullptr) acknowledged->reach(false);
    if (noted != nullptr) noted->reach(true);
  }

  /// Prefetches what expire() and finish() will look at.
  [[gnu::always_inline]] void approach() const {
    for (const Trail* each : trails_) {
      if (each != nullptr) prefetch(each);
    }
  }

  /// The same a little later, when that has come.
  [[gnu::always_inline]] void reach() const {
    for (const Trail* each : trails_) {
      if (each != nullptr) each->approach_newest();
    }
  }

  /// Packet time at which expire() wants to be called; absent: never. May change with each packet.
  std::optional<Timestamp> deadline(Timestamp now) const;
  /// Lets timers fire at packet time `now`. Returns true when the connection is over (TIME_WAIT has
  /// passed, a reset has lingered, an unanswered SYN was given up): finish() and forget it.
  bool expire(Timestamp now, Surroundings& around, Listener& listener);
  /// Both ends have closed or a reset has been accepted: only stragglers can follow. Such a
  /// connection may be forgotten first when memory is short.
  bool closed() const;
  /// Gives up what is held out of order (as gaps), to make room. Called on the least useful first.
  void shed(Surroundings& around, Listener& listener);
  /// The capture ends, or the connection is forgotten: delivers what is held, with gaps between,
  /// ends both directions, and frees all. Afterwards only fill() may be called.
  void finish(Surroundings& around, Listener& listener);

  /// The end that opened: true if it is key.high. A guess (client_known() false) can be corrected
  /// before any payload was delivered, by a SYN or SYN-ACK that was captured late.
  bool client_is_high() const { return client_is_high_; }
  bool client_known() const { return client_known_; }
  /// What the bytes say while nobody saw who opened: the end key.high, or the other, speaks as the
  /// client. Call before segment() takes those bytes; ignored once anything was told.
  void guess_client(const Decoded& decoded, bool high);
  Direction direction_of(const Decoded& decoded) const {
    return decoded.from_high == client_is_high() ? Direction::from_client : Direction::from_server;
  }

  /// Segments that both ends sent again so far.
  std::uint64_t resent() const;

  /// SYN to the ACK that completed the handshake, when both were seen.
  std::optional<Duration> handshake_rtt() const;

  /// Writes states, close, history, conn_state, handshake_rtt, client_known, one_sided, midstream,
  /// sent and received. Text it borrows lies in `text` and lives as long as that.
  struct Text {
    std::string history;
    std::string conn_state;
  };
  void fill(wirelens::Connection& record, Text& text) const;

  /// How long an ACK beyond a hole waits for the data that it answers: taps, bonded links and cards
  /// with several queues capture an ACK before its data. Whichever comes first.
  static constexpr Duration kAckGrace = std::chrono::milliseconds(100);
  static constexpr std::uint32_t kAckGracePackets = 64;
  /// Held behind a hole at most that no ACK has covered, as long as the receiver is not heard.
  static constexpr std::size_t kHoldBytes = 256 * 1024;
  static constexpr Duration kHoldTime = std::chrono::seconds(4);
  /// A receiver that is heard and stands at the hole waits for a retransmission itself: so do we.
  static constexpr Duration kHoldTimeHeard = std::chrono::seconds(60);
  /// Seconds. A SYN is sent again up to 12 s after a refusal, and what a reset cuts off may retry
  /// as long: both belong to what was reset.
  static constexpr std::uint16_t kResetLinger = 30;
  static constexpr std::uint16_t kUnansweredSyn = 130;  ///< seconds; Linux gives up after 127
  /// A sender's hop count may drop by as much while it is believed.
  static constexpr std::uint8_t kTtlDrop = 8;
  /// What a receiver may have announced when its window scale is not known.
  static constexpr std::uint32_t kUnknownWindow = 1024 * 1024;

 private:
  friend class ConflictReport;

  Half& half(Direction from) { return halves_[index(from)]; }
  const Half& half(Direction from) const { return halves_[index(from)]; }
  Trail*& trail(Direction from) { return trails_[index(from)]; }
  /// The one that a packet acknowledges, and the one that takes note of it; nullptr: none.
  std::pair<const Trail*, const Trail*> trails_for(const Decoded& decoded) const {
    const Direction from = direction_of(decoded);
    return {trails_[index(opposite(from))],
            decoded.payload_length > 0 ? trails_[index(from)] : nullptr};
  }

  // connection.cc
  void start(const Decoded& decoded);
  bool in_order(const Arrival& arrival) const;
  Outcome pass_in_order(const Arrival& arrival);
  Outcome examine(Arrival& arrival);
  void take(Arrival& arrival);
  void tell_reopening(const Arrival& arrival) const;
  void settle(const Moment& moment);
  void count(const Arrival& arrival);
  bool may_flip() const;
  void flip();
  void log(char letter, const Moment& moment, Direction from);
  void log_pure_ack(const Moment& moment, Direction from);
  void log_data(const Moment& moment, Direction from);
  Extra& extra(const Moment& moment);
  Trouble& trouble(const Moment& moment, Direction from);
  Trouble* known_trouble(Direction from) const;
  Offset high(Direction from) const;
  void free_trails(Surroundings& around);
  Moment moment_at(Timestamp now, Surroundings& around, Listener& listener) const;

  // opening.cc
  bool opens_anew(const Arrival& arrival) const;
  bool answers_other_syn(const Arrival& arrival) const;
  bool has_sense(const Arrival& arrival);
  void take_syn(Arrival& arrival);
  void take_bare_syn(Arrival& arrival);
  void take_syn_ack(Arrival& arrival);
  void note_syn_options(const Arrival& arrival);
  void begin_stream(Direction from, std::uint32_t base);
  void syn_again(const Arrival& arrival);
  void disbelieve_refusal(const Arrival& arrival);
  bool pick_syn(const Arrival& arrival);
  void remember_syn(const Arrival& arrival, Direction from, std::uint32_t sequence);

  // closing.cc
  void take_reset(const Arrival& arrival);
  bool is_exact_reset(const Arrival& arrival) const;
  bool lacks_something(const Arrival& arrival) const;
  void tell_reset(const Arrival& arrival);
  void accept_reset(const Arrival& arrival);
  void watch_after_reset(const Arrival& arrival, bool news);
  void revive(const Arrival& arrival);
  void take_fin(const Arrival& arrival, Offset at);
  void reach_fin(const Moment& moment, Direction from);
  void withdraw_fin(const Arrival& arrival);
  void end_if_certain(const Moment& moment, Direction from);
  void end(const Moment& moment, Direction from, Ending ending);

  // acknowledgment.cc
  bool take_ack(const Arrival& arrival);
  bool is_plausible_ack(const Arrival& arrival, Offset ack, Offset top);
  void advance_ack(const Arrival& arrival, Offset ack);
  void step_by_ack(const Arrival& arrival, Offset ack);
  void measure_ack(const Arrival& arrival, Direction sender);
  void weigh_repeated_ack(const Arrival& arrival, Offset top);
  void read_sack(const Arrival& arrival);
  void note_window(const Arrival& arrival);
  void tell_zero_window(const Moment& moment, Direction from);
  void tell_opening(const Arrival& arrival);
  void tell_closing(const Arrival& arrival);
  void note_late_ack(const Arrival& arrival, Direction sender, Duration round_trip);
  std::uint64_t window_of(Direction from) const;

  // delivery.cc
  bool take_payload(const Arrival& arrival);
  void accept(const Moment& moment, Direction from, Chunk chunk);
  void deliver(const Moment& moment, Direction from, const Chunk& chunk);
  void hold(const Moment& moment, Direction from, const Chunk& chunk);
  void drain(const Moment& moment, Direction from);
  void miss(const Moment& moment, Direction from, std::uint64_t bytes, const Stamp& stamp);
  bool has_hole(Direction from) const;
  Offset hole_end(Direction from) const;
  void give_up_hole(const Moment& moment, Direction from, Offset limit = INT64_MAX);
  void age_hole(const Moment& moment, Direction from, bool by_packet);
  std::optional<Timestamp> hole_deadline(Direction from) const;
  void accept_with_urgent(const Arrival& arrival, const Chunk& chunk);

  // suspicion.cc
  const Flaw* suspicion(const Arrival& arrival) const;
  bool is_stale(const Arrival& arrival) const;
  void put_aside(const Arrival& arrival, const Chunk& chunk);
  void believe(const Moment& moment, Direction from, Offset up_to);
  bool believe_in(const Moment& moment, Direction from, Offset end);
  void take_suspect(Arrival& arrival, const Flaw& why);
  void accept_suspect(const Moment& moment, std::pmr::list<Suspect>::iterator place);
  void drop_suspects(const Moment& moment, Direction from, Offset up_to);
  bool spoken_for(Direction from, Offset ack) const;

  // copies.cc
  bool is_capture_duplicate(const Arrival& arrival);
  bool is_syn_copy(const Arrival& arrival) const;
  bool is_reset_copy(const Arrival& arrival) const;
  bool is_ack_copy(const Arrival& arrival);
  bool is_ack_copy_by_time(const Arrival& arrival) const;
  bool is_same_segment(const Arrival& arrival);
  bool is_copy_of(const SentSegment& sent, const Arrival& arrival, bool newest) const;

  // loss.cc
  bool take_probe(const Arrival& arrival);
  void count_keep_alive(const Arrival& arrival);
  void tell_late_ack(const Arrival& arrival);
  void judge(const Arrival& arrival, Offset begin, Offset end);
  bool was_overtaken(const Arrival& arrival, Offset begin, Offset end);
  void count_resent(const Arrival& arrival, Offset begin, Offset end, std::uint64_t bytes);
  void report_conflicts(const Arrival& arrival, Offset begin, Offset end);
  void note_newest(const Arrival& arrival, Offset begin, Bytes bytes, std::uint32_t length);
  void note_window_use(const Arrival& arrival, std::uint64_t window, bool full);
  void tell_full_windows(const Moment& moment, Direction from);
  void note_sent(const Arrival& arrival, Offset begin, Offset end);
  Duration retransmission_timeout(Direction from) const;

  std::array<Half, 2> halves_;      // by Direction
  std::array<Trail*, 2> trails_{};  // by Direction; nullptr: quiet
  Extra* extra_ = nullptr;          // nullptr: nothing went wrong yet
  History history_;
  Timestamp last_time_{};  // packet time that never goes back, of the last packet
  std::uint64_t last_packet_ : 40 = 0;
  std::uint64_t linger_ : 16 = 0;  // over so many seconds after the last packet; 0: not over
  std::uint64_t started_ : 1 = 0;
  std::uint64_t client_is_high_ : 1 = 0;
  std::uint64_t client_known_ : 1 = 0;
  std::uint64_t midstream_ : 1 = 0;
  std::uint64_t calm_ : 1 = 0;     // nothing is open: in-order segments take the short way
  std::uint64_t reset_ : 1 = 0;    // a reset was accepted
  std::uint64_t refused_ : 1 = 0;  // it answered the SYN
  std::uint64_t agreed_ : 1 = 0;   // the handshake was completed
};
static_assert(sizeof(Connection) <= kMaxConnectionSize);

}  // namespace wirelens::tcp
