// detect/tcp/capture_duplicates.cc - packets that the capture shows twice, though they were sent
// once.
#include "detect/by_server.h"
#include "detect/tcp/rules.h"

namespace wirelens::detect {
namespace {

constexpr Threshold kThresholds[] = {
    {"packets", 10, "packets", "seen twice, at least"},
    {"share", 0.01, "of all packets", "at least"},
};
constexpr const EventType* kTakes[] = {&kEventType<Connection>};

class CaptureDuplicates final : public Judge {
 public:
  explicit CaptureDuplicates(const Circumstances& circumstances)
      : least_(circumstances.threshold("packets")), share_(circumstances.threshold("share")) {}

  void hear(const Event& event) override {
    const auto& connection = *event.as<Connection>();
    if (connection.interim || connection.transport != "tcp") return;
    all_ += connection.sent.packets + connection.received.packets;
    const std::uint64_t seen =
        connection.sent.capture_duplicates + connection.received.capture_duplicates;
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
        "{} of {} are copies: same header, same identification, within moments. They were not "
        "resent, so no figure of loss counts them.",
        counted(count_, "packet"), count_text(all_));
    draft.measured = {{"copies", count}, {"packets", static_cast<double>(all_)}};
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
    .thresholds = kThresholds,
    .takes = kTakes,
    .make = make<CaptureDuplicates>,
};

}  // namespace wirelens::detect
