// http2/rules/settings_flood.cc - SETTINGS frames without pause.
#include "http2/rules/flood.h"
#include "http2/rules/rules.h"

namespace wirelens::http2 {
namespace {

using namespace detect;  // rules speak of little else

class SettingsFlood final : public FloodJudge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"frames", 50, "SETTINGS frames",
       "that one end sends in one second, acknowledgements aside, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Incident>};

  explicit SettingsFlood(const Circumstances& circumstances)
      : FloodJudge(circumstances, FrameType::settings) {}

 private:
  std::string_view noun() const override { return "SETTINGS frame"; }
  std::string_view meaning() const override {
    return "Each has to be applied to every stream and acknowledged; if the acknowledgements are "
           "not read, they pile up in memory.";
  }
};

}  // namespace

const Rule kSettingsFlood = {
    .id = "http2.settings_flood",
    .severity = Severity::high,
    .title = "SETTINGS flood",
    .about =
        "One end sends SETTINGS frames again and again. The other has to apply and acknowledge "
        "each (CVE-2019-9515).",
    .fix =
        "limit the frames of a connection that await no stream (Go, Envoy, nghttp2 and node do so: "
        "update), and close it with ENHANCE_YOUR_CALM; block the sender",
    .source = "RFC 9113 sections 6.5.3 and 10.5, CVE-2019-9515",
    .thresholds = SettingsFlood::kThresholds,
    .takes = SettingsFlood::kTakes,
    .make = make<SettingsFlood>,
};

}  // namespace wirelens::http2
