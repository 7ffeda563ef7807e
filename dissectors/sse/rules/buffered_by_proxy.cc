// sse/rules/buffered_by_proxy.cc - events that something between server and client holds back.
//
// Three ways to see it. The same event on both sides of a proxy: late by so much. A stream that
// stops in the middle of a line and goes on seconds later, with several events at once: servers
// write whole events, buffers are cut anywhere. A response that comes long after its request,
// whole, at once.
#include "detect/by_server.h"
#include "event/exchange.h"
#include "sse/records.h"
#include "sse/rules/resource.h"
#include "sse/rules/rules.h"

namespace wirelens::sse {
namespace {

using namespace detect;  // rules speak of little else

constexpr std::size_t kSightings = 4096;
constexpr std::size_t kWhole = 1024;

class BufferedByProxy final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"seconds", 1, "seconds", "that events of one server were held back, in all, at least"},
      {"events", 10, "events", "held back, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Course>, &kEventType<EventSeen>,
                                                &kEventType<Exchange>};

  explicit BufferedByProxy(const Circumstances& circumstances)
      : least_(circumstances.seconds("seconds")), events_(circumstances.threshold("events")) {}

  void hear(const Event& event) override {
    if (!event.peers()) return;
    if (const auto* seen = event.as<EventSeen>()) return compare(event, *seen);
    if (const auto* course = event.as<Course>()) return note_course(event, *course);
    note_whole(event, *event.as<Exchange>());
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      const bool seen_twice = tally->late > 0;
      const Duration cost = seen_twice ? tally->lateness : tally->server.cost;
      const std::uint64_t events = seen_twice ? tally->late : tally->held;
      if (cost < least_ || static_cast<double>(events) < events_) continue;
      out.add(draft(*server, *tally, cost, events));
    }
  }

 private:
  struct Sighting {
    Timestamp time{};
    PeerAddress server;
    std::uint64_t packet = 0;
    bool repeated = false;  ///< the server says the same again and again: nothing to go by
    std::uint64_t weight() const { return packet; }
  };
  struct Whole {
    Timestamp began{};
    Timestamp ended{};
    std::uint64_t events = 0;
    std::uint64_t weight() const { return events; }
  };
  struct StreamKey {
    std::uint64_t connection = 0;
    std::uint64_t stream = 0;
    friend bool operator==(const StreamKey&, const StreamKey&) = default;
  };
  struct Tally {
    ServerTally server;
    std::uint64_t late = 0;  ///< events that came later here than on another leg
    Duration lateness{};     ///< of the latest event of each load, summed
    Duration latest{};
    Timestamp load{};        ///< when the last late event came
    Duration load_worst{};   ///< the most that one of its load was late
    std::uint64_t held = 0;  ///< events that came at once behind a silence
    std::uint64_t torn = 0;
    std::uint64_t whole = 0;  ///< responses that came at once
    PeerAddress origin;       ///< where they were seen first
    std::string resource;
    std::uint64_t weight() const {
      return server.weight() + static_cast<std::uint64_t>(lateness.count() / 1000);
    }
  };

  // ---- both sides of a proxy

  static std::uint64_t identity_of(const EventSeen& seen) {
    constexpr HashKey kFixed{0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1};
    const auto hash = [&](std::string_view text) {
      return siphash13(kFixed,
                       Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
    };
    return siphash13_words(kFixed, 4, hash(seen.event), hash(seen.id.value_or("")),
                           hash(seen.preview.value_or("")), seen.data_bytes);
  }

  void compare(const Event& event, const EventSeen& seen) {
    constexpr Duration kLate = std::chrono::milliseconds(500);
    constexpr Duration kOneLoad = std::chrono::milliseconds(50);
    if (!seen.complete || seen.data_bytes == 0) return;
    Sighting& first = sightings_.at(identity_of(seen));
    if (first.packet == 0) {
      first = {event.time(), event.peers()->server, seen.packet, false};
      return;
    }
    if (first.server == event.peers()->server) first.repeated = true;
    const Duration late = event.time() - first.time;
    if (first.repeated || late < kLate) return;
    Tally& tally = tallies_.at(event.peers()->server);
    if (tally.late++ == 0) tally.origin = first.server;
    tally.server.note(event, seen.packet, event.time());
    if (tally.late <= 3) tally.server.evidence.packet(first.packet);
    tally.server.evidence.time(first.time);
    tally.latest = std::max(tally.latest, late);
    if (event.time() - tally.load > kOneLoad) tally.load_worst = {};
    if (late > tally.load_worst) {
      tally.lateness += late - tally.load_worst;
      tally.load_worst = late;
    }
    tally.load = event.time();
  }

  // ---- one side

  void note_course(const Event& event, const Course& course) {
    const StreamKey key{event.connection().value_or(0), course.stream.value_or(0)};
    if (course.complete && static_cast<double>(course.events) >= events_) {
      whole_.at(key) = {course.began.time, course.ended.time, course.events};
    }
    // Without a torn event several may simply have been made at once.
    if (course.torn == 0 || course.bursts == 0) return;
    Tally& tally = tallies_.at(event.peers()->server);
    tally.server.note(event, course.torn_packet, course.began.time, course.held);
    tally.server.evidence.packet(course.burst_packet);
    tally.server.evidence.time(course.ended.time);
    tally.server.worst = std::max(tally.server.worst, course.longest_held);
    tally.held += course.burst_events;
    tally.torn += course.torn;
    if (tally.resource.empty()) tally.resource = resource_of(course, event.peers()->server);
  }

  void note_whole(const Event& event, const Exchange& exchange) {
    constexpr Duration kLong = std::chrono::seconds(2);
    constexpr Duration kAtOnce = std::chrono::milliseconds(50);
    if (!exchange.content_type || !exchange.content_type->starts_with("text/event-stream")) return;
    const StreamKey key{event.connection().value_or(0), exchange.stream.value_or(0)};
    const Whole* whole = whole_.find(key);
    if (whole == nullptr) return;
    const Duration wait = exchange.timing.wait.value_or(Duration::zero());
    if (exchange.complete && wait >= kLong && whole->ended - whole->began <= kAtOnce) {
      Tally& tally = tallies_.at(event.peers()->server);
      tally.server.note(event, exchange.response_packet.value_or(0), event.time(), wait);
      tally.server.evidence.packet(exchange.request_packet.value_or(0));
      tally.held += whole->events;
      ++tally.whole;
      if (tally.resource.empty()) {
        tally.resource =
            http::resource_of(exchange.host, exchange.path, event.peers()->server.text());
      }
    }
    whole_.erase(key);
  }

  static Draft draft(const PeerAddress& server, const Tally& tally, Duration cost,
                     std::uint64_t events) {
    Draft draft = draft_of(server, tally.server);
    draft.severity = severity_of_wait(cost);
    draft.cost = cost;
    if (tally.late > 0) {
      draft.why = fmt::format(
          "{} came from {} up to {} later than from {}, where they were made: {} collects them "
          "before it passes them on.",
          counted(events, "event"), draft.server, duration_text(tally.latest), tally.origin.text(),
          draft.server);
    } else if (tally.torn > 0) {
      draft.why = fmt::format(
          "{} of {} came in loads behind silences of up to {}, and {} stopped in the middle of a "
          "line until the next load. A server writes whole events; this is a buffer that is passed "
          "on when it is full.",
          counted(events, "event"), tally.resource, duration_text(tally.server.worst),
          fmt::format("{} of them", count_text(tally.torn)));
    } else {
      draft.why = fmt::format(
          "{} of {} came all at once with the end of the response, up to {} after the request. "
          "Something collects the response until it is complete: a proxy, a compressing filter, or "
          "the application itself.",
          counted(events, "event"), tally.resource, duration_text(tally.server.worst));
    }
    draft.measured = {
        {"events", static_cast<double>(events)},
        {"torn_events", static_cast<double>(tally.torn)},
        {"whole_responses", static_cast<double>(tally.whole)},
        {"longest_seconds", seconds(tally.late > 0 ? tally.latest : tally.server.worst)}};
    return draft;
  }

  Duration least_;
  double events_;
  Table<std::uint64_t, Sighting> sightings_{kSightings};
  Table<StreamKey, Whole> whole_{kWhole};
  Table<PeerAddress, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kBufferedByProxy = {
    .id = "sse.buffered_by_proxy",
    .severity = Severity::high,
    .title = "Events held back (buffered by a proxy)",
    .about =
        "Events do not come when they are made but in loads: a proxy, a compressing filter or a "
        "framework collects the response before it passes it on.",
    .fix =
        "let the response say X-Accel-Buffering: no, or set proxy_buffering off (nginx), "
        "flushpackets on (Apache), no compression for text/event-stream; flush after each event",
    .source = "WHATWG HTML section 9.2.7; nginx ngx_http_proxy_module, proxy_buffering",
    .thresholds = BufferedByProxy::kThresholds,
    .takes = BufferedByProxy::kTakes,
    .make = make<BufferedByProxy>,
};

}  // namespace wirelens::sse
