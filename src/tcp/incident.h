// tcp/incident.h - what happens on a connection now and then, and rules judge: never one a packet
// in a healthy one, and none for a bare SYN.
#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>

#include "event/event.h"
#include "event/records.h"
#include "event/stamp.h"

namespace wirelens::tcp {

struct Incident {
  static constexpr std::string_view kName = "tcp_incident";
  static constexpr std::string_view kAbout = "Something on a TCP connection that rules judge.";
  static constexpr bool kInternal = true;

  enum class Kind : std::uint8_t {
    opened,          ///< the handshake is complete; duration: what it took
    time_wait,       ///< `from` closed first, and its socket waits now
    reopened,        ///< a SYN opens a new connection on ports that rest; duration: rested so long
    syn_at_rest,     ///< a SYN came to ports that rest, and was not taken
    syn_resent,      ///< duration: since the one before, as far as that is known
    syn_ack_resent,  ///< duration: since the first one
    resent,          ///< see Resend; duration: since it was sent before, if that was seen
    zero_window,     ///< `from` opened its window again; duration: it was closed
    late_ack,        ///< data of `from` waited for an ACK that its peer delayed; duration: so long
    after_reset,     ///< `from`, in whose name a reset came, goes on
    reset,           ///< `from` reset an open connection; duration: silence before what it answers
    window_full,  ///< `from` waited for room in its peer's window; value: how often; duration: in
                  ///< all
    unanswered_probe,  ///< `from` probes again, and nothing came since; value: probes so far
  };
  /// Why a segment was sent again.
  enum class Resend : std::uint8_t { other, fast, timeout, spurious };

  Kind kind = Kind::opened;
  Direction from = Direction::from_client;
  Resend resend = Resend::other;
  bool bare = false;          ///< reset: without ACK, as a host sends that knows no such connection
  bool after_fin = false;     ///< reset: one of the ends had closed before
  bool answers_data = false;  ///< reset: the packet before it was data of the other end
  bool unseen = false;        ///< reset: the capture lacks something before it, maybe a FIN
  std::uint8_t ttl = 0;       ///< reset: hop count of it
  std::uint8_t usual_ttl = 0;      ///< reset: hop count of its sender's first packet; 0: not known
  Stamp at;                        ///< the packet that shows it
  std::uint64_t since_packet = 0;  ///< another packet that belongs to it; 0: none
  Duration duration{};
  std::int64_t offset = 0;   ///< resent: place of its first byte in the stream
  std::uint32_t length = 0;  ///< resent: payload bytes
  std::uint32_t value = 0;
  std::uint64_t window = 0;  ///< window_full: bytes that it held
  Duration round_trip{};     ///< window_full: of the path

  static constexpr auto fields() { return std::tuple(); }
};

}  // namespace wirelens::tcp
