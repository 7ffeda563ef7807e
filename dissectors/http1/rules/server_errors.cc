// http1/rules/server_errors.cc - answers with 5xx.
#include "detect/by_server.h"
#include "event/exchange.h"
#include "http1/rules/fields.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

class ServerErrors final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"errors", 3, "responses", "with status 5xx from one host, at least"},
      {"share", 0.01, "of its responses since the first", "at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>};
  static constexpr std::string_view kFollows[] = {"tcp.connection_refused",
                                                  "tcp.connection_timeout"};

  explicit ServerErrors(const Circumstances& circumstances)
      : least_(circumstances.threshold("errors")), share_(circumstances.threshold("share")) {}

  void hear(const Event& event) override {
    const auto& exchange = *event.as<Exchange>();
    if (!event.peers() || !exchange.status) return;
    const bool error = *exchange.status >= 500 && *exchange.status <= 599;
    if (!error && tallies_.size() == 0) return;
    const std::uint64_t key = exchange.host ? detect::digest_of(*exchange.host)
                                            : detect::digest_of(event.peers()->server);
    if (!error) {
      if (Tally* tally = tallies_.find(key)) ++tally->good;
      return;
    }
    Tally& tally = tallies_.at(key);
    if (tally.name.empty()) tally.name = host_of(exchange, event.peers()->server);
    tally.server.note(event, exchange.response_packet.value_or(0), event.time());
    ++tally.by_status[std::min<std::size_t>(*exchange.status - 500u, kKnown)];
  }

  void judge(Findings& out) override {
    for (const auto& [key, tally] : tallies_.heaviest()) {
      const auto errors = static_cast<double>(tally->server.times);
      const auto all = errors + static_cast<double>(tally->good);
      if (errors >= least_ && errors >= share_ * all) out.add(draft(*tally));
    }
  }

 private:
  static constexpr std::size_t kKnown = 5;  // 500 to 504, and the others
  struct Tally {
    std::uint64_t good = 0;
    ServerTally server;
    std::string name;
    std::array<std::uint64_t, kKnown + 1> by_status{};
    std::uint64_t weight() const { return server.times; }
  };

  static Draft draft(const Tally& tally) {
    Draft draft = draft_of(tally.server.first.server, tally.server);
    draft.subject = tally.name;
    const std::uint64_t all = tally.server.times + tally.good;
    draft.severity = tally.server.times * 2 >= all ? Severity::high : Severity::medium;
    std::string kinds;
    for (std::size_t i = 0; i <= kKnown; ++i) {
      if (tally.by_status[i] == 0) continue;
      kinds += kinds.empty() ? "" : ", ";
      kinds += i == kKnown ? "others" : fmt::format("{}", 500 + i);
      kinds += fmt::format(" {}", times_text(tally.by_status[i]));
    }
    draft.why = fmt::format(
        "{} answered {} of {} requests with an error of its own ({}): {} since the first one. A "
        "5xx says that the request was fine and the server failed.",
        tally.name, count_text(tally.server.times), count_text(all), kinds,
        share_text(tally.server.times, all));
    draft.measured = {{"errors", static_cast<double>(tally.server.times)},
                      {"responses", static_cast<double>(all)}};
    return draft;
  }

  double least_;
  double share_;
  Table<std::uint64_t, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kServerErrors = {
    .id = "http.server_errors",
    .severity = Severity::high,
    .title = "Server errors (5xx)",
    .about =
        "A server says that it failed: 500 is the application, 502 and 504 are a proxy whose "
        "upstream did not answer (in time), 503 is a server that has no room or is in maintenance.",
    .fix =
        "look at the server's error log at those times; for 502, 503 and 504 at the service behind "
        "the proxy",
    .source = "RFC 9110 section 15.6",
    .thresholds = ServerErrors::kThresholds,
    .takes = ServerErrors::kTakes,
    .make = make<ServerErrors>,
    .follows = ServerErrors::kFollows,
};

}  // namespace wirelens::http1
