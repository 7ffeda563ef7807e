// tcp/listener.h - who hears what TCP analysis finds out about one connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "event/flaw.h"
#include "event/records.h"
#include "event/stamp.h"
#include "tcp/incident.h"

namespace wirelens::tcp {

/// Why nothing more comes from one end.
enum class Ending : std::uint8_t {
  fin,        ///< its FIN was reached in order
  reset,      ///< either end reset the connection
  forgotten,  ///< the capture ended, a timer fired, or memory was short
};

class Listener {
 public:
  virtual ~Listener() = default;

  /// The next payload bytes of one direction, in stream order. They lie in the packet or in the
  /// reassembly buffer and live until data() returns. `stamp` is the packet that carried them.
  virtual void data(Direction from, Bytes bytes, const Stamp& stamp) = 0;
  /// `bytes` bytes of this direction will never come (lost by the capture, or given up); data()
  /// goes on behind them. `stamp` is the packet that made it certain.
  virtual void gap(Direction from, std::uint64_t bytes, const Stamp& stamp) = 0;
  /// Nothing more comes from this end. Called once a direction at most.
  virtual void end(Direction from, Ending ending, const Stamp& stamp) = 0;
  /// A rule was broken; `detail` is bounded, and escaped by whoever prints it.
  virtual void flaw(const Flaw& flaw, std::optional<Direction> from, std::string_view detail) = 0;
  /// Something that rules judge.
  virtual void incident(const Incident& /*incident*/) {}
};

}  // namespace wirelens::tcp
