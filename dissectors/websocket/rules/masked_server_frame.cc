// websocket/rules/masked_server_frame.cc - servers that mask what they send.
#include "detect/flaw_judge.h"
#include "websocket/rules/rules.h"

namespace wirelens::websocket {
namespace {

using namespace detect;  // rules speak of little else

class MaskedServer final : public FlawJudge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"frames", 1, "frames", "of the connections of one server, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<FlawSeen>};

  explicit MaskedServer(const Circumstances& circumstances) : FlawJudge(circumstances, "frames") {}

 private:
  bool takes(const FlawSeen& flaw) const override {
    return flaw.name == "websocket.masked_server_frame";
  }
  void say(const ServerTally& tally, Draft& draft) const override {
    draft.severity = Severity::medium;
    draft.why = fmt::format(
        "{} masked {} at least, on {}. Clients have to close a connection on which that "
        "happens (1002); browsers do.",
        draft.server, counted(tally.times, "frame"), counted(tally.connections(), "connection"));
  }
};

}  // namespace

const Rule kMaskedServerFrame = {
    .id = "websocket.masked_server_frame",
    .severity = Severity::medium,
    .title = "Server frames with a mask",
    .about =
        "Only clients mask. A server that does so has probably reused its client code, and no "
        "browser will listen to it.",
    .fix = "let the server send its frames unmasked: use the server side of a WebSocket library",
    .source = "RFC 6455 section 5.1",
    .thresholds = MaskedServer::kThresholds,
    .takes = MaskedServer::kTakes,
    .make = make<MaskedServer>,
};

}  // namespace wirelens::websocket
