// detect/tcp/capture_loss.cc - what the capture missed, though the hosts had it.
#include "detect/tcp/capture_share.h"

namespace wirelens::detect {
namespace {

class CaptureLoss final : public CaptureShare {
 public:
  static constexpr Threshold kThresholds[] = {
      {"bytes", 1, "bytes", "acknowledged but not captured, at least"},
      {"share", 0.0001, "of the payload", "at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Connection>};

  explicit CaptureLoss(const Circumstances& circumstances) : CaptureShare(circumstances, "bytes") {}

 private:
  Share share_of(const Connection& connection) const override {
    if (connection.one_sided) return {};  // that is said anyway
    return {connection.sent.missing_bytes + connection.received.missing_bytes,
            connection.sent.bytes + connection.received.bytes};
  }
  void word(Draft& draft, const Share& share) const override {
    const auto count = static_cast<double>(share.count);
    const std::uint64_t all = share.all + share.count;
    const std::uint64_t connections = draft.evidence.connections_total();
    draft.severity = count >= 0.01 * static_cast<double>(all) ? Severity::medium : Severity::low;
    draft.why = fmt::format(
        "{} ({}) in {} were acknowledged by their receivers but are not in the capture. They were "
        "not lost on the network: what is missing is the capture's.",
        bytes_text(share.count), share_text(share.count, all), counted(connections, "connection"));
    draft.measured = {{"missing_bytes", count}, {"connections", static_cast<double>(connections)}};
  }
};

}  // namespace

const Rule kCaptureLoss = {
    .id = "tcp.capture_loss",
    .severity = Severity::medium,
    .title = "The capture lacks packets",
    .about =
        "Receivers acknowledged data that is not in the capture: the packets arrived, only the "
        "capture did not see them (an overloaded mirror port, a full buffer, a filter). Figures of "
        "loss, sizes and messages are in doubt where it happened; the network is not.",
    .fix =
        "give the capture a larger buffer (--buffer), a snapshot length, a narrower filter or a "
        "faster disk; use a tap in place of an overloaded mirror port",
    .source = "RFC 9293 section 3.10.7.4",
    .thresholds = CaptureLoss::kThresholds,
    .takes = CaptureLoss::kTakes,
    .make = make<CaptureLoss>,
};

}  // namespace wirelens::detect
