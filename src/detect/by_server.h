// detect/by_server.h - the tally of most rules of TCP: how often it happened with one server, what
// it cost, and the packets that show it.
#pragma once

#include <array>
#include <string>

#include "detect/table.h"
#include "detect/words.h"

namespace wirelens::detect {

struct ServerTally {
  std::uint64_t times = 0;
  Duration cost{};
  Duration worst{};
  Peers first;                            ///< whose came first
  std::array<std::uint64_t, 4> counts{};  ///< what else the rule counts
  Evidence evidence;

  std::uint64_t weight() const { return static_cast<std::uint64_t>(cost.count() / 1000) + times; }
  void note(const Event& event, std::uint64_t packet, Timestamp time, Duration lost = {}) {
    if (times++ == 0) first = *event.peers();
    cost += lost;
    worst = std::max(worst, lost);
    evidence.add(event.connection(), packet, time);
  }
  std::uint64_t connections() const { return evidence.connections_total(); }
};

using ServerTable = Table<PeerAddress, ServerTally>;

/// "10.0.0.1 → 10.0.0.2:80" for one connection, "10.0.0.2:80" for more.
inline std::string subject_of(const PeerAddress& server, const ServerTally& tally) {
  if (tally.connections() > 1) return server.text();
  return fmt::format("{} → {}", tally.first.client.host_text(), server.text());
}

/// A draft with what every rule says: subject, evidence, hosts.
inline Draft draft_of(const PeerAddress& server, const ServerTally& tally) {
  Draft draft;
  draft.subject = subject_of(server, tally);
  draft.evidence = tally.evidence;
  if (tally.connections() <= 1) draft.client = tally.first.client.host_text();
  draft.server = server.text();
  return draft;
}

/// "once", "3 times".
inline std::string times_text(std::uint64_t times) {
  return times == 1 ? "once" : fmt::format("{} times", count_text(times));
}

}  // namespace wirelens::detect
