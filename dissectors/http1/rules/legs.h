// http1/rules/legs.h - one wait of a user that a capture beside a proxy shows twice: between client
// and proxy, and between proxy and server.
#pragma once

#include <array>
#include <cstdint>

#include "detect/digest.h"
#include "event/exchange.h"
#include "event/peers.h"
#include "http1/rules/fields.h"

namespace wirelens::http1 {

/// What a rule has priced of late. The exchange behind a proxy lies within the one in front of it
/// and ends first: who prices the one in front leaves out what was priced already.
class Legs {
 public:
  /// An exchange that was priced.
  struct Leg {
    std::uint64_t path = 0;  ///< digest; 0: none, or taken
    Timestamp asked{};
    Timestamp answered{};
    PeerAddress server;
    std::uint64_t tally = 0;  ///< where the rule keeps it
    Duration price{};
  };

  /// For one that waited for its answer.
  void note(const Event& event, const Exchange& exchange, std::uint64_t tally, Duration price) {
    latest_[next_++ % latest_.size()] = {detect::digest_of(path_of(exchange)),
                                         event.time(),
                                         answered(event, exchange),
                                         event.peers()->server,
                                         tally,
                                         price};
  }
  /// The one that this one waited for, once; its path is 0 if there was none.
  Leg behind(const Event& event, const Exchange& exchange) {
    const std::uint64_t path = detect::digest_of(path_of(exchange));
    const PeerAddress& server = event.peers()->server;
    for (Leg& each : latest_) {
      if (each.path != path || each.server == server) continue;
      if (each.asked < event.time() || each.answered > answered(event, exchange)) continue;
      const Leg leg = each;
      each.path = 0;
      return leg;
    }
    return {};
  }

 private:
  static Timestamp answered(const Event& event, const Exchange& exchange) {
    return event.time() + exchange.timing.send.value_or(Duration::zero()) +
           exchange.timing.wait.value_or(Duration::zero());
  }

  std::array<Leg, 16> latest_;
  std::size_t next_ = 0;
};

}  // namespace wirelens::http1
