// tls/rules/version_downgrade.cc - both could do better than they agreed on.
//
// A server that speaks TLS 1.3 marks its random when it agrees on less (RFC 8446 section 4.1.3). If
// the client had offered more, somebody in between took it away. A client that tries again with
// less says so (RFC 7507), and a server that could do more refuses.
#include "detect/by_server.h"
#include "tls/rules/rules.h"
#include "tls/rules/session.h"

namespace wirelens::tls {
namespace {

using namespace detect;  // rules speak of little else

const TlsAlert* alert_of(const TlsSession& session, Direction from, std::string_view description) {
  if (!session.alerts) return nullptr;
  for (const TlsAlert& alert : *session.alerts) {
    if (alert.from == from && alert.description == description) return &alert;
  }
  return nullptr;
}

class VersionDowngrade final : public Judge {
 public:
  static constexpr const EventType* kTakes[] = {&kEventType<TlsSession>};

  explicit VersionDowngrade(const Circumstances&) {}

  void hear(const Event& event) override {
    const auto& session = *event.as<TlsSession>();
    if (!event.peers()) return;
    const TlsAlert* fallback = alert_of(session, Direction::from_server, "inappropriate_fallback");
    const bool marked = session.downgraded == true;
    if (!marked && fallback == nullptr) return;
    Tally& tally = tallies_.at(server_text(session, event.peers()->server));
    tally.server.note(event, packet_of(session, Direction::from_client, "client_hello"),
                      event.time());
    tally.server.evidence.packet(marked ? packet_of_server_hello(session) : fallback->packet);
    if (!marked) {
      ++tally.fallbacks;
      return;
    }
    ++tally.marked;
    tally.agreed.count(*session.version);
    const TlsAlert* noticed = alert_of(session, Direction::from_client, "illegal_parameter");
    if (noticed == nullptr) return;
    ++tally.noticed;
    tally.server.evidence.packet(noticed->packet);
  }

  void judge(Findings& out) override {
    for (const auto& [name, tally] : tallies_.heaviest()) {
      Draft draft = draft_of(tally->server.first.server, tally->server);
      draft.subject = *name;
      draft.severity = tally->marked > 0 ? Severity::high : Severity::medium;
      draft.blame = tally->marked > 0 ? Blame::network : Blame::endpoint;
      draft.why = why(*name, *tally);
      draft.measured = {{"marked", static_cast<double>(tally->marked)},
                        {"noticed_by_client", static_cast<double>(tally->noticed)},
                        {"refused_fallbacks", static_cast<double>(tally->fallbacks)}};
      out.add(draft);
    }
  }

 private:
  struct Tally {
    ServerTally server;
    Names agreed;
    std::uint64_t marked = 0, noticed = 0, fallbacks = 0;
    std::uint64_t weight() const { return 1000 * marked + fallbacks; }
  };

  static std::string why(const std::string& name, const Tally& tally) {
    std::string text;
    if (tally.marked > 0) {
      text = fmt::format(
          "{} with {} agreed on {}, though the client offered better and the server's random says "
          "that it "
          "could do better: somebody in between changed the ClientHello. {} ",
          counted(tally.marked, "handshake"), name, tally.agreed.text(),
          tally.noticed == tally.marked
              ? "The client noticed and broke it off: Chromium shows "
                "ERR_TLS13_DOWNGRADE_DETECTED, OpenSSL says \"inappropriate fallback\"."
              : "The client did not end it by an alert.");
    }
    if (tally.fallbacks > 0) {
      text += fmt::format(
          "In {} with {} the client said that it was trying again with an older version "
          "(FALLBACK_SCSV), "
          "and the server, which can do better, refused (alert inappropriate_fallback): its first "
          "attempt failed for another reason. OpenSSL says \"tlsv1 alert inappropriate fallback\".",
          counted(tally.fallbacks, "handshake"), name);
    }
    return text;
  }

  Table<std::string, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kVersionDowngrade = {
    .id = "tls.version_downgrade",
    .severity = Severity::high,
    .title = "TLS version pushed down",
    .about =
        "Client and server could both speak a later version of TLS than they were made to agree "
        "on, by an attacker, an inspecting proxy, or a client that tries older versions.",
    .fix =
        "find what sits in between (a proxy or firewall that inspects TLS: update it); stop "
        "clients from trying older versions by themselves",
    .source = "RFC 8446 section 4.1.3, RFC 7507",
    .takes = VersionDowngrade::kTakes,
    .make = make<VersionDowngrade>,
};

}  // namespace wirelens::tls
