// tls/rules/slow_handshake.cc - handshakes that took far longer than their round trips, and who was
// waited for.
#include "detect/by_server.h"
#include "tls/rules/rules.h"
#include "tls/rules/session.h"

namespace wirelens::tls {
namespace {

using namespace detect;  // rules speak of little else

/// Round trips that the messages need: each time that the other end has the word is half of one.
std::int64_t round_trips(const TlsSession& session) {
  std::int64_t turns = 0;
  for (std::size_t i = 1; i < session.messages.size(); ++i) {
    turns += session.messages[i].from != session.messages[i - 1].from;
  }
  return (turns + 1) / 2;
}

struct Wait {
  Duration length{};
  const TlsMessage* after = nullptr;
  const TlsMessage* until = nullptr;
};
Wait longest_wait(const TlsSession& session) {
  Wait longest;
  for (std::size_t i = 1; i < session.messages.size(); ++i) {
    const TlsMessage& before = session.messages[i - 1];
    const TlsMessage& message = session.messages[i];
    if (message.time - before.time > longest.length) {
      longest = {message.time - before.time, &before, &message};
    }
  }
  return longest;
}

class SlowHandshake final : public Judge {
 public:
  static constexpr std::string_view kFollows[] = {"tcp.retransmission_timeout",
                                                  "tcp.retransmission_burst"};
  static constexpr Threshold kThresholds[] = {
      {"seconds", 1, "seconds", "beyond the round trips that a handshake needs, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<TlsSession>};

  explicit SlowHandshake(const Circumstances& circumstances)
      : least_(circumstances.seconds("seconds")) {}

  void hear(const Event& event) override {
    const auto& session = *event.as<TlsSession>();
    if (!event.peers() || !session.handshake_time || !session.round_trip) return;
    const Duration lost = *session.handshake_time - round_trips(session) * *session.round_trip;
    if (lost < least_) return;
    const Wait wait = longest_wait(session);
    if (wait.after == nullptr) return;
    Tally& tally = tallies_.at(server_text(session, event.peers()->server));
    if (lost > tally.server.worst) describe(session, wait, tally);
    tally.server.note(event, wait.after->packet, event.time(), lost);
    tally.server.evidence.packet(wait.until->packet);
    ++tally.awaited[index(wait.until->from)];
  }

  void judge(Findings& out) override {
    for (const auto& [name, tally] : tallies_.heaviest()) {
      const ServerTally& count = tally->server;
      Draft draft = draft_of(count.first.server, count);
      draft.subject = *name;
      draft.severity = severity_of_wait(count.cost);
      draft.cost = count.cost;
      draft.why = fmt::format("{} with {} took {} more than {} round trips. {}",
                              counted(count.times, "handshake"), *name, duration_text(count.cost),
                              count.times == 1 ? "its" : "their", tally->slowest);
      if (count.times > 1) {
        draft.why += fmt::format(" The server was waited for in {}, the client in {}.",
                                 count_text(tally->awaited[index(Direction::from_server)]),
                                 count_text(tally->awaited[index(Direction::from_client)]));
      }
      draft.measured = {{"handshakes", static_cast<double>(count.times)},
                        {"longest_seconds", seconds(count.worst)}};
      out.add(draft);
    }
  }

 private:
  struct Tally {
    ServerTally server;
    std::string slowest;
    std::array<std::uint64_t, 2> awaited{};
    std::uint64_t weight() const { return server.weight(); }
  };

  static void describe(const TlsSession& session, const Wait& wait, Tally& tally) {
    const bool server = wait.until->from == Direction::from_server;
    tally.slowest = fmt::format(
        "The slowest took {}, where a round trip takes {}: {} passed between {} and the {}'s {}.",
        duration_text(*session.handshake_time), duration_text(*session.round_trip),
        duration_text(wait.length), wait.after->message, server ? "server" : "client",
        wait.until->message);
    if (!server && session.client_certificate_requested == true) {
      tally.slowest += " The client had been asked for a certificate, which its user may choose.";
    }
  }

  Duration least_;
  Table<std::string, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kSlowHandshake = {
    .id = "tls.slow_handshake",
    .severity = Severity::high,
    .title = "Slow TLS handshake",
    .about =
        "A handshake took much longer than its round trips: an end was busy, looked something up, "
        "or waited for a lost packet before it went on.",
    .fix =
        "if the server was waited for: look at its load, its key (RSA of 4,096 bits, an HSM) and "
        "what it asks before it answers; if the client: at its checks of revocation (staple OCSP)",
    .source = "RFC 8446 section 2",
    .thresholds = SlowHandshake::kThresholds,
    .takes = SlowHandshake::kTakes,
    .make = make<SlowHandshake>,
    .follows = SlowHandshake::kFollows,
};

}  // namespace wirelens::tls
