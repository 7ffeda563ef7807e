// http1/rules/short_polling.cc - a client that asks the same question again and again.
#include "detect/by_server.h"
#include "detect/firsts.h"
#include "event/exchange.h"
#include "http1/rules/fields.h"
#include "http1/rules/legs.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

/// Quicker than that is one page that loads, not a client that waits for news.
constexpr Duration kQuickest = std::chrono::milliseconds(100);

class ShortPolling final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"requests", 15, "requests", "of one client for one resource at a steady pace, at least"},
      {"empty_share", 0.8, "of them", "at least so many brought nothing new"},
      {"longest_interval", 60, "seconds", "between two of them at most"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>};

  explicit ShortPolling(const Circumstances& circumstances)
      : least_(circumstances.threshold("requests")),
        share_(circumstances.threshold("empty_share")),
        longest_(circumstances.seconds("longest_interval")) {}

  void hear(const Event& event) override {
    const auto& exchange = *event.as<Exchange>();
    if (!event.peers() || exchange.method != "GET" || !exchange.status || !exchange.complete)
      return;
    if (*exchange.status != 200 && *exchange.status != 204 && *exchange.status != 304) return;
    if (lasts(exchange)) return;
    const std::uint64_t size = exchange.response_body_wire_bytes.value_or(0);
    const std::uint64_t key = digest_of(event.peers()->client, exchange);
    Tally* found = tallies_.find(key);
    if (found == nullptr) {
      const First now{size, exchange.request_packet.value_or(0), event.time(), event.connection(),
                      *event.peers()};
      found = begin(event, exchange, key, now);
      if (found == nullptr) return;
    }
    Tally& tally = *found;
    const bool empty = *exchange.status != 200 || size == tally.size;
    const Duration pause = event.time() - tally.last;
    const bool polls = tally.server.times > 0 && pause >= kQuickest && pause <= longest_;
    if (polls) {
      const Duration took = exchange.timing.send.value_or(Duration::zero()) +
                            exchange.timing.wait.value_or(Duration::zero()) +
                            exchange.timing.receive.value_or(Duration::zero());
      tally.empty += empty;
      if (empty) {
        tally.server.cost += took - std::min(took, legs_.behind(event, exchange).price);
        legs_.note(event, exchange, key, took);
      }
      tally.pauses += pause;
    } else if (tally.server.times > 0) {
      ++tally.out_of_pace;
    }
    tally.server.note(event, exchange.request_packet.value_or(0), event.time());
    tally.last = event.time();
    tally.size = size;
  }

  void judge(Findings& out) override {
    for (const auto& [key, tally] : tallies_.heaviest()) {
      const auto polls = static_cast<double>(tally->server.times);
      if (polls < least_ || static_cast<double>(tally->empty) < share_ * (polls - 1)) continue;
      if (static_cast<double>(tally->out_of_pace) > 0.1 * polls) continue;
      if (checks_health(tally->resource)) continue;
      out.add(draft(*tally));
    }
  }

 private:
  struct First {
    std::uint64_t size = 0;
    std::uint64_t packet = 0;
    Timestamp time{};
    std::optional<ConnectionId> connection;
    Peers peers;
  };

  /// Monitors and balancers ask on purpose, and want no news.
  static bool checks_health(std::string_view resource) {
    const std::string_view path = resource.substr(std::min(resource.find('/'), resource.size()));
    constexpr std::string_view kChecks[] = {"health", "ping",    "alive",
                                            "ready",  "metrics", "status"};
    return std::any_of(std::begin(kChecks), std::end(kChecks),
                       [&](std::string_view each) { return path.find(each) != path.npos; });
  }

  struct Tally {
    ServerTally server;
    Timestamp last{};
    Duration pauses{};
    std::uint64_t size = 0;
    std::uint64_t empty = 0;
    std::uint64_t out_of_pace = 0;
    std::string resource;
    std::uint64_t weight() const { return server.times; }
  };

  /// The second time a tally begins, with the first; nullptr the first time.
  Tally* begin(const Event& event, const Exchange& exchange, std::uint64_t key, const First& now) {
    const First* first = firsts_.find(key);
    if (first == nullptr) {
      firsts_.leave(key, now);
      return nullptr;
    }
    Tally& tally = tallies_.at(key);
    tally.resource = resource_of(exchange);
    const Event then(&event.type(), first->time, first->connection, nullptr, &first->peers);
    tally.server.note(then, first->packet, first->time);
    tally.last = first->time;
    tally.size = first->size;
    firsts_.forget(key);
    return &tally;
  }

  static Draft draft(const Tally& tally) {
    const std::string client = tally.server.first.client.host_text();
    const std::string& resource = tally.resource;
    const Duration pause = tally.pauses / static_cast<std::int64_t>(
                                              std::max<std::uint64_t>(tally.server.times - 1, 1));
    Draft draft = draft_of(tally.server.first.server, tally.server);
    draft.client = client;
    draft.subject = fmt::format("{} → {}", client, resource);
    draft.severity = Severity::low;
    draft.cost = tally.server.cost;
    draft.why = fmt::format(
        "{} asked for {} {}, about every {}, and {} of the answers were as before. Each costs a "
        "request and news come half an interval late.",
        client, resource, times_text(tally.server.times), duration_text(pause),
        count_text(tally.empty));
    draft.measured = {{"requests", static_cast<double>(tally.server.times)},
                      {"unchanged", static_cast<double>(tally.empty)},
                      {"interval_seconds", seconds(pause)}};
    return draft;
  }

  double least_;
  double share_;
  Duration longest_;
  Legs legs_;
  Firsts<First> firsts_;
  Table<std::uint64_t, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kShortPolling = {
    .id = "http.short_polling",
    .severity = Severity::low,
    .title = "Polling that finds nothing",
    .about =
        "A client asks for the same resource at a steady pace and mostly hears what it knows. It "
        "loads server and network, and still learns of news late.",
    .fix =
        "push news by server-sent events or a WebSocket; or poll more slowly, with ETag or a long "
        "poll",
    .source = "RFC 6202 section 2",
    .thresholds = ShortPolling::kThresholds,
    .takes = ShortPolling::kTakes,
    .make = make<ShortPolling>,
};

}  // namespace wirelens::http1
