// tls/rules/weak_cipher.cc - suites that protect little or nothing, and small Diffie-Hellman
// groups.
#include "detect/by_server.h"
#include "tls/rules/rules.h"
#include "tls/rules/session.h"

namespace wirelens::tls {
namespace {

using namespace detect;  // rules speak of little else

/// What is wrong with a suite, found by a part of its name; the gravest first.
struct Weakness {
  std::string_view part;
  Severity severity;
  std::string_view why;
};
constexpr Weakness kWeaknesses[] = {
    {"_WITH_NULL", Severity::high, "it does not encrypt: everybody on the way reads along"},
    {"_anon_", Severity::high, "nobody proves who the server is: anybody can be in between"},
    {"_EXPORT_", Severity::high, "export keys of 40 or 56 bits, which a laptop breaks"},
    {"_DES_CBC_", Severity::high, "DES has keys of 56 bits, which can be searched in a day"},
    {"_DES40_", Severity::high, "keys of 40 bits, which a laptop breaks"},
    {"_RC4_", Severity::medium, "RC4 leaks its plaintext bit by bit (RFC 7465 forbids it)"},
    {"_RC2_", Severity::medium, "RC2 has blocks of 64 bits (Sweet32)"},
    {"_3DES_", Severity::medium,
     "blocks of 64 bits repeat after some gigabytes, and then give cookies away (Sweet32)"},
    {"_IDEA_", Severity::medium, "IDEA has blocks of 64 bits (Sweet32)"},
    {"_MD5", Severity::medium, "its MAC is built on MD5"},
};

const Weakness* weakness_of(std::string_view cipher) {
  for (const Weakness& each : kWeaknesses) {
    if (cipher.find(each.part) != cipher.npos) return &each;
  }
  return nullptr;
}

class WeakCipher final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"dh_bits", 2048, "bits", "of a Diffie-Hellman group, below which it is weak"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<TlsSession>};

  explicit WeakCipher(const Circumstances& circumstances)
      : least_bits_(circumstances.threshold("dh_bits")) {}

  void hear(const Event& event) override {
    const auto& session = *event.as<TlsSession>();
    if (!event.peers() || !session.cipher) return;
    const Weakness* weak = by_suite_.of(*session.cipher, weakness_of);
    const bool small = session.dh_bits && static_cast<double>(*session.dh_bits) < least_bits_;
    if (weak == nullptr && !small) return;
    Tally& tally = tallies_.at(server_text(session, event.peers()->server));
    tally.server.note(event, packet_of_server_hello(session), event.time());
    tally.ciphers.count(*session.cipher);
    if (weak != nullptr && (tally.worst == nullptr || weak < tally.worst)) {
      tally.worst = weak;
      tally.worst_cipher = *session.cipher;
    }
    if (!small) return;
    tally.dh_bits = std::min<std::uint16_t>(tally.dh_bits, *session.dh_bits);
    tally.server.evidence.packet(packet_of(session, Direction::from_server, "server_key_exchange"));
  }

  void judge(Findings& out) override {
    for (const auto& [name, tally] : tallies_.heaviest()) {
      Draft draft = draft_of(tally->server.first.server, tally->server);
      draft.subject = *name;
      draft.severity = severity_of(*tally);
      draft.why = why(*name, *tally);
      draft.measured = {{"handshakes", static_cast<double>(tally->server.times)}};
      if (tally->dh_bits != kNoGroup) {
        draft.measured.push_back({"dh_bits", static_cast<double>(tally->dh_bits)});
      }
      out.add(draft);
    }
  }

 private:
  static constexpr std::uint16_t kNoGroup = 0xffff;
  /// What OpenSSL's security level 1 and Chromium accept.
  static constexpr std::uint16_t kBreakable = 1024;

  struct Tally {
    ServerTally server;
    Names ciphers;
    const Weakness* worst = nullptr;
    std::string worst_cipher;
    std::uint16_t dh_bits = kNoGroup;
    std::uint64_t weight() const { return server.times; }
  };

  static Severity severity_of(const Tally& tally) {
    const bool breakable = tally.dh_bits < kBreakable;
    return breakable                ? Severity::high
           : tally.worst != nullptr ? tally.worst->severity
                                    : Severity::medium;
  }
  static std::string why(const std::string& name, const Tally& tally) {
    std::string text =
        fmt::format("{} with {} agreed on {}. ", counted(tally.server.times, "handshake"), name,
                    tally.ciphers.text());
    if (tally.worst != nullptr) {
      text += fmt::format("{}: {}. ", tally.worst_cipher, tally.worst->why);
    }
    if (tally.dh_bits != kNoGroup) {
      text += fmt::format(
          "The Diffie-Hellman group has {} bits, where 2,048 are wanted (1,024 are within a "
          "state's "
          "reach: Logjam). OpenSSL says \"dh key too small\". ",
          count_text(tally.dh_bits));
    }
    if (tally.worst != nullptr) {
      text +=
          "Current browsers do not offer it, so with them alone such a server fails: Chromium "
          "shows ERR_SSL_VERSION_OR_CIPHER_MISMATCH.";
    }
    while (text.back() == ' ') text.pop_back();
    return text;
  }

  double least_bits_;
  BySuite<const Weakness*> by_suite_;
  Table<std::string, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kWeakCipher = {
    .id = "tls.weak_cipher",
    .severity = Severity::high,
    .title = "Weak cipher suite",
    .about =
        "The connection is protected by a cipher that can be broken, or that does not protect at "
        "all, or its keys come from a Diffie-Hellman group that is too small.",
    .fix =
        "offer ECDHE with AES-GCM or ChaCha20-Poly1305 only (Mozilla's intermediate "
        "configuration); where DHE must stay, use a group of RFC 7919",
    .source = "RFC 9325 section 4, RFC 7465, RFC 7919",
    .thresholds = WeakCipher::kThresholds,
    .takes = WeakCipher::kTakes,
    .make = make<WeakCipher>,
};

}  // namespace wirelens::tls
