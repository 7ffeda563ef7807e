// tls/rules/no_resumption.cc - a client that meets the same server again and again as a stranger.
//
// A full handshake up to TLS 1.2 costs a round trip more than one that takes up an earlier session;
// that one is added up as it was seen. In TLS 1.3 it costs certificates and computing only.
#include "detect/by_server.h"
#include "detect/firsts.h"
#include "tls/rules/rules.h"
#include "tls/rules/session.h"

namespace wirelens::tls {
namespace {

using namespace detect;  // rules speak of little else

/// From the end of the server's first flight to the last Finished: what a session taken up again
/// would have saved.
Duration second_round_trip(const TlsSession& session, Timestamp begun) {
  const TlsMessage* done = message_of(session, Direction::from_server, "server_hello_done");
  if (done == nullptr || !session.handshake_time) return {};
  return std::max(Duration::zero(), begun + *session.handshake_time - done->time);
}

class NoResumption final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"handshakes", 10, "handshakes",
       "of one client with one server that could have taken up an earlier session, at least"},
      {"resumed_share", 0.1, "of its handshakes", "at most so many did"},
      {"lifetime", 3600, "seconds", "that an earlier session may be old"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<TlsSession>};

  explicit NoResumption(const Circumstances& circumstances)
      : least_(circumstances.threshold("handshakes")),
        share_(circumstances.threshold("resumed_share")),
        lifetime_(circumstances.seconds("lifetime")) {}

  void hear(const Event& event) override {
    const auto& session = *event.as<TlsSession>();
    if (!event.peers() || !session.established || !session.resumed || !session.handshake_time) {
      return;
    }
    // Programs don't share sessions; the fingerprint tells them apart.
    const std::uint64_t key = Digest()
                                  .add(event.peers()->client.host())
                                  .add(session.ja4.value_or(""))
                                  .add(digest_of_server(session, event.peers()->server))
                                  .value();
    const Timestamp begun = event.time();
    const First now{begun + *session.handshake_time, *session.resumed,
                    session.ticket_lifetime.has_value()};
    Tally* found = tallies_.find(key);
    if (found == nullptr) {
      const First* first = firsts_.find(key);
      if (first == nullptr) {
        firsts_.leave(key, now);
        return;
      }
      found = &begin(key, *first, server_text(session, event.peers()->server));
    }
    Tally& tally = *found;
    const bool could = begun >= tally.known && begun - tally.known <= lifetime_;
    add(tally, now);
    if (*session.resumed || !could) return;
    tally.server.note(event, packet_of_server_hello(session), begun,
                      second_round_trip(session, begun));
    tally.refused += session.offered_session.has_value();
  }

  void judge(Findings& out) override {
    for (const auto& [key, tally] : tallies_.heaviest()) {
      const auto full = static_cast<double>(tally->server.times);
      const auto resumed = static_cast<double>(tally->resumed);
      if (full >= least_ && resumed <= share_ * (full + resumed)) out.add(draft(*tally));
    }
  }

 private:
  /// The first handshake of a client with a server: there is none yet to take up.
  struct First {
    Timestamp ended{};
    bool resumed = false;
    bool ticket = false;
  };
  struct Tally {
    ServerTally server;
    std::string name;
    Timestamp known{};  ///< when a session was last agreed on
    std::uint64_t resumed = 0, refused = 0, tickets = 0;
    std::uint64_t weight() const { return server.weight(); }
  };

  Tally& begin(std::uint64_t key, const First& first, std::string name) {
    Tally& tally = tallies_.at(key);
    add(tally, first);
    tally.name = std::move(name);
    firsts_.forget(key);
    return tally;
  }
  static void add(Tally& tally, const First& one) {
    tally.known = std::max(tally.known, one.ended);
    tally.resumed += one.resumed;
    tally.tickets += one.ticket;
  }

  static Draft draft(const Tally& tally) {
    const ServerTally& count = tally.server;
    Draft draft = draft_of(count.first.server, count);
    draft.client = count.first.client.host_text();
    draft.subject = fmt::format("{} → {}", draft.client, tally.name);
    draft.severity = severity_of_wait(count.cost);
    if (count.cost > Duration::zero()) draft.cost = count.cost;
    draft.why =
        fmt::format("{} made {} with {} within {}, and took up an earlier session in {}. {}",
                    draft.client, counted(count.times, "full handshake"), tally.name,
                    duration_text(count.evidence.span()), count_text(tally.resumed), who(tally));
    if (count.cost > Duration::zero()) {
      draft.why += fmt::format(" The round trips that this would have saved took {}.",
                               duration_text(count.cost));
    }
    draft.measured = {{"full_handshakes", static_cast<double>(count.times)},
                      {"resumed", static_cast<double>(tally.resumed)},
                      {"sessions_refused", static_cast<double>(tally.refused)},
                      {"tickets_given", static_cast<double>(tally.tickets)}};
    return draft;
  }
  static std::string who(const Tally& tally) {
    if (tally.refused * 2 > tally.server.times) {
      return fmt::format("In {} the client named one, and the server did not know it any more.",
                         count_text(tally.refused));
    }
    if (tally.tickets > 0)
      return "The server gave tickets, and the client did not come back with one.";
    return "The client named none: it keeps none, or the server gives none.";
  }

  double least_, share_;
  Duration lifetime_;
  Firsts<First> firsts_;
  Table<std::uint64_t, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kNoResumption = {
    .id = "tls.no_resumption",
    .severity = Severity::high,
    .title = "TLS sessions are not taken up again",
    .about =
        "A client that has just spoken to a server goes through the full handshake again: "
        "certificates, signatures, and up to TLS 1.2 one more round trip.",
    .fix =
        "keep connections open first of all. Let the client keep sessions between connections; let "
        "all servers behind one name share ticket keys or a cache (nginx: ssl_session_cache "
        "shared, ssl_session_ticket_key)",
    .source = "RFC 8446 section 2.2, RFC 5077",
    .thresholds = NoResumption::kThresholds,
    .takes = NoResumption::kTakes,
    .make = make<NoResumption>,
};

}  // namespace wirelens::tls
