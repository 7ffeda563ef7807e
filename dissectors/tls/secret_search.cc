// tls/secret_search.cc - session after session, as far as it may go at a record.
#include "tls/secret_search.h"

#include <algorithm>
#include <span>

#include "base/work.h"
#include "tls/names.h"
#include "tls/suite.h"

namespace wirelens::tls {
namespace {

constexpr std::uint16_t kByNonce[] = {0x1301, 0x1302};           // AES-GCM
constexpr std::uint16_t kByNumber[] = {0x1303, 0x1304, 0x1305};  // ChaCha20-Poly1305, AES-CCM

}  // namespace

bool SecretSearch::may_find(Role from) const {
  const std::size_t sessions = secrets_.sessions();
  const auto goes_on = [&](const Walk& walk) {
    return walk.spent + kSlowTrial <= kMost && (walk.rounds < kRounds || sessions > walk.sessions);
  };
  const Side& mine = side(from);
  return sessions > 0 && (goes_on(mine.quick) || goes_on(mine.slow));
}

std::optional<FoundKeys> SecretSearch::find(Role from, const RecordHeader& header, Bytes fragment,
                                            std::uint64_t packet) {
  Side& mine = side(from);
  const std::uint64_t may = std::max(kFewest, kAtFirst / std::max<std::uint64_t>(packet, 1));
  for (const bool slow : {false, true}) {
    Walk& walk = slow ? mine.slow : mine.quick;
    const std::uint64_t cost = slow ? kSlowTrial : 1;
    walk.allowed = std::min(walk.allowed + may, kMost);
    while (walk.spent + cost <= walk.allowed) {
      const auto nth = step(walk);
      if (!nth) break;
      walk.spent += cost;
      auto found = try_session(from, secrets_.session(*nth), slow, header, fragment);
      if (!found) continue;
      settle(*nth);
      found->tried = tried_;
      return found;
    }
  }
  return std::nullopt;
}

/// The session that is next, the newest one first; nothing at the end of a round.
std::optional<std::size_t> SecretSearch::step(Walk& walk) const {
  if (walk.left == 0 && walk.under_way) {
    walk.under_way = false;
    ++walk.rounds;
    return std::nullopt;
  }
  if (walk.left == 0) {
    walk.under_way = true;
    walk.sessions = secrets_.sessions();
    walk.left = session_ ? 1 : walk.sessions;
  }
  --walk.left;
  return session_ ? *session_ : walk.left;
}

/// The other side has only one to try, however many it has tried before.
void SecretSearch::settle(std::size_t session) {
  if (session_) return;
  session_ = session;
  sides_ = {};
}

std::optional<FoundKeys> SecretSearch::try_session(Role from, Bytes random, bool slow,
                                                   const RecordHeader& header, Bytes fragment) {
  const SecretKind kind =
      from == Role::client ? SecretKind::client_traffic : SecretKind::server_traffic;
  const Secret* const secret = secrets_.find(kind, random);
  if (secret == nullptr) return std::nullopt;
  ++tried_;
  work(slow ? kFarthestStart : 1);
  const std::span<const std::uint16_t> ciphers =
      slow ? std::span<const std::uint16_t>(kByNumber) : kByNonce;
  for (const std::uint16_t cipher : ciphers) {
    const auto suite = suite_of(name_of_cipher(cipher));
    const std::size_t hash = std::string_view(suite->hash) == "SHA384" ? 48 : 32;
    if (secret->size() != hash) continue;
    auto protection = protect_from(*suite, *secret, scratch_, header, fragment);
    if (protection) return FoundKeys{std::move(protection), cipher, 0};
  }
  return std::nullopt;
}

}  // namespace wirelens::tls
