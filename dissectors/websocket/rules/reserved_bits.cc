// websocket/rules/reserved_bits.cc - frames that use an extension nobody agreed on.
#include "detect/flaw_judge.h"
#include "websocket/rules/rules.h"

namespace wirelens::websocket {
namespace {

using namespace detect;  // rules speak of little else

class ReservedBits final : public FlawJudge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"frames", 1, "frames", "of the connections of one server, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<FlawSeen>};

  explicit ReservedBits(const Circumstances& circumstances) : FlawJudge(circumstances, "frames") {}

 private:
  bool takes(const FlawSeen& flaw) const override { return flaw.name == "websocket.reserved_bits"; }
  void say(const ServerTally& tally, Draft& draft) const override {
    draft.severity = Severity::medium;
    draft.why = fmt::format(
        "{} between {} and {} on {} came with reserved bits set, though no extension that was "
        "agreed on gives them a meaning. The receiver has to close the connection (1002). Most "
        "often one side compresses (permessage-deflate) and a proxy has taken the agreement out of "
        "the handshake.",
        counted(tally.times, "frame"), clients_of(tally), draft.server,
        counted(tally.connections(), "connection"));
  }
};

}  // namespace

const Rule kReservedBitsRule = {
    .id = "websocket.reserved_bits",
    .severity = Severity::medium,
    .title = "Reserved bits without an extension",
    .about =
        "The bits RSV1 to RSV3 belong to extensions. Set without an agreement they make a frame "
        "that nobody can read.",
    .fix =
        "let the proxy pass Sec-WebSocket-Extensions both ways, or turn compression off on the "
        "side that uses it without consent",
    .source = "RFC 6455 section 5.2, RFC 7692 section 6",
    .thresholds = ReservedBits::kThresholds,
    .takes = ReservedBits::kTakes,
    .make = make<ReservedBits>,
};

}  // namespace wirelens::websocket
