// tcp/connection.h - one TCP connection, both ends, inferred from where the capture stood.
//
//   packet -> judge (new, resent, reordered, duplicate of the capture, probe, suspect) -> states of
//   both ends (state.h, RFC 9293 figure 5) -> reassembly (reassembly.h) -> Listener: bytes, gaps,
//   ends, flaws
//
// Both directions run through one path. What an idle connection keeps is small (kMaxIdleSize); what
// trouble needs (held segments, segments in flight, counters of loss) is made when trouble comes,
// is charged to the ledger, and is freed when it has passed.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>

#include "base/ledger.h"
#include "capture/packet.h"
#include "decode/decode.h"
#include "event/records.h"
#include "tcp/half_open.h"
#include "tcp/listener.h"

namespace wirelens::tcp {

struct Settings {
  Duration time_wait = std::chrono::seconds(60);  ///< Linux's TCP_TIMEWAIT_LEN
};

/// What a connection uses of its shard, lent for one call.
struct Surroundings {
  Ledger& ledger;                     ///< for Charge::reassembly and Charge::analysis
  std::pmr::memory_resource& memory;  ///< for what is charged to them
  const Settings& settings;
};

/// What a packet did to the connection.
enum class Outcome : std::uint8_t {
  kept,  ///< it belongs to this connection
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

  /// Packet time at which expire() wants to be called; absent: never. May change with each packet.
  std::optional<Timestamp> deadline() const;
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

  /// The end that opened: true if it is key.high. A guess (client_known false in the record) can
  /// be corrected before any payload was delivered (a SYN-ACK captured after ...).
  bool client_is_high() const;
  Direction direction_of(const Decoded& decoded) const {
    return decoded.from_high == client_is_high() ? Direction::from_client : Direction::from_server;
  }

  /// SYN to the ACK that completed the handshake, when both were seen.
  std::optional<Duration> handshake_rtt() const;

  /// Writes states, close, history, conn_state, handshake_rtt, one_sided, midstream, sent and
  /// received. Text it borrows lies in `text` and lives as long as that.
  struct Text {
    std::string history;
    std::string conn_state;
  };
  void fill(wirelens::Connection& record, Text& text) const;
};

}  // namespace wirelens::tcp
