// http2/rules/rapid_reset.cc - requests that are taken back at once, to make the server work in
// vain.
#include "detect/by_server.h"
#include "detect/rate.h"
#include "event/exchange.h"
#include "http2/rules/rules.h"

namespace wirelens::http2 {
namespace {

using namespace detect;  // rules speak of little else

class RapidReset final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"resets", 100, "streams",
       "of one client that it reset before any answer, in its busiest second, at least"},
      {"share", 0.5, "of its streams", "at least so many ended so"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>};

  explicit RapidReset(const Circumstances& circumstances)
      : least_(circumstances.threshold("resets")), share_(circumstances.threshold("share")) {}

  void hear(const Event& event) override {
    const auto& exchange = *event.as<Exchange>();
    if (!event.peers() || !exchange.stream || exchange.version != "2") return;
    const Peers key{event.peers()->client.host(), event.peers()->server};
    const bool taken_back = exchange.reset_by == "client" && !exchange.status;
    if (!taken_back) {
      if (Tally* known = tallies_.find(key)) ++known->others;
      return;
    }
    Tally& tally = tallies_.at(key);
    tally.server.note(event, exchange.request_packet.value_or(0), event.time());
    tally.rate.add(event.time());
  }

  void judge(Findings& out) override {
    for (const auto& [key, tally] : tallies_.heaviest()) {
      const auto resets = static_cast<double>(tally->server.times);
      const double all = resets + static_cast<double>(tally->others);
      if (tally->rate.peak() >= least_ && resets >= share_ * all) out.add(draft(*key, *tally));
    }
  }

 private:
  struct Tally {
    ServerTally server;
    Rate rate;
    std::uint64_t others = 0;  ///< streams that ended in another way
    std::uint64_t weight() const { return server.times; }
  };

  static Draft draft(const Peers& key, const Tally& tally) {
    const std::uint64_t times = tally.server.times;
    Draft draft = draft_of(key.server, tally.server);
    draft.client = key.client.host_text();
    draft.subject = fmt::format("{} → {}", draft.client, draft.server);
    draft.severity = tally.rate.peak() >= 1000 ? Severity::critical : Severity::high;
    draft.why = fmt::format(
        "{} sent {} to {} and reset each of them before an answer came, up to {} in one second on "
        "{}. The server has begun to work on every one, and none counts against its limit of "
        "concurrent streams.",
        draft.client, counted(times, "request"), draft.server, count_text(tally.rate.peak()),
        counted(tally.server.connections(), "connection"));
    draft.measured = {{"resets", static_cast<double>(times)},
                      {"resets_per_second", static_cast<double>(tally.rate.peak())},
                      {"other_streams", static_cast<double>(tally.others)}};
    return draft;
  }

  double least_;
  double share_;
  Table<Peers, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kRapidReset = {
    .id = "http2.rapid_reset",
    .severity = Severity::critical,
    .title = "Rapid reset",
    .about =
        "A client opens streams and resets them at once, as fast as it can (CVE-2023-44487). Each "
        "costs the server a request, and the client a few bytes.",
    .fix =
        "update the server (nginx 1.25.3, Apache 2.4.58, Go 1.21.3, Node.js 20.8.1, Envoy 1.27.1 "
        "or later limit it); close connections that reset most of their streams; block the sender",
    .source = "RFC 9113 section 10.5, CVE-2023-44487",
    .thresholds = RapidReset::kThresholds,
    .takes = RapidReset::kTakes,
    .make = make<RapidReset>,
};

}  // namespace wirelens::http2
