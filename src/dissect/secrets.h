// dissect/secrets.h - what the user gave to read encrypted traffic with, and what the capture
// itself brings along.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "dissect/key_log.h"

struct evp_pkey_st;

namespace wirelens {

/// A server's private key (OpenSSL's EVP_PKEY), freed and wiped with its last owner.
using PrivateKey = std::shared_ptr<evp_pkey_st>;

/// One worker's view. What all workers share is only read.
class Secrets {
 public:
  Secrets() = default;
  /// `log`: secrets known from the start, may be nullptr. `growing`: more of them come while the
  /// run goes on, maybe a moment after the packets that need them.
  Secrets(std::shared_ptr<const KeyLog> log, std::vector<PrivateKey> keys, bool growing)
      : log_(std::move(log)), keys_(std::move(keys)), growing_(growing) {}

  /// More lines of a key log: from a pcapng's secrets block, or from a file that grows.
  void add(std::string_view text) { added_.add(text); }

  const Secret* find(SecretKind kind, Bytes by) const {
    const Secret* const found = log_ ? log_->find(kind, by) : nullptr;
    return found != nullptr ? found : added_.find(kind, by);
  }
  /// How many sessions of TLS 1.3 there are traffic secrets of, and the random of one of them. The
  /// order stays as it is when more come.
  std::size_t sessions() const { return logged_sessions().size() + added_.sessions().size(); }
  Bytes session(std::size_t nth) const {
    const auto logged = logged_sessions();
    return nth < logged.size() ? logged[nth] : added_.sessions()[nth - logged.size()];
  }
  /// For key exchange by RSA (up to TLS 1.2).
  std::span<const PrivateKey> keys() const { return keys_; }
  bool growing() const { return growing_; }
  /// Secrets that add() brought: when it has grown, who found none may look again.
  std::uint64_t learnt() const { return added_.tally().secrets; }
  /// There is nothing to decrypt anything with.
  bool empty() const {
    return keys_.empty() && !growing_ && added_.empty() && (!log_ || log_->empty());
  }

 private:
  std::span<const KeyLog::Random> logged_sessions() const {
    return log_ ? log_->sessions() : std::span<const KeyLog::Random>();
  }

  std::shared_ptr<const KeyLog> log_;
  std::vector<PrivateKey> keys_;
  bool growing_ = false;
  KeyLog added_;
};

}  // namespace wirelens
