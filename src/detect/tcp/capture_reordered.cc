// detect/tcp/capture_reordered.cc - ACKs that the capture has before the data which they
// acknowledge.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"

namespace wirelens::detect {
namespace {

constexpr Threshold kThresholds[] = {
    {"segments", 5, "segments", "seen after the ACK that answers them, at least"},
    {"share", 0.01, "of all packets", "at least"},
};
constexpr const EventType* kTakes[] = {&kEventType<Connection>};

class CaptureReordered final : public Judge {
 public:
  explicit CaptureReordered(const Circumstances& circumstances)
      : least_(circumstances.threshold("segments")), share_(circumstances.threshold("share")) {}

  void hear(const Event& event) override {
    const auto& connection = *event.as<Connection>();
    if (connection.interim || connection.transport != "tcp") return;
    all_ += connection.sent.packets + connection.received.packets;
    const std::uint64_t seen =
        connection.sent.acked_before_seen + connection.received.acked_before_seen;
    if (seen == 0) return;
    count_ += seen;
    evidence_.add(connection.id, connection.first_packet, event.time());
    evidence_.time(event.time() + connection.duration);
  }

  void judge(Findings& out) override {
    const auto count = static_cast<double>(count_);
    if (count < least_ || count < share_ * static_cast<double>(all_ + count_)) return;
    Draft draft;
    draft.blame = Blame::capture;
    draft.subject = "the capture";
    draft.evidence = evidence_;
    draft.severity = Severity::info;
    draft.why = fmt::format(
        "{} of {} come after the ACK that answers them. Nothing can be acknowledged before it "
        "arrives, so the order is the capture's; round trips and waits may be wrong by as much.",
        counted(count_, "segment"), counted(all_, "packet"));
    draft.measured = {{"segments", count}, {"packets", static_cast<double>(all_)}};
    out.add(std::move(draft));
  }

 private:
  double least_;
  double share_;
  std::uint64_t all_ = 0;
  std::uint64_t count_ = 0;
  Evidence evidence_;
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
    .thresholds = kThresholds,
    .takes = kTakes,
    .make = make<CaptureReordered>,
};

}  // namespace wirelens::detect
