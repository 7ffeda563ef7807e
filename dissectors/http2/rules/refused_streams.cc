// http2/rules/refused_streams.cc - requests that the server does not take: too many at once.
#include "detect/by_server.h"
#include "event/exchange.h"
#include "http2/records.h"
#include "http2/rules/rules.h"

namespace wirelens::http2 {
namespace {

using namespace detect;  // rules speak of little else

class RefusedStreams final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"streams", 5, "streams", "that one server refused, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>,
                                                &kEventType<ConnectionSummary>};

  explicit RefusedStreams(const Circumstances& circumstances)
      : least_(circumstances.threshold("streams")) {}

  void hear(const Event& event) override {
    if (!event.peers()) return;
    if (const auto* summary = event.as<ConnectionSummary>()) return note_limit(event, *summary);
    const auto& exchange = *event.as<Exchange>();
    if (exchange.reset != "REFUSED_STREAM" || exchange.reset_by != "server") return;
    Tally& tally = tallies_.at(event.peers()->server);
    tally.server.note(event, exchange.request_packet.value_or(0), event.time());
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->server.times) >= least_) out.add(draft(*server, *tally));
    }
  }

 private:
  struct Tally {
    ServerTally server;
    std::optional<std::uint32_t> limit;  ///< SETTINGS_MAX_CONCURRENT_STREAMS
    std::uint64_t largest = 0;           ///< streams that a client had open at once
    std::uint64_t weight() const { return server.times; }
  };

  void note_limit(const Event& event, const ConnectionSummary& summary) {
    Tally* tally = tallies_.find(event.peers()->server);
    if (!tally) return;
    if (summary.server.settings) tally->limit = summary.server.settings->max_concurrent_streams;
    tally->largest = std::max(tally->largest, summary.largest_concurrent);
  }

  static Draft draft(const PeerAddress& server, const Tally& tally) {
    Draft draft = draft_of(server, tally.server);
    const bool above = tally.limit && tally.largest > *tally.limit;
    draft.severity = Severity::medium;
    draft.why = fmt::format(
        "{} refused {} on {} (REFUSED_STREAM){}. They were not acted on: clients have to send them "
        "again, a round trip later at the least.",
        draft.server, counted(tally.server.times, "request"),
        counted(tally.server.connections(), "connection"), limit_text(tally, above));
    draft.measured = {{"streams", static_cast<double>(tally.server.times)},
                      {"largest_concurrent", static_cast<double>(tally.largest)}};
    if (tally.limit) draft.measured.push_back({"limit", static_cast<double>(*tally.limit)});
    return draft;
  }
  static std::string limit_text(const Tally& tally, bool above) {
    if (!tally.limit) return "; it announced no limit of concurrent streams";
    return fmt::format("; it allows {} at once, and a client had {} open{}",
                       count_text(*tally.limit), count_text(tally.largest),
                       above ? "" : ", so it refuses for another reason");
  }

  double least_;
  Table<PeerAddress, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kRefusedStreams = {
    .id = "http2.refused_streams",
    .severity = Severity::medium,
    .title = "Requests refused (REFUSED_STREAM)",
    .about =
        "The server refuses streams without looking at them: the client opens more at once than "
        "SETTINGS_MAX_CONCURRENT_STREAMS allows, or the server is overloaded or shutting down.",
    .fix =
        "let the client wait for the server's SETTINGS and keep to its limit, or open another "
        "connection; raise the limit (nginx: http2_max_concurrent_streams) if the server can bear "
        "it; repeat refused requests with a pause that grows",
    .source = "RFC 9113 sections 5.1.2 and 8.7",
    .thresholds = RefusedStreams::kThresholds,
    .takes = RefusedStreams::kTakes,
    .make = make<RefusedStreams>,
};

}  // namespace wirelens::http2
