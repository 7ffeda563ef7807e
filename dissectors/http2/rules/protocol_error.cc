// http2/rules/protocol_error.cc - frames that break the rules, and ends that say so.
#include "detect/clients.h"
#include "http2/incident.h"
#include "http2/rules/errors.h"
#include "http2/rules/rules.h"

namespace wirelens::http2 {
namespace {

using namespace detect;  // rules speak of little else

/// Those that other rules speak of.
constexpr bool is_attack(std::string_view flaw) {
  return flaw == "http2.continuation_flood" || flaw == "http2.too_many_fields" ||
         flaw == "http2.long_field_section";
}

class ProtocolError final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"faults", 1, "faults", "of one end towards one server, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<FlawSeen>, &kEventType<Incident>};

  explicit ProtocolError(const Circumstances& circumstances)
      : least_(circumstances.threshold("faults")) {}

  void hear(const Event& event) override {
    if (!event.peers()) return;
    if (const auto* incident = event.as<Incident>()) return note_goaway(event, *incident);
    const auto& flaw = *event.as<FlawSeen>();
    if (!flaw.name.starts_with("http2.") || is_attack(flaw.name) || !flaw.from) return;
    Tally& tally = tally_of(event, *flaw.from == Direction::from_client);
    tally.server.note(event, flaw.packet, event.time());
    note_kind(tally, flaw.name.substr(6));
  }

  void judge(Findings& out) override {
    for (const auto& [key, tally] : tallies_.heaviest()) {
      const std::uint64_t faults = std::max(tally->server.times, tally->accused);
      if (static_cast<double>(faults) >= least_) out.add(draft(*key, *tally));
    }
  }

 private:
  struct Key {
    PeerAddress server;
    std::uint32_t by_client = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  static constexpr std::size_t kKinds = 8;
  struct Tally {
    ServerTally server;
    std::vector<std::string> kinds;  ///< of flaw, in order, at most kKinds
    std::uint64_t accused = 0;       ///< the other end gave the connection up for it
    std::string error;
    std::uint64_t weight() const { return server.times + accused; }
  };

  Tally& tally_of(const Event& event, bool by_client) {
    return tallies_.at(Key{event.peers()->server, by_client ? 1u : 0u});
  }
  static void note_kind(Tally& tally, std::string_view name) {
    std::string words(name);
    std::replace(words.begin(), words.end(), '_', ' ');
    if (tally.kinds.size() == kKinds ||
        std::find(tally.kinds.begin(), tally.kinds.end(), words) != tally.kinds.end()) {
      return;
    }
    tally.kinds.push_back(std::move(words));
  }
  void note_goaway(const Event& event, const Incident& incident) {
    if (incident.kind != Incident::Kind::goaway || !accuses(incident.code)) return;
    Tally& tally = tally_of(event, !incident.by_client);
    tally.server.note(event, incident.at.packet, event.time());
    --tally.server.times;  // what it is accused of may have been seen
    ++tally.accused;
    tally.error = error_name(incident.code);
  }

  static Draft draft(const Key& key, const Tally& tally) {
    Draft draft = draft_of(key.server, tally.server);
    const std::string who =
        key.by_client == 1 ? clients_of_at_beginning(tally.server) : draft.server;
    draft.severity = tally.accused > 0 ? Severity::medium : Severity::low;
    draft.why =
        fmt::format("{} broke the protocol {}on {}", who,
                    tally.server.times == 0 ? std::string() : times_text(tally.server.times) + " ",
                    counted(tally.server.connections(), "connection"));
    if (!tally.kinds.empty()) draft.why += fmt::format(": {}", fmt::join(tally.kinds, ", "));
    draft.why +=
        tally.accused > 0
            ? fmt::format(". The other end gave up {} with GOAWAY {}, and all requests on them.",
                          counted(tally.accused, "connection"), tally.error)
            : std::string(". The other end passed over it, which another one may not.");
    draft.measured = {{"faults", static_cast<double>(tally.server.times)},
                      {"connections", static_cast<double>(tally.server.connections())},
                      {"given_up", static_cast<double>(tally.accused)}};
    return draft;
  }

  double least_;
  Table<Key, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kProtocolError = {
    .id = "http2.protocol_error",
    .severity = Severity::medium,
    .title = "HTTP/2 protocol errors",
    .about =
        "Frames break the rules of HTTP/2, or one end closed the connection because the other did. "
        "Such an error ends the connection with every request on it.",
    .fix =
        "update the HTTP/2 library of the end that is named; look for proxies between them that "
        "change frames or send HTTP/1.1 into the connection",
    .source = "RFC 9113 section 5.4",
    .thresholds = ProtocolError::kThresholds,
    .takes = ProtocolError::kTakes,
    .make = make<ProtocolError>,
};

}  // namespace wirelens::http2
