// detect/tcp/old_duplicate_syn.cc - an old SYN that comes late: the handshake with three messages
// refuses it.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"

namespace wirelens::detect {
namespace {

/// A maximum segment lifetime (RFC 9293 section 3.4.1).
constexpr Duration kTogether = std::chrono::minutes(2);

class OldDuplicateSyn final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"times", 1, "SYNs",
       "whose answer the client itself reset before it opened on the same ports, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Connection>};

  explicit OldDuplicateSyn(const Circumstances& circumstances)
      : least_(circumstances.threshold("times")) {}

  void hear(const Event& event) override {
    const auto& connection = *event.as<Connection>();
    const Peers& peers = *event.peers();
    if (connection.close == Close::reset_by_client && !connection.handshake_rtt &&
        connection.history.starts_with("ShR") && connection.sent.bytes == 0) {
      cleared_.at(peers) = {connection.id, connection.first_packet, event.time()};
      return;
    }
    if (cleared_.size() == 0 || !connection.handshake_rtt) return;
    const Cleared* cleared = cleared_.find(peers);
    if (cleared == nullptr || event.time() - cleared->time > kTogether) return;
    ServerTally& tally = tallies_.at(peers.server);
    tally.note(event, cleared->packet, cleared->time);
    tally.evidence.connection(cleared->id);
    tally.evidence.connection(connection.id);
    tally.evidence.packet(connection.first_packet);
    tally.evidence.time(event.time());
    cleared_.erase(peers);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) < least_) continue;
      Draft draft = draft_of(*server, *tally);
      draft.subject = fmt::format("{} → {}", tally->first.client.host_text(), server->text());
      draft.severity = Severity::info;
      draft.blame = Blame::network;
      draft.why = fmt::format(
          "{} answered {} that {} did not stand by: it reset the answer at once, then opened a "
          "connection from the same port with another sequence number. An old SYN had come late; "
          "the third message of the handshake is there to refuse it, and did.",
          server->text(), counted(tally->times, "SYN"), tally->first.client.host_text());
      draft.measured = {{"syns", static_cast<double>(tally->times)}};
      out.add(std::move(draft));
    }
  }

 private:
  struct Cleared {
    ConnectionId id = 0;
    std::uint64_t packet = 0;
    Timestamp time{};
    std::uint64_t weight() const { return packet; }
  };

  double least_;
  Table<Peers, Cleared> cleared_{1024};  // the latest
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kOldDuplicateSyn = {
    .id = "tcp.old_duplicate_syn",
    .severity = Severity::info,
    .title = "Old duplicate SYN refused",
    .about =
        "A SYN of an earlier connection was held up in the network and arrives when nobody waits "
        "for it. The server answers in good faith, the client resets: that is what the three-way "
        "handshake is for.",
    .fix =
        "nothing to mend in hosts; many of them point to a path that holds packets back for very "
        "long",
    .source = "RFC 9293 section 3.5, figure 8",
    .thresholds = OldDuplicateSyn::kThresholds,
    .takes = OldDuplicateSyn::kTakes,
    .make = make<OldDuplicateSyn>,
};

}  // namespace wirelens::detect
