// http2/rules/flow_control_stall.cc - senders that have data and no window to send it in.
#include "detect/clients.h"
#include "http2/incident.h"
#include "http2/rules/rules.h"

namespace wirelens::http2 {
namespace {

using namespace detect;  // rules speak of little else

class FlowControlStall final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"seconds", 0.1, "seconds",
       "that windows of one server's connections were used up, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Incident>};
  static constexpr std::string_view kFollows[] = {"tcp.zero_window"};

  explicit FlowControlStall(const Circumstances& circumstances)
      : least_(circumstances.seconds("seconds")) {}

  void hear(const Event& event) override {
    const auto& incident = *event.as<Incident>();
    if (!event.peers() || incident.kind != Incident::Kind::stall) return;
    Tally& tally = tallies_.at(event.peers()->server);
    tally.server.note(event, incident.at.packet, event.time(), incident.duration);
    tally.server.evidence.time(incident.at.time);
    tally.by_server += !incident.by_client;
    tally.of_connection += incident.stream == 0;
    tally.never_opened += !incident.ended;
    if (incident.rtt) tally.rtt = std::min(tally.rtt.value_or(*incident.rtt), *incident.rtt);
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (tally->server.cost >= least_) out.add(draft(*server, *tally));
    }
  }

 private:
  struct Tally {
    ServerTally server;
    std::uint64_t by_server = 0;      ///< the server had data
    std::uint64_t of_connection = 0;  ///< windows of connections, not of streams
    std::uint64_t never_opened = 0;
    std::optional<Duration> rtt;
    std::uint64_t weight() const { return server.weight(); }
  };

  static Draft draft(const PeerAddress& server, const Tally& tally) {
    const std::uint64_t times = tally.server.times;
    const bool downloads = tally.by_server * 2 >= times;
    const std::string reader = downloads ? clients_of(tally.server) : server.text();
    Draft draft = draft_of(server, tally.server);
    draft.severity = std::min(severity_of_wait(tally.server.cost), Severity::medium);
    draft.cost = tally.server.cost;
    draft.why = fmt::format(
        "The {} had data and no window {}, {} in all, up to {}, until {} gave it more{}. {}",
        downloads ? "server" : "client", times_text(times), duration_text(tally.server.cost),
        duration_text(tally.server.worst), reader,
        tally.never_opened > 0
            ? fmt::format(" ({} never opened again)", counted(tally.never_opened, "window"))
            : std::string(),
        reason(tally, times));
    draft.measured = {{"times", static_cast<double>(times)},
                      {"of_connection", static_cast<double>(tally.of_connection)},
                      {"never_opened", static_cast<double>(tally.never_opened)},
                      {"longest_seconds", seconds(tally.server.worst)}};
    if (tally.rtt) draft.measured.push_back({"rtt_seconds", seconds(*tally.rtt)});
    return draft;
  }

  /// A stall of about a round trip is a window that is too small; a longer one, a reader that
  /// waits.
  static std::string reason(const Tally& tally, std::uint64_t times) {
    const Duration each = tally.server.cost / static_cast<std::int64_t>(times);
    if (tally.rtt && each <= *tally.rtt * 2) {
      return fmt::format(
          "Each time it waited about one round trip ({}): the window is smaller than what is on "
          "its way at once.",
          duration_text(*tally.rtt));
    }
    return "That is longer than a round trip: the reader does not take what it asked for.";
  }

  Duration least_;
  Table<PeerAddress, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kFlowControlStall = {
    .id = "http2.flow_control_stall",
    .severity = Severity::medium,
    .title = "HTTP/2 windows used up",
    .about =
        "A sender had data, but the window of the stream or of the connection stood at zero, so it "
        "had to wait for a WINDOW_UPDATE. Windows of 65,535 bytes allow one such load a round "
        "trip.",
    .fix =
        "enlarge the receiver's windows (SETTINGS_INITIAL_WINDOW_SIZE and a WINDOW_UPDATE for the "
        "connection; nginx: http2_body_preread_size, Go: MaxUploadBufferPerStream, gRPC: "
        "InitialWindowSize); if the application reads slowly, read in a task of its own",
    .source = "RFC 9113 section 5.2",
    .thresholds = FlowControlStall::kThresholds,
    .takes = FlowControlStall::kTakes,
    .make = make<FlowControlStall>,
    .follows = FlowControlStall::kFollows,
};

}  // namespace wirelens::http2
