// detect/tcp/close_wait_leak.cc - an application that does not close what its peer has closed.
#include "detect/tcp/stuck_sockets.h"

namespace wirelens::detect {
namespace {

class CloseWaitLeak final : public StuckSockets {
 public:
  static constexpr Threshold kThresholds[] = {
      {"seconds", 10, "seconds", "without a packet since, at least"},
      {"sockets", 1, "sockets", "in that state at one end, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Connection>};

  explicit CloseWaitLeak(const Circumstances& circumstances)
      : StuckSockets(circumstances, "close_wait") {}

 private:
  void word(Draft& draft, const std::string& holder, const ServerTally& tally) const override {
    // A client that keeps connections for later holds a few that their servers have closed.
    draft.severity = tally.times >= 20  ? Severity::high
                     : tally.times >= 5 ? Severity::medium
                                        : Severity::low;
    draft.why = fmt::format(
        "{} holds {} in CLOSE_WAIT: its kernel acknowledged the peer's FIN, and for up to {} the "
        "application neither sent nor closed. The network has done its part.",
        holder, counted(tally.times, "socket"), duration_text(tally.worst));
  }
};

}  // namespace

const Rule kCloseWaitLeak = {
    .id = "tcp.close_wait_leak",
    .severity = Severity::high,
    .title = "Sockets left in CLOSE_WAIT",
    .about =
        "The peer has closed (its FIN was acknowledged by the kernel), but the application that "
        "holds the socket never closes its side. Each one is a leaked descriptor; when they run "
        "out the service stops accepting.",
    .fix =
        "close the socket when read() returns 0 or an error, also on the paths for timeouts and "
        "exceptions; find who holds them with ss -tp state close-wait",
    .source = "RFC 9293 section 3.6",
    .thresholds = CloseWaitLeak::kThresholds,
    .takes = CloseWaitLeak::kTakes,
    .make = make<CloseWaitLeak>,
};

}  // namespace wirelens::detect
