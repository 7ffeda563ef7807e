// http1/rules/get_with_body.cc - requests with a body that means nothing.
#include "detect/by_server.h"
#include "event/exchange.h"
#include "http1/rules/fields.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

class GetWithBody final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"requests", 1, "requests", "of one host, GET or HEAD with a body, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>};

  explicit GetWithBody(const Circumstances& circumstances)
      : least_(circumstances.threshold("requests")) {}

  void hear(const Event& event) override {
    const auto& exchange = *event.as<Exchange>();
    if (!event.peers() || !exchange.method || !exchange.request_body_wire_bytes) return;
    if (*exchange.method != "GET" && *exchange.method != "HEAD") return;
    if (*exchange.request_body_wire_bytes == 0) return;
    ServerTally& tally = tallies_.at(host_in(name_, exchange, event.peers()->server));
    tally.note(event, exchange.request_packet.value_or(0), event.time());
    tally.counts[0] += *exchange.request_body_wire_bytes;
  }

  void judge(Findings& out) override {
    for (const auto& [name, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) < least_) continue;
      Draft draft = draft_of(tally->first.server, *tally);
      draft.subject = *name;
      draft.severity = Severity::low;
      draft.why = fmt::format(
          "{} to {} {} a body ({} in all) with GET or HEAD, where it has no meaning: caches and "
          "proxies drop it, refuse it, or read it as the next request.",
          counted(tally->times, "request"), *name, tally->times == 1 ? "bears" : "bear",
          bytes_text(tally->counts[0]));
      draft.measured = {{"requests", static_cast<double>(tally->times)},
                        {"bytes", static_cast<double>(tally->counts[0])}};
      out.add(std::move(draft));
    }
  }

 private:
  double least_;
  std::string name_;  // of the exchange at hand
  Table<std::string, ServerTally> tallies_{kTallies};
};

}  // namespace

const Rule kGetWithBody = {
    .id = "http.get_with_body",
    .severity = Severity::low,
    .title = "GET with a body",
    .about =
        "A GET or HEAD request carries content. No meaning is defined for it; some servers ignore "
        "it, others close the connection, and some take it for request smuggling.",
    .fix = "put parameters into the query, or use POST (or QUERY, where both sides know it)",
    .source = "RFC 9110 section 9.3.1",
    .thresholds = GetWithBody::kThresholds,
    .takes = GetWithBody::kTakes,
    .make = make<GetWithBody>,
};

}  // namespace wirelens::http1
