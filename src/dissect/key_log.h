// dissect/key_log.h - secrets of TLS connections, as clients and servers log them (RFC 9850, the
// SSLKEYLOGFILE format): one line each, a label, the ClientHello's random, the secret.
//
// Used by every protocol that TLS 1.3's handshake protects; so it lies below the dissectors.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/secret.h"

namespace wirelens {

enum class SecretKind : std::uint8_t {
  master,            ///< CLIENT_RANDOM: master secret up to TLS 1.2
  premaster,         ///< PMS_CLIENT_RANDOM
  client_early,      ///< CLIENT_EARLY_TRAFFIC_SECRET
  client_handshake,  ///< CLIENT_HANDSHAKE_TRAFFIC_SECRET
  server_handshake,  ///< SERVER_HANDSHAKE_TRAFFIC_SECRET
  client_traffic,    ///< CLIENT_TRAFFIC_SECRET_0
  server_traffic,    ///< SERVER_TRAFFIC_SECRET_0
  // Found by other things than the ClientHello's random:
  encrypted_premaster,  ///< RSA: by the first 8 bytes of the encrypted premaster secret
  session,              ///< RSA Session-ID: the master secret by the session's id
};

/// A table of secrets. Bounded: what finds no room is counted.
class KeyLog {
 public:
  /// About 160 bytes each.
  static constexpr std::size_t kMostSecrets = std::size_t{1} << 20;
  /// Of a line that is looked at; the longest that anybody writes has 200.
  static constexpr std::size_t kLongestLine = 1024;

  /// What the lines were.
  struct Tally {
    std::uint64_t secrets = 0;    ///< kept
    std::uint64_t repeated = 0;   ///< known already; the first one stays
    std::uint64_t ignored = 0;    ///< labels for others (exporters, ECH), empty lines, remarks
    std::uint64_t malformed = 0;  ///< no lines of a key log
    std::uint64_t left_out = 0;   ///< no room
  };

  explicit KeyLog(std::size_t most_secrets = kMostSecrets);

  /// Takes whole lines; the last may lack its end. Any bytes.
  void add(std::string_view text);

  /// The secret of this kind that belongs to `by`; nullptr if there is none. Stays where it is.
  const Secret* find(SecretKind kind, Bytes by) const;
  /// The ClientHellos' randoms of all sessions whose traffic secrets are known, in the log's order.
  using Random = std::array<std::uint8_t, 32>;
  std::span<const Random> sessions() const { return sessions_; }
  bool empty() const { return table_.empty(); }
  const Tally& tally() const { return tally_; }

 private:
  struct Key {
    SecretKind kind;
    std::uint8_t size;
    std::array<std::uint8_t, 32> by;

    friend bool operator==(const Key&, const Key&) = default;
  };
  struct HashOf {
    HashKey key;
    std::size_t operator()(const Key& of) const {
      return siphash13(key, Bytes(reinterpret_cast<const std::uint8_t*>(&of), sizeof of));
    }
  };

  static Key key_of(SecretKind kind, Bytes by);
  void add_line(std::string_view line);
  bool add_rsa(std::string_view first, std::string_view second);
  void keep(SecretKind kind, Bytes by, Bytes secret);

  std::size_t most_secrets_;
  Tally tally_;
  std::unordered_map<Key, Secret, HashOf> table_;
  std::vector<Random> sessions_;
};

}  // namespace wirelens
