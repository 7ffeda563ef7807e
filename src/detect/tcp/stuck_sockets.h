// detect/tcp/stuck_sockets.h - sockets that stay in a state of the close for longer than they
// should.
#pragma once

#include <algorithm>
#include <string>

#include "detect/by_server.h"
#include "detect/tcp/rules.h"

namespace wirelens::detect {

/// Tallies, by the end that holds them, sockets of one state in which nothing came for the
/// threshold `seconds`; a finding for each end that holds `sockets` of them.
class StuckSockets : public Judge {
 public:
  StuckSockets(const Circumstances& circumstances, std::string_view state)
      : state_(state),
        idle_(circumstances.seconds("seconds")),
        least_(circumstances.threshold("sockets")) {}

  void hear(const Event& event) override {
    const auto& connection = *event.as<Connection>();
    if (!connection.idle || *connection.idle < idle_) return;
    if (connection.one_sided || connection.midstream) return;
    if (connection.client_state == state_) note(event, event.peers()->client.host(), true);
    if (connection.server_state == state_) note(event, event.peers()->server, false);
  }

  void judge(Findings& out) override {
    for (const auto& [holder, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) < least_) continue;
      const std::string name = tally->counts[0] > 0 ? holder->host_text() : holder->text();
      Draft draft = draft_of(tally->first.server, *tally);
      draft.subject = name;
      draft.measured = {{"sockets", static_cast<double>(tally->times)},
                        {"longest_seconds", seconds(tally->worst)}};
      word(draft, name, *tally);
      out.add(std::move(draft));
    }
  }

 protected:
  /// Says how grave it is, and why. `worst` is the longest silence.
  virtual void word(Draft& draft, const std::string& holder, const ServerTally& tally) const = 0;

 private:
  void note(const Event& event, const PeerAddress& holder, bool is_client) {
    const auto& connection = *event.as<Connection>();
    ServerTally& tally = tallies_.at(holder);
    tally.note(event, connection.first_packet, event.time());
    tally.evidence.connection(connection.id);
    tally.worst = std::max(tally.worst, *connection.idle);
    tally.counts[0] += is_client;
  }

  std::string_view state_;
  Duration idle_;
  double least_;
  ServerTable tallies_{kTallies};
};

}  // namespace wirelens::detect
