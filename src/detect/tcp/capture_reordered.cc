// detect/tcp/capture_reordered.cc - ACKs that the capture has before the data which they
// acknowledge.
#include "detect/tcp/capture_share.h"

namespace wirelens::detect {
namespace {

class CaptureReordered final : public CaptureShare {
 public:
  static constexpr Threshold kThresholds[] = {
      {"segments", 5, "segments", "seen after the ACK that answers them, at least"},
      {"share", 0.01, "of all packets", "at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Connection>};

  explicit CaptureReordered(const Circumstances& circumstances)
      : CaptureShare(circumstances, "segments") {}

 private:
  Share share_of(const Connection& connection) const override {
    return {connection.sent.acked_before_seen + connection.received.acked_before_seen,
            packets_of(connection)};
  }
  void word(Draft& draft, const Share& share) const override {
    draft.severity = Severity::info;
    draft.why = fmt::format(
        "{} of {} come after the ACK that answers them. Nothing can be acknowledged before it "
        "arrives, so the order is the capture's; round trips and waits may be wrong by as much.",
        counted(share.count, "segment"), counted(share.all, "packet"));
    draft.measured = {{"segments", static_cast<double>(share.count)},
                      {"packets", static_cast<double>(share.all)}};
  }
};

}  // namespace

const Rule kCaptureReordered = {
    .id = "tcp.capture_reordered",
    .severity = Severity::medium,
    .title = "The capture is out of order",
    .about =
        "ACKs stand before the data that they answer, which cannot be: the capture mixes sources "
        "whose clocks or queues are out of step (two taps, a bonded link, a card with several "
        "queues). Other tools see loss and retransmissions in it.",
    .fix =
        "capture both directions at one point with one clock; one receive queue, or a card that "
        "stamps packets",
    .source = "RFC 9293 section 3.10.7.4",
    .thresholds = CaptureReordered::kThresholds,
    .takes = CaptureReordered::kTakes,
    .make = make<CaptureReordered>,
};

}  // namespace wirelens::detect
