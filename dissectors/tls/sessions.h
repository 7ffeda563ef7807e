// tls/sessions.h - master secrets of sessions that may be resumed, by session id and by ticket.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/bytes.h"
#include "base/secret.h"

namespace wirelens::tls {

/// Needed where secrets come from a private key: a resumed handshake has no key exchange, so only
/// who saw the first one knows. Lies on the worker's shelf; with a private key there is one worker.
class Sessions {
 public:
  /// The oldest are forgotten first.
  static constexpr std::size_t kMost = 65'536;

  /// `name`: a session id or a ticket, told apart by their lengths and contents.
  void remember(Bytes name, const Secret& master);
  std::optional<Secret> find(Bytes name) const;

 private:
  static std::string key_of(Bytes name);

  std::unordered_map<std::string, Secret> masters_;  // by SHA-256
  std::deque<std::string> order_;
};

}  // namespace wirelens::tls
