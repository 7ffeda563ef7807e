// tls/rules/session.h - what the rules of TLS read in a session.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/figures.h"
#include "detect/digest.h"
#include "event/peers.h"
#include "event/tls.h"

namespace wirelens::tls {

/// "shop.test (10.0.1.2:443)": one address may serve many names, each with settings of its own.
inline std::string server_text(const TlsSession& session, const PeerAddress& server) {
  return session.server_name ? fmt::format("{} ({})", *session.server_name, server.text())
                             : server.text();
}

/// What stands for server_text() where a table is asked at every handshake.
inline std::uint64_t digest_of_server(const TlsSession& session, const PeerAddress& server) {
  const std::uint64_t digest = detect::digest_of(server);
  return session.server_name ? detect::Digest(digest).add(*session.server_name).value() : digest;
}

/// How many handshakes a server had, whatever became of them.
struct Handshakes {
  std::uint64_t count = 0;
  std::uint64_t weight() const { return count; }
};

/// What a rule thinks of a cipher suite, kept for those that came last: hardly any server agrees on
/// more than a few, and their names are long to read.
template <class Opinion>
class BySuite {
 public:
  template <class Ask>
  Opinion of(std::string_view cipher, const Ask& ask) {
    for (const auto& [name, opinion] : known_) {
      if (name == cipher) return opinion;
    }
    const Opinion opinion = ask(cipher);
    if (cipher.size() > kLongest) return opinion;
    if (known_.size() < kMost) known_.emplace_back();
    known_[next_++ % kMost] = {std::string(cipher), opinion};
    return opinion;
  }

 private:
  static constexpr std::size_t kMost = 8;
  static constexpr std::size_t kLongest = 64;

  std::vector<std::pair<std::string, Opinion>> known_;
  std::size_t next_ = 0;
};

/// The first message of that kind; nullptr if there is none.
inline const TlsMessage* message_of(const TlsSession& session, Direction from,
                                    std::string_view message) {
  for (const TlsMessage& each : session.messages) {
    if (each.from == from && each.message == message) return &each;
  }
  return nullptr;
}
/// Its packet; 0 if there is none.
inline std::uint64_t packet_of(const TlsSession& session, Direction from,
                               std::string_view message) {
  const TlsMessage* found = message_of(session, from, message);
  return found != nullptr ? found->packet : 0;
}
inline std::uint64_t packet_of_server_hello(const TlsSession& session) {
  return packet_of(session, Direction::from_server, "server_hello");
}

/// The description says that the peer's certificate is not accepted.
inline bool is_about_certificate(std::string_view description) {
  constexpr std::string_view kSuch[] = {"bad_certificate",     "unsupported_certificate",
                                        "certificate_revoked", "certificate_expired",
                                        "certificate_unknown", "unknown_ca"};
  return std::find(std::begin(kSuch), std::end(kSuch), description) != std::end(kSuch);
}

/// How often each of a few names came: "TLS_RSA_WITH_RC4_128_SHA (3)".
class Names {
 public:
  void count(std::string_view name) {
    for (auto& [known, times] : names_) {
      if (known != name) continue;
      ++times;
      return;
    }
    if (names_.size() < kMost) {
      names_.emplace_back(name.substr(0, kLongest), 1);
    } else {
      more_ = true;
    }
  }
  std::string text() const {
    std::string out;
    for (const auto& [name, times] : names_) {
      if (!out.empty()) out += ", ";
      out += names_.size() == 1 ? name : fmt::format("{} ({})", name, count_text(times));
    }
    return more_ ? out + " and others" : out;
  }

 private:
  static constexpr std::size_t kMost = 4;
  static constexpr std::size_t kLongest = 64;

  std::vector<std::pair<std::string, std::uint64_t>> names_;
  bool more_ = false;
};

}  // namespace wirelens::tls
