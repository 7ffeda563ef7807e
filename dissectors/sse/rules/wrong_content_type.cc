// sse/rules/wrong_content_type.cc - readers of events that get something else.
#include "common/exchange_fields.h"
#include "detect/clients.h"
#include "event/exchange.h"
#include "sse/rules/rules.h"

namespace wirelens::sse {
namespace {

using namespace detect;  // rules speak of little else

constexpr std::string_view kStream = "text/event-stream";

class WrongContentType final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"responses", 1, "responses", "of one server that are no event stream, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>};

  explicit WrongContentType(const Circumstances& circumstances)
      : least_(circumstances.threshold("responses")) {}

  void hear(const Event& event) override {
    const auto& exchange = *event.as<Exchange>();
    if (!event.peers() || exchange.status != 200 || !exchange.response_headers) return;
    // EventSource accepts nothing else; who also takes JSON may get it.
    if (!http::same_ignoring_case(http::request_field(exchange, "accept"), kStream)) return;
    const std::string_view type = exchange.content_type.value_or("");
    if (http::same_ignoring_case(http::trimmed(type.substr(0, type.find(';'))), kStream)) return;
    Tally& tally = tallies_.at(event.peers()->server);
    tally.server.note(event, exchange.response_packet.value_or(0), event.time());
    if (tally.server.times > 1) return;
    tally.resource = http::resource_of(exchange.host, exchange.path, event.peers()->server.text());
    tally.type = type.substr(0, kLongestType);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->server.times) < least_) continue;
      Draft draft = draft_of(*server, tally->server);
      draft.severity = Severity::medium;
      draft.why = fmt::format(
          "{} asked {} for events and got 200 with {} {}. EventSource gives up for good on such an "
          "answer and does not try again.",
          clients_of_at_beginning(tally->server), tally->resource,
          tally->type.empty() ? "no Content-Type" : tally->type, times_text(tally->server.times));
      draft.measured = {{"responses", static_cast<double>(tally->server.times)}};
      out.add(std::move(draft));
    }
  }

 private:
  static constexpr std::size_t kLongestType = 80;
  struct Tally {
    ServerTally server;
    std::string resource;
    std::string type;
    std::uint64_t weight() const { return server.times; }
  };

  double least_;
  Table<PeerAddress, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kWrongContentType = {
    .id = "sse.wrong_content_type",
    .severity = Severity::medium,
    .title = "Event stream with a wrong type",
    .about =
        "A client asked for text/event-stream and got another type: a page of the application, a "
        "login form, JSON. EventSource fails and does not come back.",
    .fix =
        "answer with Content-Type: text/event-stream; look at routes that catch everything and at "
        "redirects to a login page; send 401 or 204 in place of a page",
    .source = "WHATWG HTML section 9.2.3",
    .thresholds = WrongContentType::kThresholds,
    .takes = WrongContentType::kTakes,
    .make = make<WrongContentType>,
};

}  // namespace wirelens::sse
