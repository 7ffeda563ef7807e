// detect/tcp/scan.h - one host that tries target after target, and hardly any of them answers.
#pragma once

#include <string>

#include "detect/by_server.h"
#include "detect/distinct.h"
#include "detect/doorkeeper.h"
#include "detect/firsts.h"
#include "detect/tcp/rules.h"

namespace wirelens::detect {

/// Tallies tries that failed, by what the rule takes for one scan (a Peers of which it leaves parts
/// blank), once there was more than one. Thresholds: `targets`, `failed_share`.
class Scan : public Judge {
 public:
  explicit Scan(const Circumstances& circumstances)
      : least_(circumstances.threshold("targets")),
        share_(circumstances.threshold("failed_share")) {}

  void hear(const Event& event) final {
    const auto& connection = *event.as<Connection>();
    if (!connection.client_known || connection.history.empty() || connection.history.front() != 'S')
      return;
    const bool failed = has_failed(connection);
    if (!failed && tallies_.size() == 0) return;
    const Peers key = scan_of(*event.peers());
    const std::uint64_t digest = digest_of(key);
    Tally* tally = tallies_.find(key, digest);
    if (!failed) {
      if (tally != nullptr) ++tally->succeeded;
      return;
    }
    const Try now{connection.id, connection.first_packet, event.time(), connection.close,
                  *event.peers()};
    if (tally == nullptr) tally = begin(key, digest, now);
    if (tally != nullptr) add(*tally, now);
  }

  void judge(Findings& out) final {
    for (const auto& [key, tally] : tallies_.heaviest()) {
      const auto failed = static_cast<double>(tally->failed);
      const double all = failed + static_cast<double>(tally->succeeded);
      if (static_cast<double>(tally->targets.count()) >= least_ && failed >= share_ * all) {
        out.add(draft(*tally));
      }
    }
  }

 protected:
  struct Tally {
    std::uint64_t failed = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t refused = 0;
    std::uint64_t open = 0;
    Peers first;
    Distinct targets;
    Evidence evidence;
    std::uint64_t weight() const { return failed; }
  };

  virtual Peers scan_of(const Peers& peers) const = 0;
  virtual PeerAddress target_of(const PeerAddress& server) const = 0;
  /// Says whom it concerns, in subject and server, and what was tried: "40 ports of 10.0.0.1".
  virtual std::string word(Draft& draft, const Tally& tally) const = 0;

 private:
  struct Try {
    ConnectionId connection = 0;
    std::uint64_t packet = 0;
    Timestamp time{};
    std::optional<Close> close;
    Peers peers;
  };

  static bool has_failed(const Connection& connection) {
    const bool empty = connection.sent.bytes + connection.received.bytes == 0;
    return connection.close == Close::refused || connection.close == Close::unanswered ||
           (empty && connection.close == Close::reset_by_client);
  }

  /// The second time a tally begins, with the first if that is still known: others came between,
  /// maybe a flood of them.
  Tally* begin(const Peers& key, std::uint64_t digest, const Try& now) {
    if (!doorkeeper_.knows(digest)) {
      firsts_.leave(digest, now);
      return nullptr;
    }
    Tally& tally = tallies_.at(key, digest);
    if (const Try* first = firsts_.find(digest)) add(tally, *first);
    firsts_.forget(digest);
    return &tally;
  }
  void add(Tally& tally, const Try& one) const {
    if (tally.failed++ == 0) tally.first = one.peers;
    tally.targets.add(target_of(one.peers.server));
    tally.open += one.close == Close::reset_by_client;
    tally.refused += one.close == Close::refused;
    tally.evidence.add(one.connection, one.packet, one.time);
  }

  Draft draft(const Tally& tally) const {
    Draft draft;
    draft.severity = Severity::medium;
    draft.client = tally.first.client.host_text();
    const std::string tried = word(draft, tally);
    draft.why = fmt::format(
        "{} tried {} within {}, and {} led nowhere: {} refused, {} open and reset at once, the "
        "rest without an answer.",
        draft.client, tried, duration_text(tally.evidence.span()),
        tally.failed == 1 ? "one try" : count_text(tally.failed) + " tries",
        count_text(tally.refused), count_text(tally.open));
    draft.measured = {{"targets", static_cast<double>(tally.targets.count())},
                      {"failed", static_cast<double>(tally.failed)},
                      {"refused", static_cast<double>(tally.refused)},
                      {"open", static_cast<double>(tally.open)}};
    draft.evidence = tally.evidence;
    return draft;
  }

  double least_;
  double share_;
  Doorkeeper doorkeeper_;
  Firsts<Try> firsts_;
  Table<Peers, Tally> tallies_{kTallies};
};

}  // namespace wirelens::detect
