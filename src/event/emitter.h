// event/emitter.h - the way of events from the analysis to the sinks, in packet order.
#pragma once

#include <cstdint>
#include <optional>

#include "event/event.h"

namespace wirelens {

/// Where in the run something was found out. Events are told in this order, whatever thread found
/// them: by packet, timers before the packet that let them fire, and timers by connection.
struct Moment {
  std::uint64_t packet = 0;        ///< the packet that is being read
  bool by_packet = false;          ///< false: a timer fired, because time came to this packet
  std::uint64_t first_packet = 0;  ///< for timers: first packet of the connection

  friend auto operator<=>(const Moment&, const Moment&) = default;
};

class Emitter {
 public:
  virtual ~Emitter() = default;

  /// All that follows belongs to this moment. Moments never go back.
  void at(const Moment& moment) { moment_ = moment; }
  const Moment& moment() const { return moment_; }
  /// A connection begins; its number, which stands for its id until the event is written.
  virtual ConnectionId open() = 0;
  /// A connection is over; nothing is emitted for it any more.
  virtual void close(ConnectionId connection) = 0;
  /// Lends `payload` and `peers` (nullptr: it belongs to no connection) for the call.
  virtual void emit(const EventType* type, Timestamp time, std::optional<ConnectionId> connection,
                    const void* payload, const Peers* peers = nullptr) = 0;

 private:
  Moment moment_;
};

}  // namespace wirelens
