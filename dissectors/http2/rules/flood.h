// http2/rules/flood.h - floods of frames that ask the other end for an answer each.
#pragma once

#include "detect/by_server.h"
#include "http2/incident.h"

namespace wirelens::http2 {

/// Counts seconds with too many frames of one type, by who sent them and to whom.
class FloodJudge : public detect::Judge {
 public:
  FloodJudge(const detect::Circumstances& circumstances, FrameType type)
      : type_(type), least_(circumstances.threshold("frames")) {}

  void hear(const Event& event) override {
    const auto& incident = *event.as<Incident>();
    if (!event.peers() || incident.kind != Incident::Kind::busy || incident.frame != type_) return;
    if (static_cast<double>(incident.count) < least_) return;
    const Peers& peers = *event.peers();
    detect::ServerTally& tally =
        tallies_.at(Key{peers.client.host(), peers.server, incident.by_client ? 1u : 0u});
    tally.note(event, incident.at.packet, event.time());
    tally.evidence.time(incident.at.time + incident.duration);
    tally.counts[0] += incident.count;
    tally.counts[1] = std::max(tally.counts[1], incident.count);
  }

  void judge(detect::Findings& out) override {
    for (const auto& [key, tally] : tallies_.heaviest()) {
      detect::Draft draft = detect::draft_of(key->server, *tally);
      draft.client = key->client.host_text();
      const std::string& from = key->by_client == 1 ? draft.client : draft.server;
      const std::string& to = key->by_client == 1 ? draft.server : draft.client;
      draft.subject = fmt::format("{} → {}", from, to);
      draft.severity = Severity::high;
      draft.measured = {{"frames", static_cast<double>(tally->counts[0])},
                        {"frames_per_second", static_cast<double>(tally->counts[1])}};
      draft.why = fmt::format("{} sent {} to {} on {}, up to {} in one second. {}", from,
                              counted(tally->counts[0], noun()), to,
                              counted(tally->connections(), "connection"),
                              count_text(tally->counts[1]), meaning());
      out.add(std::move(draft));
    }
  }

 protected:
  virtual std::string_view noun() const = 0;
  /// What that does to the other end: a sentence.
  virtual std::string_view meaning() const = 0;

 private:
  struct Key {
    PeerAddress client;
    PeerAddress server;
    std::uint32_t by_client = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  FrameType type_;
  double least_;
  detect::Table<Key, detect::ServerTally> tallies_{detect::kTallies};
};

}  // namespace wirelens::http2
