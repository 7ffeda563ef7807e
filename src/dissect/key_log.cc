// dissect/key_log.cc - line after line.
#include "dissect/key_log.h"

#include <algorithm>
#include <optional>

#include "base/work.h"

namespace wirelens {
namespace {

struct Label {
  std::string_view name;
  SecretKind kind;
};
constexpr Label kLabels[] = {
    {"CLIENT_RANDOM", SecretKind::master},
    {"PMS_CLIENT_RANDOM", SecretKind::premaster},
    {"CLIENT_EARLY_TRAFFIC_SECRET", SecretKind::client_early},
    {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", SecretKind::client_handshake},
    {"SERVER_HANDSHAKE_TRAFFIC_SECRET", SecretKind::server_handshake},
    {"CLIENT_TRAFFIC_SECRET_0", SecretKind::client_traffic},
    {"SERVER_TRAFFIC_SECRET_0", SecretKind::server_traffic},
};
constexpr std::size_t kRandom = 32;
constexpr std::size_t kMasterSecret = 48;

int digit(char each) {
  if (each >= '0' && each <= '9') return each - '0';
  if (each >= 'a' && each <= 'f') return each - 'a' + 10;
  if (each >= 'A' && each <= 'F') return each - 'A' + 10;
  return -1;
}

/// Hexadecimal digits as bytes; nothing if they are none, or too many.
std::optional<Secret> bytes_of(std::string_view text) {
  if (text.empty() || text.size() % 2 != 0 || text.size() > 2 * Secret::kMost) return std::nullopt;
  std::optional<Secret> bytes(std::in_place);
  std::uint8_t* const out = bytes->resize(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out[i / 2] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return bytes;
}

std::string_view take_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return word;
}

/// RFC 9850 section 2: labels are upper-case letters, digits and underscores.
bool is_label(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char each) {
    return (each >= 'A' && each <= 'Z') || (each >= '0' && each <= '9') || each == '_';
  });
}

bool fits(SecretKind kind, std::size_t size) {
  if (kind == SecretKind::master) return size == kMasterSecret;
  if (kind == SecretKind::premaster) return size > 0;
  return size == 32 || size == 48;  // the suites' hashes: SHA-256 and SHA-384
}

}  // namespace

KeyLog::KeyLog(std::size_t most_secrets)
    : most_secrets_(most_secrets), table_(0, HashOf{HashKey::random()}) {}

void KeyLog::add(std::string_view text) {
  work(text.size());
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    add_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void KeyLog::add_line(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.empty() || line.front() == '#') {
    ++tally_.ignored;
    return;
  }
  if (line.size() > kLongestLine) {
    ++tally_.malformed;
    return;
  }
  const std::string_view name = take_word(line);
  const std::string_view first = take_word(line);
  const std::string_view second = take_word(line);
  if (!is_label(name) || first.empty() || second.empty() || !line.empty()) {
    ++tally_.malformed;
    return;
  }
  if (name == "RSA") {
    if (!add_rsa(first, second)) ++tally_.malformed;
    return;
  }
  const auto* const label = std::find_if(std::begin(kLabels), std::end(kLabels),
                                         [&](const Label& each) { return each.name == name; });
  if (label == std::end(kLabels)) {
    ++tally_.ignored;
    return;
  }
  const auto random = bytes_of(first);
  const auto secret = bytes_of(second);
  if (!random || random->size() != kRandom || !secret || !fits(label->kind, secret->size())) {
    ++tally_.malformed;
    return;
  }
  keep(label->kind, random->bytes(), secret->bytes());
}

/// "RSA <8 bytes> <premaster secret>" and "RSA Session-ID:<id> Master-Key:<master secret>".
bool KeyLog::add_rsa(std::string_view first, std::string_view second) {
  constexpr std::string_view kId = "Session-ID:", kMaster = "Master-Key:";
  const bool session = first.starts_with(kId) && second.starts_with(kMaster);
  const auto by = bytes_of(session ? first.substr(kId.size()) : first);
  const auto secret = bytes_of(session ? second.substr(kMaster.size()) : second);
  if (!by || !secret || secret->size() != kMasterSecret) return false;
  if (session ? by->size() > kRandom : by->size() != 8) return false;
  keep(session ? SecretKind::session : SecretKind::encrypted_premaster, by->bytes(),
       secret->bytes());
  return true;
}

KeyLog::Key KeyLog::key_of(SecretKind kind, Bytes by) {
  Key key{kind, static_cast<std::uint8_t>(by.size()), {}};
  std::copy(by.begin(), by.end(), key.by.begin());
  return key;
}

void KeyLog::keep(SecretKind kind, Bytes by, Bytes secret) {
  const Key key = key_of(kind, by);
  if (table_.contains(key)) {
    ++tally_.repeated;
  } else if (table_.size() >= most_secrets_) {
    ++tally_.left_out;
  } else {
    table_.try_emplace(key, secret);
    ++tally_.secrets;
    using enum SecretKind;
    const bool traffic = kind == client_traffic || kind == server_traffic;
    const SecretKind peers = kind == client_traffic ? server_traffic : client_traffic;
    if (traffic && !find(peers, by)) sessions_.push_back(key.by);
  }
}

const Secret* KeyLog::find(SecretKind kind, Bytes by) const {
  if (kind == SecretKind::encrypted_premaster) by = by.first(std::min<std::size_t>(by.size(), 8));
  if (by.size() > sizeof Key::by) return nullptr;
  const auto found = table_.find(key_of(kind, by));
  return found == table_.end() ? nullptr : &found->second;
}

}  // namespace wirelens
