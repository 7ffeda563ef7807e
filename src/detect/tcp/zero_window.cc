// detect/tcp/zero_window.cc - an application that does not read: its window closes and the sender
// waits.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"
#include "tcp/incident.h"

namespace wirelens::detect {
namespace {

using tcp::Incident;

class ZeroWindow final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"seconds", 0.5, "seconds",
       "that windows stood at 0 while the sender had data, in all, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Incident>};

  explicit ZeroWindow(const Circumstances& circumstances)
      : least_(circumstances.seconds("seconds")) {}

  void hear(const Event& event) override {
    const auto& incident = *event.as<Incident>();
    // Without a probe the sender had nothing to send, or hardly waited.
    if (incident.kind != Incident::Kind::zero_window || incident.value == 0) return;
    const bool client = incident.from == Direction::from_client;
    ServerTally& tally = (client ? clients_ : servers_)
                             .at(client ? event.peers()->client.host() : event.peers()->server);
    tally.note(event, incident.since_packet, incident.at.time - incident.duration,
               incident.duration);
    tally.evidence.packet(incident.at.packet);
    tally.evidence.time(incident.at.time);
  }

  void judge(Findings& out) override {
    for (const auto& [reader, tally] : servers_.heaviest()) judge(*reader, *tally, true, out);
    for (const auto& [reader, tally] : clients_.heaviest()) judge(*reader, *tally, false, out);
  }

 private:
  void judge(const PeerAddress& reader, const ServerTally& tally, bool server,
             Findings& out) const {
    if (tally.cost < least_) return;
    const std::string name = server ? reader.text() : reader.host_text();
    Draft draft = draft_of(tally.first.server, tally);
    draft.subject = name;
    draft.client = server ? std::string() : name;
    draft.server = server ? name : tally.first.server.text();
    draft.severity = severity_of_wait(tally.cost);
    draft.cost = tally.cost;
    draft.why = fmt::format(
        "The receive window of {} stood at 0 {} in {}, up to {} long, while its peer had data and "
        "probed. The network had delivered; the application did not read.",
        name, times_text(tally.times), counted(tally.connections(), "connection"),
        duration_text(tally.worst));
    draft.measured = {{"times", static_cast<double>(tally.times)},
                      {"connections", static_cast<double>(tally.connections())},
                      {"longest_seconds", seconds(tally.worst)}};
    out.add(std::move(draft));
  }

  Duration least_;
  ServerTable servers_{kTallies};
  ServerTable clients_{kTallies};
};

}  // namespace

const Rule kZeroWindow = {
    .id = "tcp.zero_window",
    .severity = Severity::high,
    .title = "Reader does not keep up (zero window)",
    .about =
        "A receiver announced that it has no room: its application does not read from the socket "
        "as fast as data comes. The sender has to stop, however good the network is.",
    .fix =
        "look at what the reading application does at that time (blocked on disk, database or "
        "lock, single thread, garbage collection); read in a thread of its own, or enlarge buffers "
        "if it only comes in bursts",
    .source = "RFC 9293 section 3.8.6",
    .thresholds = ZeroWindow::kThresholds,
    .takes = ZeroWindow::kTakes,
    .make = make<ZeroWindow>,
};

}  // namespace wirelens::detect
