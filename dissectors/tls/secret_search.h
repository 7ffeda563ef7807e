// tls/secret_search.h - whose keys open a record, when nobody saw the handshake that says so.
//
// A key log names sessions by their ClientHello. Where that is missing, records are opened on trial
// with the traffic secrets of all sessions of TLS 1.3: authentication leaves no doubt. Up to TLS
// 1.2 keys also need the ServerHello's random, which no log has, so those stay shut.
//
// A trial with AES-GCM finds the record's number, too, and costs a few microseconds; ChaCha20 and
// CCM have to try numbers. What may be spent is bounded by connection and, since a session from
// before the capture shows up early in it, by the number of the packet: all packets of a capture
// together pay for some hundred thousand trials, and for kFewest each.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "dissect/secrets.h"
#include "tls/decryption.h"
#include "tls/record_protection.h"

namespace wirelens::tls {

class SecretSearch {
 public:
  /// Trials for one side of a connection; with one record, at packet 1 and in the end. Quick and
  /// slow ones count for themselves.
  static constexpr std::uint64_t kMost = 8192;
  static constexpr std::uint64_t kAtFirst = 1u << 15;
  static constexpr std::uint64_t kFewest = 2;
  /// What trying numbers costs, in trials.
  static constexpr std::uint64_t kSlowTrial = 128;
  /// Rounds through all secrets, at a record each: the first ones may be under other keys (the
  /// handshake's).
  static constexpr unsigned kRounds = 8;

  SecretSearch(const Secrets& secrets, std::shared_ptr<Scratch> scratch)
      : secrets_(secrets), scratch_(std::move(scratch)) {}

  /// See Decryption. `packet`: the one that brought the record.
  std::optional<FoundKeys> find(Role from, const RecordHeader& header, Bytes fragment,
                                std::uint64_t packet);
  bool may_find(Role from) const;

 private:
  struct Walk {
    bool under_way = false;     // a round
    std::size_t left = 0;       // sessions in it
    std::size_t sessions = 0;   // that there were when the last one began
    unsigned rounds = 0;        // that are over
    std::uint64_t allowed = 0;  // so far
    std::uint64_t spent = 0;
  };
  struct Side {
    Walk quick;  // AES-GCM
    Walk slow;
  };

  std::optional<std::size_t> step(Walk& walk) const;
  std::optional<FoundKeys> try_session(Role from, Bytes random, bool slow,
                                       const RecordHeader& header, Bytes fragment);
  void settle(std::size_t session);
  Side& side(Role role) { return sides_[static_cast<std::size_t>(role)]; }
  const Side& side(Role role) const { return sides_[static_cast<std::size_t>(role)]; }

  const Secrets& secrets_;
  std::shared_ptr<Scratch> scratch_;
  std::array<Side, 2> sides_;
  std::optional<std::size_t> session_;  // the connection's, once a side has found it
  std::uint64_t tried_ = 0;
};

}  // namespace wirelens::tls
