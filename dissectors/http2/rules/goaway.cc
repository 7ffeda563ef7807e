// http2/rules/goaway.cc - connections that one end gives up, for a reason or with requests on them.
#include "detect/clients.h"
#include "http2/incident.h"
#include "http2/rules/errors.h"
#include "http2/rules/rules.h"

namespace wirelens::http2 {
namespace {

using namespace detect;  // rules speak of little else

class GoawayJudge final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"connections", 1, "connections",
       "that one server or its clients gave up with an error or with requests unanswered, at "
       "least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Incident>};
  static constexpr std::string_view kFollows[] = {"http2.ping_flood", "http2.rapid_reset",
                                                  "http2.settings_flood",
                                                  "http2.continuation_flood", "http2.hpack_bomb"};

  explicit GoawayJudge(const Circumstances& circumstances)
      : least_(circumstances.threshold("connections")) {}

  void hear(const Event& event) override {
    const auto& incident = *event.as<Incident>();
    if (!event.peers() || incident.kind != Incident::Kind::goaway || accuses(incident.code)) return;
    if (incident.code == 0 && incident.count == 0) return;  // a graceful end
    const Key key{event.peers()->server, incident.code, incident.by_client ? 1u : 0u};
    Tally& tally = tallies_.at(key);
    tally.server.note(event, incident.at.packet, event.time());
    tally.abandoned += incident.count;
    if (tally.debug.empty() && incident.debug) tally.debug = *incident.debug;
  }

  void judge(Findings& out) override {
    for (const auto& [key, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->server.connections()) >= least_) out.add(draft(*key, *tally));
    }
  }

 private:
  struct Key {
    PeerAddress server;
    std::uint32_t code = 0;
    std::uint32_t by_client = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Tally {
    ServerTally server;
    std::uint64_t abandoned = 0;  ///< streams
    std::string debug;
    std::uint64_t weight() const { return server.times; }
  };

  static Draft draft(const Key& key, const Tally& tally) {
    const std::string_view error = error_name(key.code);
    Draft draft = draft_of(key.server, tally.server);
    draft.severity = key.code != 0 ? Severity::medium : Severity::low;
    const std::string who =
        key.by_client == 1 ? clients_of_at_beginning(tally.server) : draft.server;
    draft.why = fmt::format(
        "{} gave up {} with GOAWAY {}{}{}. {}", who,
        counted(tally.server.connections(), "connection"),
        error == "unknown" ? fmt::format("code {}", key.code) : std::string(error),
        tally.debug.empty() ? std::string() : fmt::format(" (\"{}\")", tally.debug),
        tally.abandoned == 0
            ? std::string()
            : fmt::format(" and left {} without an answer", counted(tally.abandoned, "request")),
        meaning(key.code));
    if (key.code == kEnhanceYourCalm) {
      draft.fix =
          "find out what the client does too often: with \"too_many_pings\" raise the interval of "
          "its keep-alive (gRPC: GRPC_ARG_KEEPALIVE_TIME_MS) or what the server permits; otherwise "
          "resets, settings, or empty frames";
    }
    draft.measured = {{"connections", static_cast<double>(tally.server.connections())},
                      {"abandoned_requests", static_cast<double>(tally.abandoned)},
                      {"error_code", static_cast<double>(key.code)}};
    return draft;
  }
  static std::string_view meaning(std::uint32_t code) {
    if (code == 0) {
      return "A graceful end that crossed with new requests: they were not acted on and may be "
             "sent again on another connection.";
    }
    if (code == kEnhanceYourCalm) return "It says that its peer asks for too much.";
    return "Whatever was on the connection is lost, and clients have to connect anew.";
  }

  double least_;
  Table<Key, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kGoaway = {
    .id = "http2.goaway",
    .severity = Severity::medium,
    .title = "Connections given up (GOAWAY)",
    .about =
        "One end sent GOAWAY with an error, or ended gracefully while requests were on their way "
        "that it no longer took.",
    .fix =
        "read the error and the debug text, and the sender's log of that time; let clients repeat "
        "what lies above the last stream; at a planned end announce it first (two GOAWAYs, RFC "
        "9113 section 6.8)",
    .source = "RFC 9113 section 6.8",
    .thresholds = GoawayJudge::kThresholds,
    .takes = GoawayJudge::kTakes,
    .make = make<GoawayJudge>,
    .follows = GoawayJudge::kFollows,
};

}  // namespace wirelens::http2
