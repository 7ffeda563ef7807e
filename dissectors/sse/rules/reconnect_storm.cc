// sse/rules/reconnect_storm.cc - readers that come back again and again.
#include "detect/by_server.h"
#include "sse/rules/resource.h"
#include "sse/rules/rules.h"

namespace wirelens::sse {
namespace {

using namespace detect;  // rules speak of little else

class ReconnectStorm final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"streams", 10, "streams", "of one reader, each soon after the one before, at least"},
      {"lasting", 10, "seconds", "that such a stream lasts, at most"},
      {"pause", 30, "seconds", "from the end of one to the next, at most"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Course>};

  explicit ReconnectStorm(const Circumstances& circumstances)
      : least_(circumstances.threshold("streams")),
        lasting_(circumstances.seconds("lasting")),
        pause_(circumstances.seconds("pause")) {}

  void hear(const Event& event) override {
    const auto& course = *event.as<Course>();
    // Answers to a POST are what a language model says: each is another.
    if (!event.peers() || !course.asked_by_get) return;
    Tally& tally = tallies_.at(reader_of(course, *event.peers()));
    const Duration lasted = course.ended.time - course.began.time;
    const Duration pause = course.began.time - tally.last;
    if (lasted > lasting_ || (tally.server.times > 0 && (pause > pause_ || pause < Duration{}))) {
      if (static_cast<double>(tally.server.times) >= least_) return;  // that was a storm
      tally = {};
      if (lasted > lasting_) return;
    }
    const Duration without = tally.server.times > 0 ? pause : Duration::zero();
    tally.server.note(event, course.began.packet, course.began.time, without);
    tally.server.evidence.time(course.ended.time);
    tally.last = course.ended.time;
    tally.lasted += lasted;
    tally.events += course.events;
    if (tally.resource.empty()) tally.resource = resource_of(course, event.peers()->server);
  }

  void judge(Findings& out) override {
    for (const auto& [reader, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->server.times) >= least_) out.add(draft(*tally));
    }
  }

 private:
  struct Tally {
    ServerTally server;
    Timestamp last{};
    Duration lasted{};
    std::uint64_t events = 0;
    std::string resource;
    std::uint64_t weight() const { return server.times; }
  };

  static Draft draft(const Tally& tally) {
    const std::uint64_t times = tally.server.times;
    const PeerAddress& server = tally.server.first.server;
    Draft draft = draft_of(server, tally.server);
    draft.client = tally.server.first.client.host_text();
    draft.subject = fmt::format("{} → {}", draft.client, tally.resource);
    draft.severity = times >= 100 ? Severity::medium : Severity::low;
    draft.cost = tally.server.cost;
    draft.why = fmt::format(
        "{} opened {} {} within {}; each stream ended after about {}, and brought {} in all. For "
        "{} the reader had none. Something ends the streams (a time limit of a proxy, a server "
        "that answers and closes), and EventSource comes back by itself.",
        draft.client, tally.resource, times_text(times),
        duration_text(tally.server.evidence.span()),
        duration_text(tally.lasted / static_cast<std::int64_t>(times)),
        counted(tally.events, "event"), duration_text(tally.server.cost));
    draft.measured = {{"streams", static_cast<double>(times)},
                      {"events", static_cast<double>(tally.events)},
                      {"mean_stream_seconds", seconds(tally.lasted) / static_cast<double>(times)}};
    return draft;
  }

  double least_;
  Duration lasting_;
  Duration pause_;
  Table<std::uint64_t, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kReconnectStorm = {
    .id = "sse.reconnect_storm",
    .severity = Severity::medium,
    .title = "Event streams opened again and again",
    .about =
        "A reader opens the same stream over and over, because each ends soon. That is polling "
        "with the cost of a connection, and events between two streams may be lost.",
    .fix =
        "keep the response open on the server (no Content-Length, no end after the first events); "
        "raise time limits of proxies (nginx: proxy_read_timeout); send a longer retry: field; "
        "answer 204 if the reader should stop",
    .source = "WHATWG HTML sections 9.2.2 and 9.2.3",
    .thresholds = ReconnectStorm::kThresholds,
    .takes = ReconnectStorm::kTakes,
    .make = make<ReconnectStorm>,
};

}  // namespace wirelens::sse
