// http1/rules/head_of_line_blocking.cc - requests that wait behind another on their connection.
#include "detect/by_server.h"
#include "event/exchange.h"
#include "http1/rules/fields.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

class HeadOfLineBlocking final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"seconds", 0.1, "seconds",
       "that requests to one host waited behind others, in all, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>};
  static constexpr std::string_view kFollows[] = {"http.slow_response"};

  explicit HeadOfLineBlocking(const Circumstances& circumstances)
      : least_(circumstances.seconds("seconds")) {}

  void hear(const Event& event) override {
    const auto& exchange = *event.as<Exchange>();
    if (!event.peers() || exchange.stream || !exchange.timing.blocked) return;
    const Duration blocked = *exchange.timing.blocked;
    if (blocked < std::chrono::milliseconds(1)) return;
    ServerTally& tally = tallies_.at(host_in(name_, exchange, event.peers()->server));
    tally.note(event, exchange.request_packet.value_or(0), event.time(), blocked);
    tally.evidence.packet(exchange.response_packet.value_or(0));
  }

  void judge(Findings& out) override {
    for (const auto& [name, tally] : tallies_.heaviest()) {
      if (tally->cost >= least_) out.add(draft(*name, *tally));
    }
  }

 private:
  static Draft draft(const std::string& name, const ServerTally& tally) {
    Draft draft = draft_of(tally.first.server, tally);
    draft.subject = name;
    draft.severity = severity_of_wait(tally.cost);
    draft.cost = tally.cost;
    draft.why = fmt::format(
        "{} to {} waited behind an earlier one on {}, up to {}: HTTP/1.1 answers in order, so a "
        "slow answer holds up all that were asked after it.",
        counted(tally.times, "request"), name,
        tally.connections() == 1 ? "the same connection"
                                 : counted(tally.connections(), "connection"),
        duration_text(tally.worst));
    draft.measured = {{"requests", static_cast<double>(tally.times)},
                      {"longest_seconds", seconds(tally.worst)}};
    return draft;
  }

  Duration least_;
  std::string name_;  // of the exchange at hand
  Table<std::string, ServerTally> tallies_{kTallies};
};

}  // namespace

const Rule kHeadOfLineBlocking = {
    .id = "http.head_of_line_blocking",
    .severity = Severity::high,
    .title = "Requests queue behind a slow one",
    .about =
        "Requests were pipelined on an HTTP/1.1 connection, and one that takes long keeps the "
        "answers of all behind it back.",
    .fix =
        "use HTTP/2 or HTTP/3, whose streams do not wait for each other; or do not pipeline, and "
        "send slow requests on a connection of their own",
    .source = "RFC 9112 section 9.3.2",
    .thresholds = HeadOfLineBlocking::kThresholds,
    .takes = HeadOfLineBlocking::kTakes,
    .make = make<HeadOfLineBlocking>,
    .follows = HeadOfLineBlocking::kFollows,
};

}  // namespace wirelens::http1
