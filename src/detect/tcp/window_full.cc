// detect/tcp/window_full.cc - receive windows that are smaller than what the path could carry.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using tcp::Incident;

class WindowFull final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"seconds", 0.5, "seconds", "that senders waited for room in one reader's window, at least"},
      {"times", 5, "times", "on a connection, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Incident>};
  static constexpr std::string_view kFollows[] = {"tcp.zero_window"};

  explicit WindowFull(const Circumstances& circumstances)
      : least_(circumstances.seconds("seconds")), times_(circumstances.threshold("times")) {}

  void hear(const Event& event) override {
    const auto& incident = *event.as<Incident>();
    if (incident.kind != Incident::Kind::window_full || incident.value < times_) return;
    const bool server_reads = incident.from == Direction::from_client;
    Tally& tally = (server_reads ? servers_ : clients_)
                       .at(server_reads ? event.peers()->server : event.peers()->client.host());
    tally.server.note(event, incident.since_packet, incident.at.time - incident.duration,
                      incident.duration);
    tally.server.evidence.packet(incident.at.packet);
    tally.server.evidence.time(incident.at.time);
    tally.waits += incident.value;
    tally.window = std::max(tally.window, incident.window);
    tally.round_trip = std::max(tally.round_trip, incident.round_trip);
  }

  void judge(Findings& out) override {
    for (const auto& [reader, tally] : servers_.heaviest()) judge(*reader, *tally, true, out);
    for (const auto& [reader, tally] : clients_.heaviest()) judge(*reader, *tally, false, out);
  }

 private:
  struct Tally {
    ServerTally server;
    std::uint64_t waits = 0;
    std::uint64_t window = 0;  ///< the largest that was full
    Duration round_trip{};
    std::uint64_t weight() const { return server.weight(); }
  };

  void judge(const PeerAddress& reader, const Tally& tally, bool server, Findings& out) const {
    if (tally.server.cost < least_) return;
    const std::string name = server ? reader.text() : reader.host_text();
    Draft draft = draft_of(tally.server.first.server, tally.server);
    draft.subject = name;
    draft.client = server ? std::string() : name;
    draft.server = server ? name : tally.server.first.server.text();
    draft.severity = std::min(severity_of_wait(tally.server.cost), Severity::medium);
    draft.cost = tally.server.cost;
    const double path = std::max(seconds(tally.round_trip), 1e-6);
    const double rate = static_cast<double>(tally.window) / path;
    draft.why = fmt::format(
        "The receive window of {} was full {} in {}, and its peer, with more to send, waited {} in "
        "all for an ACK. {} and a round trip of {} allow {} a second, whatever the line carries.",
        name, times_text(tally.waits), counted(tally.server.connections(), "connection"),
        duration_text(tally.server.cost), bytes_text(tally.window), duration_text(tally.round_trip),
        bytes_text(static_cast<std::uint64_t>(rate)));
    draft.measured = {{"times", static_cast<double>(tally.waits)},
                      {"connections", static_cast<double>(tally.server.connections())},
                      {"window_bytes", static_cast<double>(tally.window)},
                      {"round_trip_seconds", path},
                      {"bytes_per_second", rate}};
    out.add(std::move(draft));
  }

  Duration least_;
  double times_;
  Table<PeerAddress, Tally> servers_{kTallies};
  Table<PeerAddress, Tally> clients_{kTallies};
};

}  // namespace

const Rule kWindowFull = {
    .id = "tcp.window_full",
    .severity = Severity::medium,
    .title = "Receive window too small for the path",
    .about =
        "A sender keeps filling the receiver's window and has to wait for an ACK each time, though "
        "it has more to send and the receiver reads: the window is smaller than what the path "
        "holds (bandwidth times round trip). Only seen in captures near the sender.",
    .fix =
        "let the receiver's window grow: do not set SO_RCVBUF in the application, raise "
        "net.ipv4.tcp_rmem's maximum, and look for middleboxes that take window scaling out of the "
        "SYN",
    .source = "RFC 7323 section 2, RFC 9293 section 3.8.6",
    .thresholds = WindowFull::kThresholds,
    .takes = WindowFull::kTakes,
    .make = make<WindowFull>,
    .follows = WindowFull::kFollows,
};

}  // namespace wirelens::detect
