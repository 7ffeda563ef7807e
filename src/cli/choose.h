// cli/choose.h - which connection the user means: an id, IP:port, packet:N, finding:N.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "event/records.h"

namespace wirelens {

/// CONN as it was typed.
struct Choice {
  enum class By : std::uint8_t { id, endpoint, packet, finding };
  By by = By::id;
  std::uint64_t number = 0;  ///< id, packet or finding
  std::string ip;
  std::uint16_t port = 0;
};
Result<Choice> parse_choice(const std::string& text);

/// A connection as its record told it.
struct ChosenConnection {
  ConnectionId id = 0;
  std::uint64_t first_packet = 0;
  std::vector<std::string> heading;  ///< lines that introduce it, printable
  std::vector<ConnectionId> others;  ///< that fit, too: the first few
  std::uint64_t others_count = 0;    ///< and how many they are
};

/// Reads the input once (twice for a finding) to find it. An Error if there is none.
Result<ChosenConnection> choose(const Choice& choice, const SourceOpener& open,
                                const EngineOptions& options, const RunControl& control);

}  // namespace wirelens
