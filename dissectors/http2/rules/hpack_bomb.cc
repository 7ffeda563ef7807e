// http2/rules/hpack_bomb.cc - a few bytes that become many fields.
#include "detect/flaw_judge.h"
#include "http2/records.h"
#include "http2/rules/rules.h"

namespace wirelens::http2 {
namespace {

using namespace detect;  // rules speak of little else

class HpackBomb final : public FlawJudge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"sections", 1, "field sections",
       "of more fields or bytes than any honest message has, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<FlawSeen>,
                                                &kEventType<ConnectionSummary>};

  explicit HpackBomb(const Circumstances& circumstances) : FlawJudge(circumstances, "sections") {}

  void hear(const Event& event) override {
    const auto* summary = event.as<ConnectionSummary>();
    if (!summary) return FlawJudge::hear(event);
    if (!event.peers()) return;
    ServerTally* tally = tally_of(event.peers()->server);
    if (!tally) return;
    for (const EndSummary* end : {&summary->client, &summary->server}) {
      tally->counts[0] += end->field_section_bytes;
      tally->counts[1] += end->field_bytes;
    }
  }

 private:
  bool takes(const FlawSeen& flaw) const override {
    return flaw.name == "http2.too_many_fields" || flaw.name == "http2.long_field_section";
  }
  void say(const ServerTally& tally, Draft& draft) const override {
    draft.severity = Severity::high;
    draft.why = fmt::format(
        "{} on {} between {} and {} had more fields or bytes than any honest message has; what was "
        "sent with that server grew from {} to at least {}, where decoding stopped. A server that "
        "decodes all of it spends memory that costs the sender next to nothing.",
        counted(tally.times, "field section"), counted(tally.connections(), "connection"),
        clients_of(tally), draft.server, bytes_text(tally.counts[0]), bytes_text(tally.counts[1]));
    draft.measured.push_back({"sent_bytes", static_cast<double>(tally.counts[0])});
    draft.measured.push_back({"decoded_bytes", static_cast<double>(tally.counts[1])});
  }
};

}  // namespace

const Rule kHpackBomb = {
    .id = "http2.hpack_bomb",
    .severity = Severity::high,
    .title = "HPACK bomb",
    .about =
        "A peer puts a long field into the HPACK table and refers to it over and over, a byte each "
        "time: a few kilobytes on the wire become megabytes of fields (CVE-2016-6581).",
    .fix =
        "limit the decoded size of a field section (SETTINGS_MAX_HEADER_LIST_SIZE; nginx: "
        "large_client_header_buffers) and reject while decoding, not afterwards; block the sender",
    .source = "RFC 7541 section 7.3, RFC 9113 section 10.5.1",
    .thresholds = HpackBomb::kThresholds,
    .takes = HpackBomb::kTakes,
    .make = make<HpackBomb>,
};

}  // namespace wirelens::http2
