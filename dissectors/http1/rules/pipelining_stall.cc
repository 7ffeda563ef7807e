// http1/rules/pipelining_stall.cc - pipelined requests that the server never answers.
#include "detect/by_server.h"
#include "detect/firsts.h"
#include "event/exchange.h"
#include "event/records.h"
#include "http1/rules/fields.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

constexpr std::size_t kConnections = 4096;

class PipeliningStall final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"requests", 1, "requests", "sent behind another to one server and never answered, at least"},
      {"seconds", 1, "seconds", "that they waited if it was not the server who closed, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>, &kEventType<Connection>};

  explicit PipeliningStall(const Circumstances& circumstances)
      : least_(circumstances.threshold("requests")), long_(circumstances.seconds("seconds")) {}

  void hear(const Event& event) override {
    if (!event.peers()) return;
    if (const auto* connection = event.as<Connection>()) return end(event, *connection);
    const auto& exchange = *event.as<Exchange>();
    if (exchange.stream || !exchange.method || !event.connection()) return;
    if (!exchange.status) return note_unanswered(event, exchange);
    const ExchangeTiming& timing = exchange.timing;
    Answered now{event.time(), exchange.response_packet.value_or(0)};
    for (const auto& part : {timing.send, timing.blocked, timing.wait, timing.receive}) {
      now.until += part.value_or(Duration::zero());
    }
    if (const Answered* before = answered_.find(*event.connection())) {
      now.unanswered = before->unanswered;
      now.first = before->first;
    }
    answered_.leave(*event.connection(), now);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) >= least_) out.add(draft(*server, *tally));
    }
    if (missed_ > 0) {
      out.not_observable("answers to HTTP requests, where the capture lacks what servers sent",
                         "http.pipelining_stall is not judged there", missed_);
    }
  }

 private:
  /// What was answered last on a connection, if anything was, and what lay behind it.
  struct Answered {
    Timestamp until{};  ///< long ago, if nothing was
    std::uint64_t packet = 0;
    std::uint64_t unanswered = 0;
    std::uint64_t first = 0;  ///< packet of the first unanswered request
  };

  void note_unanswered(const Event& event, const Exchange& exchange) {
    Answered* before = answered_.find(*event.connection());
    if (before == nullptr) {
      answered_.leave(*event.connection(), {.first = exchange.request_packet.value_or(0)});
      return;
    }
    if (event.time() >= before->until) return;  // it was not pipelined
    if (before->unanswered++ == 0) before->first = exchange.request_packet.value_or(0);
  }

  void end(const Event& event, const Connection& connection) {
    const Answered* answered = answered_.find(connection.id);
    if (answered == nullptr) return;
    const Timestamp closed =
        event.time() + connection.duration + connection.idle.value_or(Duration::zero());
    const Duration waited = std::max(closed - answered->until, Duration::zero());
    const bool by_server = ended_by_server(connection.history);
    const bool one_sided = connection.one_sided.value_or(false);
    const bool missed = one_sided || connection.received.missing_bytes > 0;
    if (missed && (one_sided ? answered->first : answered->unanswered) > 0) ++missed_;
    if (answered->unanswered > 0 && !missed && (by_server || waited >= long_)) {
      ServerTally& tally = tallies_.at(event.peers()->server);
      tally.note(event, answered->packet, answered->until, waited);
      tally.evidence.connection(connection.id);
      tally.evidence.packet(answered->first);
      tally.evidence.time(closed);
      tally.worst = std::max(tally.worst, waited);
      tally.times += answered->unanswered - 1;
      tally.counts[0] += by_server;
    }
    answered_.forget(connection.id);
  }

  static Draft draft(const PeerAddress& server, const ServerTally& tally) {
    Draft draft = draft_of(server, tally);
    draft.severity = std::max(Severity::low, severity_of_wait(tally.cost));
    draft.cost = tally.cost;
    draft.why = fmt::format(
        "{} to {} went out behind another on {} before it was answered, and never got an answer "
        "though that one did; clients waited up to {}. {} The server, or a proxy before it, throws "
        "away what it has read behind the first request.",
        counted(tally.times, "request"), draft.server, counted(tally.connections(), "connection"),
        duration_text(tally.worst),
        tally.counts[0] > 0
            ? fmt::format("It closed {} of them itself.", count_text(tally.counts[0]))
            : std::string("The connections stayed open."));
    draft.measured = {{"requests", static_cast<double>(tally.times)},
                      {"connections", static_cast<double>(tally.connections())},
                      {"closed_by_server", static_cast<double>(tally.counts[0])},
                      {"longest_seconds", seconds(tally.worst)}};
    return draft;
  }

  double least_;
  Duration long_;
  std::uint64_t missed_ = 0;                 // connections
  Firsts<Answered, kConnections> answered_;  // the latest connections, by id
  ServerTable tallies_{kTallies};
};

}  // namespace

const Rule kPipeliningStall = {
    .id = "http.pipelining_stall",
    .severity = Severity::high,
    .title = "Pipelined requests are never answered",
    .about =
        "A client sends requests without waiting for answers, which HTTP/1.1 allows. The server "
        "answers the first and forgets the others, or closes: the client waits until it gives up.",
    .fix =
        "do not pipeline: send the next request when the answer is there, or use HTTP/2; if "
        "pipelining is wanted, update the server or proxy that drops requests, and let the client "
        "repeat those that are safe",
    .source = "RFC 9112 section 9.3.2",
    .thresholds = PipeliningStall::kThresholds,
    .takes = PipeliningStall::kTakes,
    .make = make<PipeliningStall>,
};

}  // namespace wirelens::http1
