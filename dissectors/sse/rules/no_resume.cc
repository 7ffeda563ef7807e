// sse/rules/no_resume.cc - streams that are opened again and cannot say where they were.
#include "detect/by_server.h"
#include "sse/rules/resource.h"
#include "sse/rules/rules.h"

namespace wirelens::sse {
namespace {

using namespace detect;  // rules speak of little else

class NoResume final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"reconnects", 1, "reconnects", "of one reader to a stream without ids, at least"},
      {"pause", 60, "seconds", "from the end of one stream to the next, at most"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Course>};

  explicit NoResume(const Circumstances& circumstances)
      : least_(circumstances.threshold("reconnects")), pause_(circumstances.seconds("pause")) {}

  void hear(const Event& event) override {
    const auto& course = *event.as<Course>();
    if (!event.peers() || !course.asked_by_get) return;
    Tally& tally = tallies_.at(reader_of(course, *event.peers()));
    const Duration pause = course.began.time - tally.last;
    if (tally.without_ids && pause >= Duration::zero() && pause <= pause_) {
      tally.server.note(event, course.began.packet, course.began.time, pause);
      tally.server.evidence.packet(tally.last_packet);
    }
    tally.without_ids = course.events > 0 && !course.has_ids;
    tally.last = course.ended.time;
    tally.last_packet = course.ended.packet;
    tally.events += course.events;
    if (tally.resource.empty()) tally.resource = resource_of(course, event.peers()->server);
  }

  void judge(Findings& out) override {
    for (const auto& [reader, tally] : tallies_.heaviest()) {
      if (tally->server.times == 0 || static_cast<double>(tally->server.times) < least_) continue;
      const PeerAddress& server = tally->server.first.server;
      Draft draft = draft_of(server, tally->server);
      draft.client = tally->server.first.client.host_text();
      draft.subject = fmt::format("{} → {}", draft.client, tally->resource);
      draft.severity = Severity::low;
      draft.why = fmt::format(
          "{} opened {} again {}, after {} without a stream in all, and none of its events has an "
          "id: there is no Last-Event-ID to go on from, so whatever happened meanwhile is lost.",
          draft.client, tally->resource, times_text(tally->server.times),
          duration_text(tally->server.cost));
      draft.measured = {{"reconnects", static_cast<double>(tally->server.times)},
                        {"events", static_cast<double>(tally->events)},
                        {"without_stream_seconds", seconds(tally->server.cost)}};
      out.add(std::move(draft));
    }
  }

 private:
  struct Tally {
    ServerTally server;  ///< reconnects; its cost: time without a stream
    bool without_ids = false;
    Timestamp last{};
    std::uint64_t last_packet = 0;
    std::uint64_t events = 0;
    std::string resource;
    std::uint64_t weight() const { return server.times; }
  };

  double least_;
  Duration pause_;
  Table<std::uint64_t, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kNoResume = {
    .id = "sse.no_resume",
    .severity = Severity::low,
    .title = "Events lost at reconnects",
    .about =
        "A reader comes back to a stream whose events have no id. It can't say which one it heard "
        "last, so it misses what happened between, or hears the same again.",
    .fix =
        "give each event an id: field that grows, keep the last few hundred, and begin behind the "
        "Last-Event-ID of the request",
    .source = "WHATWG HTML sections 9.2.3 and 9.2.4",
    .thresholds = NoResume::kThresholds,
    .takes = NoResume::kTakes,
    .make = make<NoResume>,
};

}  // namespace wirelens::sse
