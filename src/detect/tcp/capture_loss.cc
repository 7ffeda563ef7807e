// detect/tcp/capture_loss.cc - what the capture missed, though the hosts had it.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"

namespace wirelens::detect {
namespace {

constexpr Threshold kThresholds[] = {
    {"bytes", 1, "bytes", "acknowledged but not captured, at least"},
    {"share", 0.0001, "of the payload", "at least"},
};
constexpr const EventType* kTakes[] = {&kEventType<Connection>};

class CaptureLoss final : public Judge {
 public:
  explicit CaptureLoss(const Circumstances& circumstances)
      : least_(circumstances.threshold("bytes")), share_(circumstances.threshold("share")) {}

  void hear(const Event& event) override {
    const auto& connection = *event.as<Connection>();
    if (connection.interim || connection.transport != "tcp") return;
    if (connection.one_sided) return;  // that is said anyway
    all_ += connection.sent.bytes + connection.received.bytes;
    const std::uint64_t seen = connection.sent.missing_bytes + connection.received.missing_bytes;
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
    draft.severity =
        count >= 0.01 * static_cast<double>(all_ + count_) ? Severity::medium : Severity::low;
    draft.why = fmt::format(
        "{} ({}) in {} were acknowledged by their receivers but are not in the capture. They were "
        "not lost on the network: what is missing is the capture's.",
        bytes_text(count_), share_text(count_, all_ + count_),
        counted(evidence_.connections_total(), "connection"));
    draft.measured = {{"missing_bytes", count},
                      {"connections", static_cast<double>(evidence_.connections_total())}};
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
    .thresholds = kThresholds,
    .takes = kTakes,
    .make = make<CaptureLoss>,
};

}  // namespace wirelens::detect
