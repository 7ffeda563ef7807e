// detect/tcp/capture_duplicates.cc - packets that the capture shows twice, though they were sent
// once.
#include "detect/tcp/capture_share.h"

namespace wirelens::detect {
namespace {

class CaptureDuplicates final : public CaptureShare {
 public:
  static constexpr Threshold kThresholds[] = {
      {"packets", 10, "packets", "seen twice, at least"},
      {"share", 0.01, "of all packets", "at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Connection>};

  explicit CaptureDuplicates(const Circumstances& circumstances)
      : CaptureShare(circumstances, "packets") {}

 private:
  Share share_of(const Connection& connection) const override {
    return {connection.sent.capture_duplicates + connection.received.capture_duplicates,
            packets_of(connection)};
  }
  void word(Draft& draft, const Share& share) const override {
    draft.severity = Severity::info;
    draft.why = fmt::format(
        "{} of {} are copies: same header, same identification, within moments. They were not "
        "resent, so no figure of loss counts them.",
        counted(share.count, "packet"), count_text(share.all));
    draft.measured = {{"copies", static_cast<double>(share.count)},
                      {"packets", static_cast<double>(share.all)}};
  }
};

}  // namespace

const Rule kCaptureDuplicates = {
    .id = "tcp.capture_duplicates",
    .severity = Severity::medium,
    .title = "The capture shows packets twice",
    .about =
        "Each packet was sent once, but the capture has it twice: a mirror port that copies on "
        "entry and on exit, or a capture on several interfaces of one path. Other tools call these "
        "retransmissions.",
    .fix =
        "mirror one direction of each port only, or capture on one interface; wirelens leaves the "
        "copies out of every figure",
    .source = "RFC 6864 section 4.2",
    .thresholds = CaptureDuplicates::kThresholds,
    .takes = CaptureDuplicates::kTakes,
    .make = make<CaptureDuplicates>,
};

}  // namespace wirelens::detect
