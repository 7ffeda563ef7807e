// http1/rules/unsafe_retry.cc - a request that changes something, sent twice.
#include "detect/by_server.h"
#include "detect/firsts.h"
#include "event/exchange.h"
#include "http1/rules/fields.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

class UnsafeRetry final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"seconds", 60, "seconds", "between the two at most"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>};
  static constexpr std::string_view kFollows[] = {"tcp.reset_after_idle", "tcp.reset_storm",
                                                  "tcp.half_open"};

  explicit UnsafeRetry(const Circumstances& circumstances)
      : within_(circumstances.seconds("seconds")) {}

  void hear(const Event& event) override {
    const auto& exchange = *event.as<Exchange>();
    if (!event.peers() || !exchange.method || !exchange.path) return;
    if (*exchange.method != "POST" && *exchange.method != "PATCH") return;
    if (!request_field(exchange, "idempotency-key").empty()) return;
    const std::uint64_t bytes = exchange.request_body_wire_bytes.value_or(0);
    const std::uint64_t key = Digest()
                                  .add(digest_of(event.peers()->client, exchange))
                                  .add(*exchange.method)
                                  .add(bytes)
                                  .value();
    const Sent now{event.time(), exchange.request_packet.value_or(0), event.connection(),
                   exchange.status.has_value()};
    const Sent* other = sent_.find(key);
    if (other != nullptr) weigh(event, exchange, *other, now);
    if (other == nullptr || other->time < now.time) sent_.leave(key, now);
  }

  void judge(Findings& out) override {
    for (const auto& [name, tally] : tallies_.heaviest()) {
      Draft draft = draft_of(tally->first.server, *tally);
      draft.subject = *name;
      draft.severity = Severity::medium;
      draft.why = fmt::format(
          "{} got no answer to a request that changes something ({}) and sent it again{} on "
          "another connection. The first may have been carried out, so it may have happened twice.",
          tally->first.client.host_text(), *name,
          tally->times == 1 ? "" : fmt::format(" ({})", times_text(tally->times)));
      draft.measured = {{"retries", static_cast<double>(tally->times)},
                        {"body_bytes", static_cast<double>(tally->counts[0])}};
      out.add(std::move(draft));
    }
  }

 private:
  struct Sent {
    Timestamp time{};
    std::uint64_t packet = 0;
    std::optional<ConnectionId> connection;
    bool answered = false;
  };

  /// A request without an answer is told when its connection ends, maybe after the one that
  /// repeats it.
  void weigh(const Event& event, const Exchange& exchange, const Sent& a, const Sent& b) {
    const Sent& first = a.time < b.time ? a : b;
    const Sent& second = a.time < b.time ? b : a;
    if (first.answered || second.time - first.time > within_) return;
    if (first.connection == second.connection) return;
    ServerTally& tally = tallies_.at(resource_of(exchange));
    tally.note(event, first.packet, first.time);
    tally.evidence.packet(second.packet);
    tally.evidence.time(second.time);
    tally.evidence.connection(first.connection);
    tally.evidence.connection(second.connection);
    tally.counts[0] = exchange.request_body_wire_bytes.value_or(0);
  }

  Duration within_;
  Firsts<Sent> sent_;  // the latest
  Table<std::string, ServerTally> tallies_{kTallies};
};

}  // namespace

const Rule kUnsafeRetry = {
    .id = "http.unsafe_retry",
    .severity = Severity::medium,
    .title = "A POST was sent twice",
    .about =
        "A request that is not idempotent was repeated after its connection broke. Whether the "
        "first one was carried out, the client can't know: orders and payments happen twice that "
        "way.",
    .fix =
        "do not let clients and proxies retry POST by themselves (nginx: no non_idempotent in "
        "proxy_next_upstream); give such requests an Idempotency-Key",
    .source = "RFC 9110 section 9.2.2",
    .thresholds = UnsafeRetry::kThresholds,
    .takes = UnsafeRetry::kTakes,
    .make = make<UnsafeRetry>,
    .follows = UnsafeRetry::kFollows,
};

}  // namespace wirelens::http1
