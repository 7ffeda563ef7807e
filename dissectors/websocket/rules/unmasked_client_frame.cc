// websocket/rules/unmasked_client_frame.cc - clients that do not mask what they send.
#include "detect/flaw_judge.h"
#include "websocket/rules/rules.h"

namespace wirelens::websocket {
namespace {

using namespace detect;  // rules speak of little else

class UnmaskedClient final : public FlawJudge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"frames", 1, "frames", "of the connections of one server, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<FlawSeen>};

  explicit UnmaskedClient(const Circumstances& circumstances)
      : FlawJudge(circumstances, "frames") {}

 private:
  bool takes(const FlawSeen& flaw) const override {
    return flaw.name == "websocket.unmasked_client_frame";
  }
  void say(const ServerTally& tally, Draft& draft) const override {
    draft.severity = Severity::medium;
    draft.why = fmt::format(
        "Frames to {} on {} are not masked, {} of them at least. The server must close the "
        "connection; one that does not lets scripts write bytes of their choice past proxies.",
        draft.server, counted(tally.connections(), "connection"), count_text(tally.times));
  }
};

}  // namespace

const Rule kUnmaskedClientFrame = {
    .id = "websocket.unmasked_client_frame",
    .severity = Severity::medium,
    .title = "Client frames without a mask",
    .about =
        "Everything that a WebSocket client sends is masked with a fresh key, so that no script "
        "can make a proxy read a request in it. Browsers always do it; home-made clients forget.",
    .fix = "use a WebSocket library in the client; let the server close such connections with 1002",
    .source = "RFC 6455 sections 5.1 and 10.3",
    .thresholds = UnmaskedClient::kThresholds,
    .takes = UnmaskedClient::kTakes,
    .make = make<UnmaskedClient>,
};

}  // namespace wirelens::websocket
