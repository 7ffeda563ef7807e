// http1/rules/long_polling.cc - requests that the server keeps until there is news.
#include "detect/by_server.h"
#include "event/exchange.h"
#include "http1/rules/fields.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

constexpr Duration kAtOnce = std::chrono::seconds(1);

class LongPolling final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"seconds", 5, "seconds", "that an answer is held back, at least"},
      {"requests", 3, "requests", "of one client for one resource, one after the other, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>};

  explicit LongPolling(const Circumstances& circumstances)
      : held_(circumstances.seconds("seconds")), least_(circumstances.threshold("requests")) {}

  void hear(const Event& event) override {
    const auto& exchange = *event.as<Exchange>();
    if (!event.peers() || !exchange.method || !exchange.status || lasts(exchange)) return;
    if (!exchange.timing.wait || *exchange.timing.wait < held_) return;
    const std::string resource = resource_of(exchange);
    Tally& tally = tallies_.at(digest_of(event.peers()->client, resource));
    const bool again = tally.server.times > 0 && event.time() - tally.ended <= kAtOnce;
    tally.again += again;
    tally.server.note(event, exchange.request_packet.value_or(0), event.time());
    tally.server.worst = std::max(tally.server.worst, *exchange.timing.wait);
    tally.ended = event.time() + *exchange.timing.wait;
    tally.resource = resource;
  }

  void judge(Findings& out) override {
    for (const auto& [name, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->again + 1) >= least_) out.add(draft(*tally));
    }
  }

 private:
  struct Tally {
    ServerTally server;
    Timestamp ended{};
    std::uint64_t again = 0;
    std::string resource;
    std::uint64_t weight() const { return server.times; }
  };

  static Draft draft(const Tally& tally) {
    Draft draft = draft_of(tally.server.first.server, tally.server);
    draft.client = tally.server.first.client.host_text();
    draft.subject = fmt::format("{} → {}", draft.client, tally.resource);
    draft.severity = Severity::info;
    draft.why = fmt::format(
        "{} asked for {} {}, each time as soon as the answer before was there, and the server kept "
        "each answer back for up to {}: a long poll, not a slow server. Each piece of news costs a "
        "request with all its fields.",
        draft.client, tally.resource, times_text(tally.server.times),
        duration_text(tally.server.worst));
    draft.measured = {{"requests", static_cast<double>(tally.server.times)},
                      {"longest_seconds", seconds(tally.server.worst)}};
    return draft;
  }

  Duration held_;
  double least_;
  Table<std::uint64_t, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kLongPolling = {
    .id = "http.long_polling",
    .severity = Severity::info,
    .title = "Long polling",
    .about =
        "A client asks, the server answers only when there is news, and the client asks again at "
        "once. It works, at the price of a request for each piece of news and a worker or "
        "connection held for each client.",
    .fix =
        "where both ends can: server-sent events or a WebSocket; mind the idle timeouts of proxies "
        "between them",
    .source = "RFC 6202 section 2",
    .thresholds = LongPolling::kThresholds,
    .takes = LongPolling::kTakes,
    .make = make<LongPolling>,
};

}  // namespace wirelens::http1
