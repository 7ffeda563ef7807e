// http1/rules/request_smuggling.cc - messages whose end two readers would see in two places.
#include "detect/by_server.h"
#include "event/exchange.h"
#include "http1/rules/fields.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

class RequestSmuggling final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"messages", 1, "messages", "of one server with ambiguous framing, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<FlawSeen>};

  explicit RequestSmuggling(const Circumstances& circumstances)
      : least_(circumstances.threshold("messages")) {}

  void hear(const Event& event) override {
    const auto& flaw = *event.as<FlawSeen>();
    if (!event.peers() || flaw.from != Direction::from_client || !is_ambiguous(flaw.name)) return;
    ServerTally& tally = tallies_.at(event.peers()->server);
    tally.note(event, flaw.packet, event.time());
    tally.evidence.connection(event.connection());
  }

  void judge(Findings& out) override {
    for (const auto& [server, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) < least_) continue;
      Draft draft = draft_of(*server, *tally);
      draft.severity = Severity::high;
      draft.why = fmt::format(
          "{} to {} in {} say in more than one way where they end (two lengths, a length and "
          "chunks, an obscured Transfer-Encoding). A proxy and the server behind it may cut them "
          "in different places, and the rest becomes the next visitor's request.",
          counted(tally->times, "message"), server->text(),
          counted(tally->connections(), "connection"));
      draft.measured = {{"messages", static_cast<double>(tally->times)},
                        {"connections", static_cast<double>(tally->connections())}};
      out.add(std::move(draft));
    }
  }

 private:
  double least_;
  Table<PeerAddress, ServerTally> tallies_{kTallies};
};

}  // namespace

const Rule kRequestSmuggling = {
    .id = "http.request_smuggling",
    .severity = Severity::high,
    .title = "Request smuggling",
    .about =
        "A request is framed so that two readers see its end in two places. Attackers use that to "
        "slip a request past a proxy, or into somebody else's connection.",
    .fix =
        "refuse such requests at the first proxy (400, close), use HTTP/2 towards the servers "
        "behind it, and keep both up to date",
    .source = "RFC 9112 sections 6.1, 6.3 and 11.2",
    .thresholds = RequestSmuggling::kThresholds,
    .takes = RequestSmuggling::kTakes,
    .make = make<RequestSmuggling>,
};

}  // namespace wirelens::http1
