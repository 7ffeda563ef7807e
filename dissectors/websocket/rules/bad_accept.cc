// websocket/rules/bad_accept.cc - a server that answers a handshake without having understood it.
#include "detect/flaw_judge.h"
#include "websocket/rules/rules.h"

namespace wirelens::websocket {
namespace {

using namespace detect;  // rules speak of little else

class BadAccept final : public FlawJudge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"handshakes", 1, "handshakes", "of the connections of one server, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<FlawSeen>};

  explicit BadAccept(const Circumstances& circumstances) : FlawJudge(circumstances, "handshakes") {}

 private:
  bool takes(const FlawSeen& flaw) const override { return flaw.name == "websocket.bad_accept"; }
  void say(const ServerTally& tally, Draft& draft) const override {
    draft.severity = Severity::medium;
    draft.why = fmt::format(
        "{} answered {} on {} with a Sec-WebSocket-Accept that does not belong to the client's "
        "Sec-WebSocket-Key, or with none. A browser gives the connection up at once. A cache or a "
        "proxy that replays an old answer looks like that, or a server that computes it wrongly.",
        draft.server, counted(tally.times, "handshake"),
        counted(tally.connections(), "connection"));
  }
};

}  // namespace

const Rule kBadAcceptRule = {
    .id = "websocket.bad_accept",
    .severity = Severity::medium,
    .title = "WebSocket handshake answered wrongly",
    .about =
        "Sec-WebSocket-Accept proves that the server has understood the handshake. A client has to "
        "fail the connection if it is not what its key demands.",
    .fix =
        "compute it as base64(SHA-1(key + 258EAFA5-E914-47DA-95CA-C5AB0DC85B11)), or use a "
        "library; take caches out of the way (Cache-Control: no-store, proxy_cache off)",
    .source = "RFC 6455 sections 4.1 and 4.2.2",
    .thresholds = BadAccept::kThresholds,
    .takes = BadAccept::kTakes,
    .make = make<BadAccept>,
};

}  // namespace wirelens::websocket
