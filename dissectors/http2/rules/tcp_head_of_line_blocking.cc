// http2/rules/tcp_head_of_line_blocking.cc - streams that wait for a lost segment of another.
#include "detect/by_server.h"
#include "http2/records.h"
#include "http2/rules/rules.h"

namespace wirelens::http2 {
namespace {

using namespace detect;  // rules speak of little else

class TcpHeadOfLineBlocking final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"seconds", 0.1, "seconds", "that streams of one server waited for others' bytes, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<ConnectionSummary>};
  static constexpr std::string_view kFollows[] = {"tcp.retransmission_timeout",
                                                  "tcp.retransmission_burst"};

  explicit TcpHeadOfLineBlocking(const Circumstances& circumstances)
      : least_(circumstances.seconds("seconds")) {}

  void hear(const Event& event) override {
    const auto& summary = *event.as<ConnectionSummary>();
    if (!event.peers() || !summary.blocked) return;
    ServerTally& tally = tallies_.at(event.peers()->server);
    for (const EndSummary* end : {&summary.client, &summary.server}) {
      if (!end->head_of_line || end->head_of_line->streams == 0) continue;
      const HeadOfLine& waits = *end->head_of_line;
      tally.note(event, 0, event.time(), waits.stream_time);
      tally.counts[0] += waits.streams;
      tally.counts[1] += waits.holes;
      longest(tally, waits.longest);
    }
    for (const BlockedStreams& each : *summary.blocked) tally.evidence.packet(each.packet);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (tally->cost >= least_) out.add(draft(*server, *tally));
    }
  }

 private:
  static void longest(ServerTally& tally, Duration hole) {
    tally.counts[2] = std::max(tally.counts[2], static_cast<std::uint64_t>(hole.count()));
  }

  static Draft draft(const PeerAddress& server, const ServerTally& tally) {
    const auto worst = Duration(static_cast<std::int64_t>(tally.counts[2]));
    Draft draft = draft_of(server, tally);
    draft.severity = severity_of_wait(tally.cost);
    draft.blame = Blame::network;
    draft.cost = tally.cost;
    draft.why = fmt::format(
        "Segments were lost on the way, and TCP held back all that came behind them: {} waited {} "
        "in all for bytes that were not theirs, behind {}, up to {} each. Their own data had "
        "arrived.",
        counted(tally.counts[0], "stream"), duration_text(tally.cost),
        counted(tally.counts[1], "hole"), duration_text(worst));
    draft.measured = {{"streams", static_cast<double>(tally.counts[0])},
                      {"holes", static_cast<double>(tally.counts[1])},
                      {"longest_seconds", seconds(worst)}};
    return draft;
  }

  Duration least_;
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kTcpHeadOfLineBlocking = {
    .id = "http2.tcp_head_of_line_blocking",
    .severity = Severity::high,
    .title = "Streams wait for others' lost segments",
    .about =
        "All streams of an HTTP/2 connection share one TCP stream, which is delivered in order. "
        "One lost segment holds up every stream, also those that lost nothing.",
    .fix =
        "find out where segments are lost; offer HTTP/3, whose streams do not wait for each other "
        "(Alt-Svc: h3); keep what the server has queued in its socket small (nginx: "
        "http2_chunk_size, Linux: tcp_notsent_lowat)",
    .source = "RFC 9000 section 2 and RFC 9114 section 1.1",
    .thresholds = TcpHeadOfLineBlocking::kThresholds,
    .takes = TcpHeadOfLineBlocking::kTakes,
    .make = make<TcpHeadOfLineBlocking>,
    .follows = TcpHeadOfLineBlocking::kFollows,
};

}  // namespace wirelens::http2
