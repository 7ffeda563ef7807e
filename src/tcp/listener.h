// tcp/listener.h - who hears what TCP analysis finds out about one connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "event/flaw.h"
#include "event/records.h"
#include "event/stamp.h"

namespace wirelens::tcp {

class Listener {
 public:
  virtual ~Listener() = default;

  /// The next payload bytes of one direction, in stream order. They lie in the packet or in the
  /// reassembly buffer and live until data() returns. `stamp` is the packet that carried them.
  virtual void data(Direction from, Bytes bytes, const Stamp& stamp) = 0;
  /// `bytes` bytes of this direction will never come (lost by the capture, or given up); data()
  /// goes on behind them. `stamp` is the packet that made it certain.
  virtual void gap(Direction from, std::uint64_t bytes, const Stamp& stamp) = 0;
  /// Nothing more comes from this end: its FIN was reached in order, or the connection was reset or
  /// forgotten. Called once a direction at most.
  virtual void end(Direction from, const Stamp& stamp) = 0;
  /// A rule was broken; `detail` is bounded, and escaped by whoever prints it.
  virtual void flaw(const Flaw& flaw, std::optional<Direction> from, std::string_view detail) = 0;
};

}  // namespace wirelens::tcp
