// detect/tcp/fin_wait_2_stuck.cc - an end that has closed, and whose peer does not.
#include "detect/tcp/stuck_sockets.h"

namespace wirelens::detect {
namespace {

class FinWait2Stuck final : public StuckSockets {
 public:
  static constexpr Threshold kThresholds[] = {
      {"seconds", 60, "seconds", "without a packet since, at least"},
      {"sockets", 1, "sockets", "in that state at one end, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Connection>};
  static constexpr std::string_view kFollows[] = {"tcp.close_wait_leak"};

  explicit FinWait2Stuck(const Circumstances& circumstances)
      : StuckSockets(circumstances, "fin_wait_2") {}

 private:
  void word(Draft& draft, const std::string& holder, const ServerTally& tally) const override {
    draft.severity = Severity::low;
    draft.why = fmt::format(
        "{} closed {} and waits in FIN_WAIT_2 for up to {}: the peer acknowledged the FIN and "
        "never sent its own.",
        holder, counted(tally.times, "connection"), duration_text(tally.worst));
  }
};

}  // namespace

const Rule kFinWait2Stuck = {
    .id = "tcp.fin_wait_2_stuck",
    .severity = Severity::low,
    .title = "Sockets stuck in FIN_WAIT_2",
    .about =
        "An end has closed and waits for the FIN of its peer, which never comes. Linux gives up "
        "after 60 s (tcp_fin_timeout) once the application has let go of the socket; what the peer "
        "sends later is answered by a reset.",
    .fix =
        "make the peer close (see tcp.close_wait_leak); do not use shutdown() without a deadline "
        "for the answer",
    .source = "RFC 9293 section 3.6",
    .thresholds = FinWait2Stuck::kThresholds,
    .takes = FinWait2Stuck::kTakes,
    .make = make<FinWait2Stuck>,
    .follows = FinWait2Stuck::kFollows,
};

}  // namespace wirelens::detect
