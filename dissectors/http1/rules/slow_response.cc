// http1/rules/slow_response.cc - answers that take their server long.

#include "detect/by_server.h"
#include "event/exchange.h"
#include "http1/rules/fields.h"
#include "http1/rules/legs.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

/// As in long_polling.cc.
constexpr Duration kHeld = std::chrono::seconds(5);
constexpr std::uint64_t kSameWait = 1'000'000'000;

class SlowResponse final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"seconds", 1, "seconds",
       "from the end of the request to the first byte of the answer, at least"},
      {"responses", 1, "responses", "as slow, of one resource, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>};

  explicit SlowResponse(const Circumstances& circumstances)
      : slow_(circumstances.seconds("seconds")), least_(circumstances.threshold("responses")) {}

  void hear(const Event& event) override {
    const auto& exchange = *event.as<Exchange>();
    if (!event.peers() || !exchange.method || !exchange.status || lasts(exchange)) return;
    if (!exchange.complete) return;  // the capture may lack what came first
    const bool slow = exchange.timing.wait && *exchange.timing.wait >= slow_;
    if (!slow && tallies_.size() == 0) return;
    const std::uint64_t key = digest_of(exchange);
    if (!slow) {
      if (Tally* tally = tallies_.find(key)) ++tally->server.counts[0];
      return;
    }
    if (waited_for_another(event, exchange)) return;
    Tally& resource = tallies_.at(key);
    if (resource.name.empty()) resource.name = resource_of(exchange);
    ServerTally& tally = resource.server;
    // The same client asks again at once, again and again: a long poll (see long_polling.cc).
    const auto now = static_cast<std::uint64_t>(event.time().time_since_epoch().count());
    const bool held = *exchange.timing.wait >= kHeld && now >= ended_of(tally) &&
                      now - ended_of(tally) <= kSameWait;
    again_of(tally) += held;
    ended_of(tally) = now + static_cast<std::uint64_t>(exchange.timing.wait->count());
    tally.note(event, exchange.request_packet.value_or(0), event.time(), *exchange.timing.wait);
    tally.evidence.packet(exchange.response_packet.value_or(0));
    tally.evidence.time(event.time() + *exchange.timing.wait);
    legs_.note(event, exchange, key, *exchange.timing.wait);
  }

  void judge(Findings& out) override {
    for (const auto& [key, tally] : tallies_.heaviest()) {
      ServerTally& server = tally->server;
      const bool polled = again_of(server) >= 2 && again_of(server) * 2 >= server.times;
      if (static_cast<double>(server.times) >= least_ && !polled) out.add(draft(*tally));
    }
  }

 private:
  struct Tally {
    ServerTally server;
    std::string name;
    PeerAddress proxy;       ///< in front of it, if the capture shows both sides of one
    std::uint64_t behind{};  ///< times that the slow answer was seen on both sides
    std::uint64_t weight() const { return server.weight(); }
  };
  /// Users wait once, and the server behind the proxy is the slow one.
  bool waited_for_another(const Event& event, const Exchange& exchange) {
    const Legs::Leg leg = legs_.behind(event, exchange);
    Tally* tally = leg.path != 0 ? tallies_.find(leg.tally) : nullptr;
    if (tally == nullptr) return false;
    tally->proxy = event.peers()->server;
    ++tally->behind;
    tally->server.evidence.add(event.connection(), exchange.request_packet.value_or(0),
                               event.time());
    return true;
  }

  static std::uint64_t& again_of(ServerTally& tally) { return tally.counts[1]; }
  static std::uint64_t& ended_of(ServerTally& tally) { return tally.counts[2]; }

  static std::string share_of(std::uint64_t slow, std::uint64_t quick) {
    if (slow + quick == 1) return {};
    return fmt::format("; {} of {} answers since the first slow one were as slow", count_text(slow),
                       count_text(slow + quick));
  }

  static Draft draft(const Tally& all) {
    const ServerTally& tally = all.server;
    Draft draft = draft_of(tally.first.server, tally);
    draft.subject = all.name;
    draft.severity = severity_of_wait(tally.cost);
    draft.cost = tally.cost;
    draft.why = fmt::format(
        "{} took {}{} to begin its answer to {}{}. The request had arrived; the time went by in "
        "the server.",
        tally.first.server.text(), tally.times == 1 ? "" : "up to ", duration_text(tally.worst),
        all.name, share_of(tally.times, tally.counts[0]));
    if (all.behind > 0) {
      draft.why +=
          fmt::format(" {} waited for it as a proxy; that is not counted again.", all.proxy.text());
    }
    draft.measured = {{"slow", static_cast<double>(tally.times)},
                      {"quick", static_cast<double>(tally.counts[0])},
                      {"longest_seconds", seconds(tally.worst)}};
    return draft;
  }

  Duration slow_;
  double least_;
  Table<std::uint64_t, Tally> tallies_{kTallies};
  Legs legs_;
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
    .thresholds = SlowResponse::kThresholds,
    .takes = SlowResponse::kTakes,
    .make = make<SlowResponse>,
};

}  // namespace wirelens::http1
