// http1/rules/redirect_chain.cc - redirects that lead to further redirects.
#include "detect/by_server.h"
#include "event/exchange.h"
#include "http1/rules/fields.h"
#include "http1/rules/legs.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

constexpr Duration kSoon = std::chrono::seconds(10);

class RedirectChain final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"redirects", 3, "redirects", "in a row before an answer, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>};

  explicit RedirectChain(const Circumstances& circumstances)
      : least_(circumstances.threshold("redirects")) {}

  void hear(const Event& event) override {
    const auto& exchange = *event.as<Exchange>();
    if (!event.peers() || !exchange.path || !exchange.status) return;
    const bool redirects = *exchange.status >= 301 && *exchange.status <= 308 &&
                           *exchange.status != 304 && *exchange.status != 305 &&
                           *exchange.status != 306;
    if (!redirects && chains_.size() == 0) return;
    const PeerAddress& client = event.peers()->client;
    const std::uint64_t here = digest_of(client, resource_in(resource_, exchange));
    Chain chain;
    if (const Chain* found = chains_.find(here); found && event.time() - found->last <= kSoon) {
      chain = *found;
    }
    chains_.erase(here);
    const std::string_view location = response_field(exchange, "location");
    if (!redirects || location.empty()) {
      if (static_cast<double>(chain.length) >= least_) count(event, exchange, chain);
      return;
    }
    const Duration took = exchange.timing.wait.value_or(Duration::zero()) +
                          exchange.timing.connect.value_or(Duration::zero());
    if (chain.length++ == 0) chain.packet = exchange.request_packet.value_or(0);
    chain.cost += took - std::min(took, legs_.behind(event, exchange).price);
    legs_.note(event, exchange, here, took);
    chain.last = event.time() + took;
    chains_.at(digest_of(client, target_of(exchange, location))) = chain;
  }

  void judge(Findings& out) override {
    for (const auto& [name, tally] : tallies_.heaviest()) {
      Draft draft = draft_of(tally->first.server, *tally);
      draft.subject = *name;
      draft.severity = Severity::low;
      draft.cost = tally->cost;
      draft.why = fmt::format(
          "{} was reached only after {}{} redirects in a row, {}; they took {}. Each is a round "
          "trip, "
          "and often a new connection, before anything can be shown.",
          *name, tally->times == 1 ? "" : "up to ", count_text(tally->counts[0]),
          times_text(tally->times), duration_text(tally->cost));
      draft.measured = {{"chains", static_cast<double>(tally->times)},
                        {"longest", static_cast<double>(tally->counts[0])}};
      out.add(std::move(draft));
    }
  }

 private:
  struct Chain {
    std::uint64_t length = 0;
    std::uint64_t packet = 0;
    Duration cost{};
    Timestamp last{};
    std::int64_t weight() const { return last.time_since_epoch().count(); }
  };

  void count(const Event& event, const Exchange& exchange, const Chain& chain) {
    ServerTally& tally = tallies_.at(resource_of(exchange));
    tally.note(event, chain.packet, event.time(), chain.cost);
    tally.evidence.packet(exchange.request_packet.value_or(0));
    tally.counts[0] = std::max(tally.counts[0], chain.length);
  }

  double least_;
  std::string resource_;  // of the exchange at hand
  Legs legs_;
  Table<std::uint64_t, Chain> chains_{1024};  // where clients were sent last
  Table<std::string, ServerTally> tallies_{kTallies};
};

}  // namespace

const Rule kRedirectChain = {
    .id = "http.redirect_chain",
    .severity = Severity::low,
    .title = "Redirects in a row",
    .about =
        "A request is answered by a redirect to a redirect to a redirect. Users wait for each of "
        "them, and on mobile networks each takes a tenth of a second or more.",
    .fix =
        "redirect to the final address at once (scheme, host and path in one step), and link to it",
    .source = "RFC 9110 section 15.4",
    .thresholds = RedirectChain::kThresholds,
    .takes = RedirectChain::kTakes,
    .make = make<RedirectChain>,
};

}  // namespace wirelens::http1
