// detect/tcp/syn_flood.cc - more SYNs than connections: a server that is kept busy with none.
//
// Told from a busy and healthy service by what becomes of the SYNs: in a flood hardly any is
// followed by the client's ACK. Spoofed sources are many and each is seen once; a single source is
// named.
#include "detect/distinct.h"
#include "detect/firsts.h"
#include "detect/rate.h"
#include "detect/table.h"
#include "detect/tcp/rules.h"
#include "detect/words.h"

namespace wirelens::detect {
namespace {

class SynFlood final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"syns_per_second", 100, "SYNs a second", "never completed, in the busiest second, at least"},
      {"completed_share", 0.5, "of all connections", "at most so many were completed"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Connection>};

  explicit SynFlood(const Circumstances& circumstances)
      : least_(circumstances.threshold("syns_per_second")),
        most_completed_(circumstances.threshold("completed_share")) {}

  void hear(const Event& event) override {
    const auto& connection = *event.as<Connection>();
    if (!connection.client_known) return;
    const PeerAddress& server = event.peers()->server;
    if (connection.handshake_rtt || connection.sent.bytes > 0) {
      return note_completed(server);
    }
    const bool began = !connection.history.empty() && connection.history.front() == 'S';
    if (!began || connection.close == Close::refused || connection.one_sided) return;
    const Syn now{connection.id,         connection.first_packet,
                  event.time(),          connection.received.retransmitted_packets,
                  event.peers()->client, connection.received.packets > 0};
    const std::uint64_t digest = digest_of(server);
    Tally* tally = tallies_.find(server, digest);
    if (tally == nullptr) tally = begin(server, digest, now);
    if (tally != nullptr) add(*tally, now);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      const double all = static_cast<double>(tally->syns.total() + tally->completed);
      if (tally->syns.peak() >= least_ &&
          static_cast<double>(tally->completed) <= most_completed_ * all) {
        out.add(draft(*server, *tally));
      }
    }
  }

 private:
  static constexpr std::size_t kFew = 3;

  /// A SYN that no handshake followed.
  struct Syn {
    ConnectionId connection = 0;
    std::uint64_t packet = 0;
    Timestamp time{};
    std::uint64_t resent_answers = 0;
    PeerAddress source;
    bool answered = false;
  };
  struct Beginning {
    Few<Syn, kFew> syns;
    std::uint64_t completed = 0;  ///< connections since the first of them
  };
  struct Tally {
    Rate syns;  ///< that no handshake followed
    std::uint64_t completed = 0;
    std::uint64_t answered = 0;
    std::uint64_t resent_answers = 0;
    PeerAddress first_source;
    Distinct sources;
    Evidence evidence;
    std::uint64_t weight() const { return syns.total(); }
  };

  void note_completed(const PeerAddress& server) {
    if (tallies_.size() == 0 && !firsts_.any()) return;
    const std::uint64_t digest = digest_of(server);
    if (Tally* tally = tallies_.find(server, digest)) {
      ++tally->completed;
    } else if (Beginning* first = firsts_.find(digest)) {
      ++first->completed;
    }
  }
  /// A tally begins, with the first SYNs, when there are more than a few; until then nullptr.
  Tally* begin(const PeerAddress& server, std::uint64_t digest, const Syn& now) {
    Beginning* first = firsts_.find(digest);
    const std::size_t before = first != nullptr ? first->syns.all().size() : 0;
    if (before < kFew && static_cast<double>(before + 1) < least_) {
      if (first == nullptr) first = firsts_.leave(digest, {});
      first->syns.add(now);
      return nullptr;
    }
    Tally& tally = tallies_.at(server, digest);
    if (first == nullptr) return &tally;
    for (const Syn& each : first->syns.all()) add(tally, each);
    tally.completed = first->completed;
    firsts_.forget(digest);
    return &tally;
  }
  static void add(Tally& tally, const Syn& one) {
    if (tally.syns.total() == 0) tally.first_source = one.source;
    tally.syns.add(one.time);
    tally.answered += one.answered;
    tally.resent_answers += one.resent_answers;
    tally.sources.add(one.source.host());
    tally.evidence.add(one.connection, one.packet, one.time);
  }

  static Draft draft(const PeerAddress& server, const Tally& tally) {
    const std::uint64_t syns = tally.syns.total();
    const std::uint64_t sources = std::min(tally.sources.count(), syns);
    const bool spoofed = sources > syns / 4;
    const bool answers = tally.answered > 0;
    Draft draft;
    draft.severity = answers && tally.answered * 2 >= syns ? Severity::high : Severity::critical;
    draft.subject = fmt::format(
        "{} → {}", sources == 1 ? tally.first_source.host_text() : counted(sources, "source"),
        server.text());
    draft.why = fmt::format(
        "{} to {} in {} were never followed by the client's ACK, {} in the busiest second; {} "
        "handshakes were completed ({}). {} The server answered {} of them, and sent {} again.",
        counted(syns, "SYN"), server.text(), duration_text(tally.evidence.span()),
        count_text(tally.syns.peak()), count_text(tally.completed),
        share_text(tally.completed, syns + tally.completed),
        sources == 1 ? fmt::format("All come from {}.", tally.first_source.host_text())
        : spoofed
            ? fmt::format("They come from about {} addresses, each seen once or twice: invented.",
                          count_text(sources))
            : fmt::format("They come from about {} addresses.", count_text(sources)),
        count_text(tally.answered), counted(tally.resent_answers, "answer"));
    draft.measured = {{"syns", static_cast<double>(syns)},
                      {"peak_per_second", static_cast<double>(tally.syns.peak())},
                      {"sources", static_cast<double>(sources)},
                      {"completed", static_cast<double>(tally.completed)},
                      {"answered", static_cast<double>(tally.answered)}};
    draft.evidence = tally.evidence;
    draft.server = server.text();
    return draft;
  }

  double least_;
  double most_completed_;
  Firsts<Beginning> firsts_;
  Table<PeerAddress, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kSynFlood = {
    .id = "tcp.syn_flood",
    .severity = Severity::critical,
    .title = "SYN flood",
    .about =
        "Many SYNs that nobody completes fill a server's queue of half-open connections, so "
        "that honest clients get no answer. Sources that appear once each are invented; the "
        "hosts that own them see backscatter.",
    .fix =
        "turn on SYN cookies (net.ipv4.tcp_syncookies=1) and raise the listen backlog; filter "
        "spoofed sources upstream, or block the one source",
    .source = "RFC 4987",
    .thresholds = SynFlood::kThresholds,
    .takes = SynFlood::kTakes,
    .make = make<SynFlood>,
};

}  // namespace wirelens::detect
