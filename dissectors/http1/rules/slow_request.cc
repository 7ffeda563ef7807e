// http1/rules/slow_request.cc - clients that never finish their request: slowloris.
#include "detect/by_server.h"
#include "event/exchange.h"
#include "http1/rules/fields.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

class SlowRequest final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"connections", 10, "connections", "of one client to one server, at least"},
      {"seconds", 10, "seconds", "that each dribbled without a whole request, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Connection>};

  explicit SlowRequest(const Circumstances& circumstances)
      : least_(circumstances.threshold("connections")), long_(circumstances.seconds("seconds")) {}

  void hear(const Event& event) override {
    const auto& connection = *event.as<Connection>();
    if (!connection.handshake_rtt) return;
    if (connection.received.bytes > kAnswer || connection.duration < long_) return;
    const std::uint64_t bytes = connection.sent.bytes;
    const std::uint64_t packets = connection.sent.packets;
    // Drop by drop: many segments of a few bytes, and hardly a request's worth in all.
    if (bytes == 0 || bytes > kRequest || packets < kDrops || bytes > packets * kDrop) return;
    if (connection.sent.retransmitted_packets * 2 > packets) return;
    ServerTally& tally = tallies_.at(Peers{event.peers()->client.host(), event.peers()->server});
    tally.note(event, connection.first_packet, event.time());
    tally.evidence.connection(connection.id);
    tally.evidence.time(event.time() + connection.duration);
    tally.worst = std::max(tally.worst, connection.duration);
    tally.counts[0] += bytes;
  }

  void judge(Findings& out) override {
    for (const auto& [key, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) < least_) continue;
      Draft draft = draft_of(key->server, *tally);
      draft.client = key->client.host_text();
      draft.subject = fmt::format("{} → {}", draft.client, draft.server);
      draft.severity = tally->times >= 100 ? Severity::critical : Severity::high;
      draft.why = fmt::format(
          "{} held {} to {} open for up to {} and sent a few bytes at a time on each, {} in all, "
          "without ever finishing a request. Each one occupies a connection, or a worker, of the "
          "server.",
          draft.client, counted(tally->times, "connection"), draft.server,
          duration_text(tally->worst), bytes_text(tally->counts[0]));
      draft.measured = {{"connections", static_cast<double>(tally->times)},
                        {"bytes", static_cast<double>(tally->counts[0])},
                        {"longest_seconds", seconds(tally->worst)}};
      out.add(std::move(draft));
    }
  }

 private:
  static constexpr std::uint64_t kAnswer = 1024;   ///< 408 Request Timeout, at most
  static constexpr std::uint64_t kRequest = 4096;  ///< bytes of an unfinished head
  static constexpr std::uint64_t kDrops = 6;       ///< packets
  static constexpr std::uint64_t kDrop = 64;       ///< bytes in one

  double least_;
  Duration long_;
  Table<Peers, ServerTally> tallies_{kTallies};
};

}  // namespace

const Rule kSlowRequest = {
    .id = "http.slow_request",
    .severity = Severity::critical,
    .title = "Requests that never end (slowloris)",
    .about =
        "One host opens many connections and sends its requests a few bytes at a time, never to "
        "the end, to keep the server busy with waiting.",
    .fix =
        "set a deadline for the whole head (nginx client_header_timeout, Apache mod_reqtimeout), "
        "limit connections per address, and put an event-driven proxy in front",
    .source = "RFC 9110 section 15.5.9",
    .thresholds = SlowRequest::kThresholds,
    .takes = SlowRequest::kTakes,
    .make = make<SlowRequest>,
};

}  // namespace wirelens::http1
