// http1/rules/slow_response.cc - answers that take their server long.
#include "detect/by_server.h"
#include "event/exchange.h"
#include "http1/rules/fields.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

constexpr Threshold kThresholds[] = {
    {"seconds", 1, "seconds",
     "from the end of the request to the first byte of the answer, at least"},
    {"responses", 1, "responses", "as slow, of one resource, at least"},
};
constexpr const EventType* kTakes[] = {&kEventType<Exchange>};
/// As in long_polling.cc.
constexpr Duration kHeld = std::chrono::seconds(5);
constexpr std::uint64_t kAtOnce = 1'000'000'000;

class SlowResponse final : public Judge {
 public:
  explicit SlowResponse(const Circumstances& circumstances)
      : slow_(circumstances.seconds("seconds")), least_(circumstances.threshold("responses")) {}

  void hear(const Event& event) override {
    const auto& exchange = *event.as<Exchange>();
    if (!event.peers() || !exchange.method || !exchange.status || lasts(exchange)) return;
    if (!exchange.complete) return;  // the capture may lack what came first
    const bool slow = exchange.timing.wait && *exchange.timing.wait >= slow_;
    if (!slow && tallies_.size() == 0) return;
    const std::string name = resource_of(exchange);
    if (!slow) {
      if (ServerTally* tally = tallies_.find(name)) ++tally->counts[0];
      return;
    }
    ServerTally& tally = tallies_.at(name);
    // The same client asks again at once, again and again: a long poll (see long_polling.cc).
    const auto now = static_cast<std::uint64_t>(event.time().time_since_epoch().count());
    const bool held = *exchange.timing.wait >= kHeld && now >= ended_of(tally) &&
                      now - ended_of(tally) <= kAtOnce;
    again_of(tally) += held;
    ended_of(tally) = now + static_cast<std::uint64_t>(exchange.timing.wait->count());
    tally.note(event, exchange.request_packet.value_or(0), event.time(), *exchange.timing.wait);
    tally.evidence.packet(exchange.response_packet.value_or(0));
    tally.evidence.time(event.time() + *exchange.timing.wait);
  }

  void judge(Findings& out) override {
    for (const auto& [name, tally] : tallies_.heaviest()) {
      const bool polled = again_of(*tally) >= 2 && again_of(*tally) * 2 >= tally->times;
      if (static_cast<double>(tally->times) >= least_ && !polled) out.add(draft(*name, *tally));
    }
  }

 private:
  static std::uint64_t& again_of(ServerTally& tally) { return tally.counts[1]; }
  static std::uint64_t& ended_of(ServerTally& tally) { return tally.counts[2]; }

  static Draft draft(const std::string& name, const ServerTally& tally) {
    Draft draft = draft_of(tally.first.server, tally);
    draft.subject = name;
    draft.severity = severity_of_wait(tally.cost);
    draft.cost = tally.cost;
    draft.why = fmt::format(
        "{} took up to {} to begin the answer to {}, {} so slow (of {} seen since the first). The "
        "request had arrived; the time went by in the server.",
        tally.first.server.text(), duration_text(tally.worst), name, times_text(tally.times),
        count_text(tally.times + tally.counts[0]));
    draft.measured = {{"slow", static_cast<double>(tally.times)},
                      {"quick", static_cast<double>(tally.counts[0])},
                      {"longest_seconds", seconds(tally.worst)}};
    return draft;
  }

  Duration slow_;
  double least_;
  Table<std::string, ServerTally> tallies_{kTallies};
};

}  // namespace

const Rule kSlowResponse = {
    .id = "http.slow_response",
    .severity = Severity::high,
    .title = "Slow answers",
    .about =
        "A server needs long from the last byte of a request to the first byte of its answer: a "
        "slow query, a call to another service, a lock, or too few workers.",
    .fix =
        "profile that resource on the server; look at what it waits for (database, other "
        "services); cache, or answer at once and go on in the background",
    .source = "HAR 1.2, timings.wait",
    .thresholds = kThresholds,
    .takes = kTakes,
    .make = make<SlowResponse>,
};

}  // namespace wirelens::http1
