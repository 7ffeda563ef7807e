// sse/rules/stalled.cc - streams that go silent and stay open.
#include "detect/by_server.h"
#include "sse/rules/resource.h"
#include "sse/rules/rules.h"

namespace wirelens::sse {
namespace {

using namespace detect;  // rules speak of little else

/// So many lines make a rhythm.
constexpr std::uint64_t kRhythm = 5;

class Stalled final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"silence", 60, "seconds", "without an event or a heartbeat, at least"},
      {"against_usual", 5, "times", "the usual time between two of them, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Course>};
  static constexpr std::string_view kFollows[] = {"tcp.retransmission_timeout", "tcp.half_open",
                                                  "tcp.zero_window", "sse.buffered_by_proxy"};

  explicit Stalled(const Circumstances& circumstances)
      : long_(circumstances.seconds("silence")), times_(circumstances.threshold("against_usual")) {}

  void hear(const Event& event) override {
    const auto& course = *event.as<Course>();
    if (!event.peers() || course.longest_silence < long_) return;
    const bool has_rhythm = course.lines >= kRhythm;
    const Duration usual = usual_pause(course);
    if (has_rhythm && seconds(course.longest_silence) < times_ * seconds(usual)) return;
    Tally& tally = tallies_.at(event.peers()->server);
    tally.server.note(event, course.silence_after.packet, course.silence_after.time,
                      has_rhythm ? course.longest_silence - usual : Duration::zero());
    tally.server.evidence.time(course.silence_after.time + course.longest_silence);
    tally.server.worst = std::max(tally.server.worst, course.longest_silence);
    tally.out_of_rhythm += has_rhythm;
    tally.without_heartbeat += course.heartbeats == 0;
    if (has_rhythm && tally.usual == Duration::zero()) tally.usual = usual;
    if (tally.resource.empty()) tally.resource = resource_of(course, event.peers()->server);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) out.add(draft(*server, *tally));
  }

 private:
  struct Tally {
    ServerTally server;
    std::uint64_t out_of_rhythm = 0;
    std::uint64_t without_heartbeat = 0;
    Duration usual{};
    std::string resource;
    std::uint64_t weight() const { return server.weight(); }
  };

  /// Between two lines, the longest pause aside.
  static Duration usual_pause(const Course& course) {
    const Duration all = course.ended.time - course.began.time - course.longest_silence;
    return all / static_cast<std::int64_t>(std::max<std::uint64_t>(course.lines, 1));
  }

  static Draft draft(const PeerAddress& server, const Tally& tally) {
    const std::uint64_t times = tally.server.times;
    Draft draft = draft_of(server, tally.server);
    draft.severity = tally.out_of_rhythm > 0 ? Severity::medium : Severity::low;
    draft.why =
        fmt::format("{} of {} said nothing for up to {} and stayed open", counted(times, "stream"),
                    tally.resource, duration_text(tally.server.worst));
    if (tally.out_of_rhythm > 0) {
      draft.cost = tally.server.cost;
      draft.why += fmt::format(
          ", where something usually came every {}. The reader waits and does not know that "
          "nothing will come.",
          duration_text(tally.usual));
    } else {
      draft.why += fmt::format(
          ", {}. Neither end can tell that from a connection that is dead, and proxies close what "
          "is silent (often after 60 s).",
          tally.without_heartbeat == times ? "without a heartbeat" : "with hardly a heartbeat");
    }
    draft.measured = {{"streams", static_cast<double>(times)},
                      {"out_of_rhythm", static_cast<double>(tally.out_of_rhythm)},
                      {"without_heartbeat", static_cast<double>(tally.without_heartbeat)},
                      {"longest_silence_seconds", seconds(tally.server.worst)}};
    return draft;
  }

  Duration long_;
  double times_;
  Table<PeerAddress, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kStalled = {
    .id = "sse.stalled",
    .severity = Severity::medium,
    .title = "Event stream stalled",
    .about =
        "A stream of events stopped, or is silent for very long, while its connection stays open. "
        "EventSource connects anew only when the connection ends, so the page waits for ever.",
    .fix =
        "send a comment line (\": alive\") every 15 s and let the client connect anew when none "
        "comes; look at what the server waits for (its subscription, queue or database) since the "
        "last event",
    .source = "WHATWG HTML section 9.2.7",
    .thresholds = Stalled::kThresholds,
    .takes = Stalled::kTakes,
    .make = make<Stalled>,
    .follows = Stalled::kFollows,
};

}  // namespace wirelens::sse
