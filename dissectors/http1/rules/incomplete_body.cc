// http1/rules/incomplete_body.cc - answers that end before they are whole.
#include <charconv>

#include "detect/by_server.h"
#include "event/exchange.h"
#include "http1/rules/fields.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

class IncompleteBody final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"responses", 1, "responses", "of one host that were cut short, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>, &kEventType<Connection>,
                                                &kEventType<CaptureEnd>};
  static constexpr std::string_view kFollows[] = {"tcp.reset_storm", "tcp.reset_after_idle",
                                                  "tcp.reset_injected"};

  explicit IncompleteBody(const Circumstances& circumstances)
      : least_(circumstances.threshold("responses")) {}

  void hear(const Event& event) override {
    if (const auto* end = event.as<CaptureEnd>()) {
      truncated_ = end->truncated_packets;
    } else if (const auto* exchange = event.as<Exchange>()) {
      note(event, *exchange);
    } else if (cut_.size() > 0) {
      settle(event, *event.as<Connection>());
    }
  }

  void judge(Findings& out) override {
    if (truncated_ > 0) {
      out.not_observable("ends of messages in packets cut by the snapshot length",
                         "http.incomplete_body is not judged", truncated_);
      return;
    }
    for (const auto& [name, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) >= least_) out.add(draft(*name, *tally));
    }
  }

 private:
  struct Cut {
    std::string host;
    std::uint64_t packet = 0;
    Timestamp time{};
    std::uint64_t got = 0;
    std::uint64_t wanted = 0;  ///< 0: chunked, not known
    std::uint64_t weight() const { return packet; }
  };

  /// What became of its connection says whose doing it is: its record comes later.
  void note(const Event& event, const Exchange& exchange) {
    if (!event.peers() || !event.connection() || exchange.stream || exchange.complete) return;
    if (!exchange.method || !exchange.status || !exchange.response_body_wire_bytes) return;
    const std::string_view length = response_field(exchange, "content-length");
    const bool chunked = !response_field(exchange, "transfer-encoding").empty();
    std::uint64_t wanted = 0;
    std::from_chars(length.data(), length.data() + length.size(), wanted);
    const std::uint64_t got = *exchange.response_body_wire_bytes;
    if (lasts(exchange) || (!chunked && got >= wanted)) return;
    cut_.at(*event.connection()) = {host_of(exchange, event.peers()->server),
                                    exchange.response_packet.value_or(0), event.time(), got,
                                    chunked ? 0 : wanted};
  }

  void settle(const Event& event, const Connection& connection) {
    const Cut* cut = cut_.find(connection.id);
    if (cut == nullptr) return;
    const bool seen = connection.sent.missing_bytes + connection.received.missing_bytes == 0 &&
                      !connection.evicted && !connection.one_sided;
    const bool by_client = connection.close == Close::reset_by_client;
    const bool ended = connection.close == Close::fin || connection.close == Close::reset_by_server;
    // A client that goes away may do so; one whose connection is still open may yet get the rest.
    // Chunks may also have broken their own rules: that they were cut, only a reset says.
    const bool cut_off = cut->wanted > 0 || connection.close == Close::reset_by_server;
    if (seen && ended && cut_off && !by_client && ended_by_server(connection.history)) {
      ServerTally& tally = tallies_.at(cut->host);
      if (tally.times == 0) tally.first = *event.peers();
      tally.note(event, cut->packet, cut->time);
      tally.evidence.connection(connection.id);
      tally.counts[0] += cut->got;
      tally.counts[1] += cut->wanted;
      tally.counts[2] += connection.close == Close::reset_by_server;
    }
    cut_.erase(connection.id);
  }

  static std::string how_ended(std::uint64_t times, std::uint64_t resets) {
    if (resets == 0) return "closed the connection";
    if (resets == times) return "reset the connection";
    return fmt::format("reset {} of the connections and closed the others", count_text(resets));
  }

  static Draft draft(const std::string& name, const ServerTally& tally) {
    Draft draft = draft_of(tally.first.server, tally);
    draft.subject = name;
    draft.severity = tally.times >= 10 ? Severity::high : Severity::medium;
    draft.why = fmt::format(
        "{} ended {} before the body was whole: {} of {} announced bytes came. It {}. Every "
        "packet of it was captured, so it was not lost on the way.",
        name, counted(tally.times, "answer"), count_text(tally.counts[0]),
        tally.counts[1] > 0 ? count_text(tally.counts[1]) : "an unknown number of",
        how_ended(tally.times, tally.counts[2]));
    draft.measured = {{"responses", static_cast<double>(tally.times)},
                      {"bytes", static_cast<double>(tally.counts[0])},
                      {"announced_bytes", static_cast<double>(tally.counts[1])},
                      {"by_reset", static_cast<double>(tally.counts[2])}};
    return draft;
  }

  double least_;
  std::uint64_t truncated_ = 0;
  Table<ConnectionId, Cut> cut_{1024};  // the latest, until their connections' records come
  Table<std::string, ServerTally> tallies_{kTallies};
};

}  // namespace

const Rule kIncompleteBody = {
    .id = "http.incomplete_body",
    .severity = Severity::high,
    .title = "Answers cut short",
    .about =
        "A server announced a body of some length, or chunks, and ended the connection before all "
        "of it was sent. Clients see a broken file or an error; some take it for whole.",
    .fix =
        "look for crashes, kills and timeouts of the server or of the proxy before it "
        "(proxy_read_timeout, worker limits, out of memory)",
    .source = "RFC 9112 section 8",
    .thresholds = IncompleteBody::kThresholds,
    .takes = IncompleteBody::kTakes,
    .make = make<IncompleteBody>,
    .follows = IncompleteBody::kFollows,
};

}  // namespace wirelens::http1
