// detect/flaw_judge.h - the judge of a flaw: how often it was seen with each server.
#pragma once

#include "detect/clients.h"
#include "event/records.h"

namespace wirelens::detect {

/// Derive, say which flaws it takes, and what they mean. Of a flaw that comes again and again on
/// one connection only the first ones are counted (kFlawsPerConnection).
class FlawJudge : public Judge {
 public:
  /// `threshold`: the rule's threshold of how often, at least.
  FlawJudge(const Circumstances& circumstances, std::string_view threshold)
      : least_(circumstances.threshold(threshold)) {}

  void hear(const Event& event) override {
    const auto* flaw = event.as<FlawSeen>();
    if (!flaw || !event.peers() || !takes(*flaw)) return;
    tallies_.at(event.peers()->server).note(event, flaw->packet, event.time());
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) < least_) continue;
      Draft draft = draft_of(*server, *tally);
      draft.measured = {{"times", static_cast<double>(tally->times)},
                        {"connections", static_cast<double>(tally->connections())}};
      say(*tally, draft);
      out.add(std::move(draft));
    }
  }

 protected:
  virtual bool takes(const FlawSeen& flaw) const = 0;
  /// Severity, reason, and what else was measured. The draft has its server, which is text.
  virtual void say(const ServerTally& tally, Draft& draft) const = 0;
  /// What the rule counts beside the flaw; nullptr: none was seen with that server.
  ServerTally* tally_of(const PeerAddress& server) { return tallies_.find(server); }

 private:
  double least_;
  ServerTable tallies_{kTallies};
};

}  // namespace wirelens::detect
