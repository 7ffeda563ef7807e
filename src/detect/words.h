// detect/words.h - what several rules say or judge alike.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/figures.h"
#include "base/time.h"
#include "detect/rule.h"
#include "event/peers.h"

namespace wirelens::detect {

/// Entries of a rule's table: enough for every host of a data centre's rack, and at most a few
/// hundred kilobytes a rule.
inline constexpr std::size_t kTallies = 256;

/// How grave it is to keep users waiting for so long in all.
constexpr Severity severity_of_wait(Duration cost) {
  if (cost >= std::chrono::seconds(60)) return Severity::high;
  if (cost >= std::chrono::seconds(5)) return Severity::medium;
  return Severity::low;
}

/// The server sent the first FIN or reset, by the letters of Connection::history (Zeek's: F and R
/// are the client's, f and r the server's).
constexpr bool ended_by_server(std::string_view history) {
  const std::size_t first = history.find_first_of("FfRr");
  return first != history.npos && (history[first] == 'f' || history[first] == 'r');
}

/// "10.0.0.1", or "12 clients" when there are several.
inline std::string client_text(std::uint64_t clients, const PeerAddress& first) {
  return clients <= 1 ? first.host_text() : counted(clients, "client");
}

}  // namespace wirelens::detect
