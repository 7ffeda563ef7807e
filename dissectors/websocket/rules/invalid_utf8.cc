// websocket/rules/invalid_utf8.cc - texts that are none.
#include "detect/flaw_judge.h"
#include "websocket/rules/rules.h"

namespace wirelens::websocket {
namespace {

using namespace detect;  // rules speak of little else

class InvalidUtf8 final : public FlawJudge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"messages", 1, "messages", "of the connections of one server, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<FlawSeen>};

  explicit InvalidUtf8(const Circumstances& circumstances) : FlawJudge(circumstances, "messages") {}

 private:
  bool takes(const FlawSeen& flaw) const override { return flaw.name == "websocket.invalid_utf8"; }
  void say(const ServerTally& tally, Draft& draft) const override {
    draft.severity = Severity::medium;
    draft.why = fmt::format(
        "{} between {} and {} on {} went as text without being UTF-8. The receiver has to close "
        "the connection (1007); the sender probably sends bytes, or cuts texts between the bytes "
        "of a character.",
        counted(tally.times, "message"), clients_of(tally), draft.server,
        counted(tally.connections(), "connection"));
  }
};

}  // namespace

const Rule kInvalidUtf8Rule = {
    .id = "websocket.invalid_utf8",
    .severity = Severity::medium,
    .title = "Text messages that are not UTF-8",
    .about =
        "A WebSocket text message is UTF-8, always. One byte that is not ends the connection with "
        "1007.",
    .fix =
        "send bytes as binary messages; encode texts before they are cut into pieces, and never "
        "cut inside a character",
    .source = "RFC 6455 sections 5.6 and 8.1",
    .thresholds = InvalidUtf8::kThresholds,
    .takes = InvalidUtf8::kTakes,
    .make = make<InvalidUtf8>,
};

}  // namespace wirelens::websocket
