// detect/tcp/backscatter.cc - answers to SYNs that nobody here sent: somebody floods a host
// elsewhere with our addresses as the source.
#include "detect/distinct.h"
#include "detect/table.h"
#include "detect/tcp/rules.h"
#include "detect/words.h"

namespace wirelens::detect {
namespace {

class Backscatter final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"answers", 20, "packets", "SYN-ACKs or resets from one host to SYNs that were never seen"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Connection>};

  explicit Backscatter(const Circumstances& circumstances)
      : least_(circumstances.threshold("answers")) {}

  void hear(const Event& event) override {
    const auto& connection = *event.as<Connection>();
    if (connection.sent.bytes > 0 || connection.received.bytes > 0) return;
    // Answers first, and then at most our own reset of what we did not ask for.
    const std::string_view history = connection.history;
    if (history.size() > 2) return;
    const bool answered = history == "h" || history == "r" || history == "R" || history == "hR";
    if (!answered) return;
    const bool by_client = history == "R";
    const PeerAddress& victim = by_client ? event.peers()->client : event.peers()->server;
    const PeerAddress& target = by_client ? event.peers()->server : event.peers()->client;
    Tally& tally = tallies_.at(victim.host());
    tally.answers += connection.sent.packets + connection.received.packets;
    ++(history.front() == 'h' ? tally.syn_acks : tally.resets);
    tally.targets.add(target.host());
    tally.from_ports.add(victim.port);
    tally.to_ports.add(target.port);
    tally.evidence.add(connection.id, connection.first_packet, event.time());
  }

  void judge(Findings& out) override {
    Tally all;
    std::uint64_t victims = 0;
    const PeerAddress* first = nullptr;
    for (const auto& [victim, tally] : tallies_.heaviest()) {
      // Resets alone also answer scans whose SYNs took another way.
      if (tally->syn_acks == 0 || tally->syn_acks * 4 < tally->resets) continue;
      if (asks(*tally)) continue;
      if (victims++ == 0) {
        first = victim;
        all = *tally;
      } else {
        all.add(*tally);
      }
    }
    if (static_cast<double>(all.answers) >= least_ && first != nullptr) {
      out.add(draft(victims == 1 ? first->host_text() : counted(victims, "host"), all));
    }
  }

 private:
  struct Tally {
    std::uint64_t answers = 0;
    std::uint64_t syn_acks = 0;  ///< connections that began with one
    std::uint64_t resets = 0;
    Distinct targets;
    Distinct from_ports;  ///< of the victim
    Distinct to_ports;    ///< of ours
    Evidence evidence;
    std::uint64_t weight() const { return answers; }
    void add(const Tally& other) {
      answers += other.answers;
      syn_acks += other.syn_acks;
      resets += other.resets;
      targets.add(other.targets);
      evidence.add(other.evidence);
    }
  };

  /// Answers come from a service's port to the many that were invented; what comes from many ports
  /// to few is not one: an idle scan probes a zombie's counter so.
  static bool asks(const Tally& tally) {
    return tally.to_ports.count() * 4 <= tally.from_ports.count();
  }

  static Draft draft(const std::string& victims, const Tally& tally) {
    const std::uint64_t targets = tally.targets.count();
    Draft draft;
    draft.severity = Severity::low;
    draft.blame = Blame::network;
    draft.subject = victims;
    draft.why = fmt::format(
        "{} answered {} connections that nobody here opened: {} began with a SYN-ACK, {} with a "
        "reset, to {} of ours. Somebody floods elsewhere with SYNs that bear our addresses; this "
        "is the echo, not an attack on us.",
        victims, count_text(tally.syn_acks + tally.resets), count_text(tally.syn_acks),
        count_text(tally.resets),
        targets == 1 ? "one address" : fmt::format("{} addresses", count_text(targets)));
    draft.measured = {{"syn_acks", static_cast<double>(tally.syn_acks)},
                      {"resets", static_cast<double>(tally.resets)},
                      {"targets", static_cast<double>(tally.targets.count())}};
    draft.evidence = tally.evidence;
    return draft;
  }

  double least_;
  Table<PeerAddress, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kBackscatter = {
    .id = "tcp.backscatter",
    .severity = Severity::low,
    .title = "Backscatter of a flood elsewhere",
    .about =
        "SYN-ACKs and resets arrive for connections that were never asked for: a host "
        "elsewhere is flooded with SYNs whose source addresses are forged to be these.",
    .fix = "nothing on this side; tell the owner of the flooded host if you know them",
    .source = "Moore et al., Inferring Internet Denial-of-Service Activity, 2001; RFC 4987",
    .thresholds = Backscatter::kThresholds,
    .takes = Backscatter::kTakes,
    .make = make<Backscatter>,
};

}  // namespace wirelens::detect
