// http2/rules/ping_flood.cc - PING frames without pause.
#include "http2/rules/flood.h"
#include "http2/rules/rules.h"

namespace wirelens::http2 {
namespace {

using namespace detect;  // rules speak of little else

class PingFlood final : public FloodJudge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"frames", 200, "PING frames", "that one end sends in one second, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Incident>};

  explicit PingFlood(const Circumstances& circumstances)
      : FloodJudge(circumstances, FrameType::ping) {}

 private:
  std::string_view noun() const override { return "PING frame"; }
  std::string_view meaning() const override {
    return "Each wants an acknowledgement at once; if they are not read in time, the answers pile "
           "up in memory. Keep-alives come every few seconds.";
  }
};

}  // namespace

const Rule kPingFlood = {
    .id = "http2.ping_flood",
    .severity = Severity::high,
    .title = "PING flood",
    .about =
        "One end sends PING frames far faster than anybody who wants to know whether the other is "
        "alive. The other has to answer each (CVE-2019-9512).",
    .fix =
        "limit the frames of a connection that await no stream (Go, Envoy, nghttp2 and node do so: "
        "update), and close it with ENHANCE_YOUR_CALM; if it is a client of yours, look at its "
        "keep-alive interval",
    .source = "RFC 9113 sections 6.7 and 10.5, CVE-2019-9512",
    .thresholds = PingFlood::kThresholds,
    .takes = PingFlood::kTakes,
    .make = make<PingFlood>,
};

}  // namespace wirelens::http2
