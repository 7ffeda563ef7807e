// websocket/rules/pong_missing.cc - pings that nobody answers.
#include "detect/clients.h"
#include "websocket/course.h"
#include "websocket/rules/rules.h"

namespace wirelens::websocket {
namespace {

using namespace detect;  // rules speak of little else

class PongMissing final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"seconds", 5, "seconds", "that a ping waited for its pong in vain, at least"},
      {"pings", 1, "pings", "to or from one server without an answer, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Course>,
                                                &kEventType<wirelens::Connection>};
  static constexpr std::string_view kFollows[] = {"tcp.half_open", "tcp.retransmission_timeout",
                                                  "tcp.zero_window"};

  explicit PongMissing(const Circumstances& circumstances)
      : long_(circumstances.seconds("seconds")), least_(circumstances.threshold("pings")) {}

  void hear(const Event& event) override {
    if (!event.peers()) return;
    const auto* course = event.as<Course>();
    if (course == nullptr) return end(event, *event.as<wirelens::Connection>());
    if (course->lossy || !event.connection()) return;
    const bool server_late = course->of_client.count > 0 && course->of_client.longest >= long_;
    const bool client_late = course->of_server.count > 0 && course->of_server.longest >= long_;
    if (!server_late && !client_late) return;
    Pending& pending = pending_.at(*event.connection());
    if (server_late) pending.of_client = course->of_client;
    if (client_late) pending.of_server = course->of_server;
    pending.ended = course->ended;
  }

  void judge(Findings& out) override {
    for (const auto& [key, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) >= least_) out.add(draft(*key, *tally));
    }
    if (one_sided_ > 0) {
      out.not_observable("pongs of WebSockets that were captured in one direction",
                         "websocket.pong_missing is not judged there", one_sided_);
    }
  }

 private:
  struct Pending {
    Unanswered of_client;
    Unanswered of_server;
    Stamp ended;
    std::uint64_t weight() const { return ended.packet; }
  };
  struct Key {
    PeerAddress server;
    std::uint32_t by_client = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };

  /// Only who was seen both ways can be blamed.
  void end(const Event& event, const wirelens::Connection& connection) {
    Pending* pending = pending_.find(connection.id);
    if (pending == nullptr) return;
    if (connection.one_sided.value_or(false)) {
      ++one_sided_;
    } else {
      note(event, pending->of_client, *pending, true);
      note(event, pending->of_server, *pending, false);
    }
    pending_.erase(connection.id);
  }
  void note(const Event& event, const Unanswered& pings, const Pending& pending, bool by_client) {
    if (pings.count == 0) return;
    ServerTally& tally = tallies_.at(Key{event.peers()->server, by_client ? 1u : 0u});
    tally.note(event, pings.packet, pending.ended.time - pings.longest);
    tally.evidence.connection(event.as<wirelens::Connection>()->id);
    tally.evidence.time(pending.ended.time);
    tally.times += pings.count - 1;
    tally.worst = std::max(tally.worst, pings.longest);
  }

  static Draft draft(const Key& key, const ServerTally& tally) {
    Draft draft = draft_of(key.server, tally);
    const std::string client = clients_of(tally);
    const std::string& from = key.by_client == 1 ? client : draft.server;
    const std::string& to = key.by_client == 1 ? draft.server : client;
    draft.severity = Severity::medium;
    draft.why = fmt::format(
        "{} sent {} on {} that {} never answered, though up to {} passed. The other end has hung, "
        "is gone without a word, or its library does not answer pings.",
        from, counted(tally.times, "ping"), counted(tally.connections(), "WebSocket"), to,
        duration_text(tally.worst));
    draft.measured = {{"pings", static_cast<double>(tally.times)},
                      {"connections", static_cast<double>(tally.connections())},
                      {"longest_wait_seconds", seconds(tally.worst)}};
    return draft;
  }

  Duration long_;
  double least_;
  std::uint64_t one_sided_ = 0;  // pings whose answers took another way
  Table<std::uint64_t, Pending> pending_{4096};
  Table<Key, ServerTally> tallies_{kTallies};
};

}  // namespace

const Rule kPongMissing = {
    .id = "websocket.pong_missing",
    .severity = Severity::medium,
    .title = "Pings without a pong",
    .about =
        "One end of a WebSocket pings, and the other does not answer. It has to, as soon as it "
        "can; "
        "libraries do it by themselves while their application reads.",
    .fix =
        "look at what the silent end does (a blocked event loop, a reader that does not read, a "
        "process that is gone); close after one or two missing pongs and connect anew",
    .source = "RFC 6455 sections 5.5.2 and 5.5.3",
    .thresholds = PongMissing::kThresholds,
    .takes = PongMissing::kTakes,
    .make = make<PongMissing>,
    .follows = PongMissing::kFollows,
};

}  // namespace wirelens::websocket
