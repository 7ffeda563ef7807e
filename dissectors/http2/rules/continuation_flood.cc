// http2/rules/continuation_flood.cc - field sections that do not end.
#include "detect/flaw_judge.h"
#include "http2/records.h"
#include "http2/rules/rules.h"

namespace wirelens::http2 {
namespace {

using namespace detect;  // rules speak of little else

constexpr std::uint64_t kFew = 32;

class ContinuationFlood final : public FlawJudge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"sections", 1, "field sections", "of more than 32 CONTINUATION frames, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<FlawSeen>,
                                                &kEventType<ConnectionSummary>};

  explicit ContinuationFlood(const Circumstances& circumstances)
      : FlawJudge(circumstances, "sections") {}

  void hear(const Event& event) override {
    const auto* summary = event.as<ConnectionSummary>();
    if (!summary) return FlawJudge::hear(event);
    const std::uint64_t frames = summary->client.frames.continuation.value_or(0) +
                                 summary->server.frames.continuation.value_or(0);
    if (!event.peers() || frames <= kFew) return;
    if (ServerTally* tally = tally_of(event.peers()->server)) tally->counts[0] += frames;
  }

 private:
  bool takes(const FlawSeen& flaw) const override {
    return flaw.name == "http2.continuation_flood";
  }
  void say(const ServerTally& tally, Draft& draft) const override {
    draft.severity = Severity::high;
    draft.why = fmt::format(
        "{} on {} between {} and {} went on for more than {} CONTINUATION frames, {} in all. A "
        "server that gathers them before it judges them runs out of memory, and nothing of it "
        "shows in an access log.",
        counted(tally.times, "field section"), counted(tally.connections(), "connection"),
        clients_of(tally), draft.server, count_text(kFew), count_text(tally.counts[0]));
    draft.measured.push_back({"continuation_frames", static_cast<double>(tally.counts[0])});
  }
};

}  // namespace

const Rule kContinuationFloodRule = {
    .id = "http2.continuation_flood",
    .severity = Severity::high,
    .title = "CONTINUATION flood",
    .about =
        "A peer sends the fields of a message in an endless row of CONTINUATION frames, which the "
        "other end has to keep and to decode (CVE-2024-24549, CVE-2024-27316 and others).",
    .fix =
        "update the server; it must limit a field section's bytes and frames while they come "
        "(SETTINGS_MAX_HEADER_LIST_SIZE) and close the connection; block the sender",
    .source = "RFC 9113 section 10.5.1, CERT VU#421644",
    .thresholds = ContinuationFlood::kThresholds,
    .takes = ContinuationFlood::kTakes,
    .make = make<ContinuationFlood>,
};

}  // namespace wirelens::http2
