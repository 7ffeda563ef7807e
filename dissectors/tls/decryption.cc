// tls/decryption.cc - from what the user gave to the keys of one connection's records.
#include "tls/decryption.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <vector>

#include "dissect/secrets.h"
#include "dissect/shelf.h"
#include "tls/key_schedule.h"
#include "tls/openssl.h"
#include "tls/record_protection.h"
#include "tls/secret_search.h"
#include "tls/sessions.h"

namespace wirelens::tls {
namespace {

/// Handshake messages that are kept for the extended master secret, up to ClientKeyExchange.
constexpr std::size_t kLongestTranscript = 256u << 10;

/// The session id in a hello: behind the header, the version and the random.
Bytes session_id_of(Bytes hello) {
  ByteReader reader(hello);
  reader.skip(4 + 2 + 32);
  return reader.take(reader.u8());
}

/// The session ticket that a ClientHello offers (RFC 5077 section 3.2); empty: none.
Bytes ticket_of(Bytes client_hello) {
  ByteReader reader(client_hello);
  reader.skip(4 + 2 + 32);
  reader.skip(reader.u8());
  reader.skip(reader.u16());
  reader.skip(reader.u8());
  reader.skip(2);
  constexpr unsigned kSessionTicket = 35;
  while (reader.ok() && reader.left() >= 4) {
    const unsigned type = reader.u16();
    const Bytes content = reader.take(reader.u16());
    if (type == kSessionTicket) return content;
  }
  return {};
}

/// The premaster secret that `key` finds in what the client encrypted (RFC 5246 section 7.4.7.1).
std::optional<Secret> decrypt_premaster(EVP_PKEY* key, Bytes encrypted) {
  const OwnedKeyContext context(EVP_PKEY_CTX_new(key, nullptr));
  std::array<std::uint8_t, 2048> plain{};
  std::size_t size = plain.size();
  const bool done =
      context && EVP_PKEY_decrypt_init(context.get()) == 1 &&
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
      EVP_PKEY_get_size(key) <= static_cast<int>(plain.size()) &&
      EVP_PKEY_decrypt(context.get(), plain.data(), &size, encrypted.data(), encrypted.size()) == 1;
  std::optional<Secret> premaster;
  if (done && size == kMasterSecret && plain[0] == 3) premaster.emplace(Bytes(plain).first(size));
  wipe(plain.data(), plain.size());
  ERR_clear_error();
  return premaster;
}

/// Early data comes before the ServerHello names a suite: the first record tells which of those
/// that fit the secret it is.
class Guess final : public RecordProtection {
 public:
  Guess(const Secret& secret, const std::shared_ptr<Scratch>& scratch) {
    for (const std::string_view name :
         {"TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_256_GCM_SHA384",
          "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"}) {
      const auto suite = suite_of(name);
      const std::size_t hash = std::string_view(suite->hash) == "SHA384" ? 48 : 32;
      if (secret.size() != hash) continue;
      if (auto each = protect_by_secret(*suite, secret, scratch)) {
        candidates_.push_back(std::move(each));
      }
    }
  }

  std::optional<Opened> open(const RecordHeader& header, Bytes fragment) override {
    for (auto& each : candidates_) {
      const auto opened = each->open(header, fragment);
      if (!opened) continue;
      std::swap(candidates_.front(), each);
      candidates_.resize(1);
      return opened;
    }
    return std::nullopt;
  }
  void missed(std::optional<std::uint64_t> records) override {
    for (const auto& each : candidates_) each->missed(records);
  }
  std::uint64_t number() const override {
    return candidates_.empty() ? 0 : candidates_.front()->number();
  }
  std::size_t content_size(std::size_t length) const override {
    return candidates_.empty() ? 0 : candidates_.front()->content_size(length);
  }

 private:
  std::vector<std::unique_ptr<RecordProtection>> candidates_;
};

class KeyedDecryption final : public Decryption {
 public:
  KeyedDecryption(const Secrets& secrets, Shelf* shelf) : secrets_(secrets) {
    if (shelf != nullptr) {
      scratch_ = shelf->of<std::shared_ptr<Scratch>>(
          [] { return std::make_unique<std::shared_ptr<Scratch>>(std::make_shared<Scratch>()); });
      if (!secrets.keys().empty()) sessions_ = &shelf->of<Sessions>();
    } else {
      scratch_ = std::make_shared<Scratch>();
    }
    search_.emplace(secrets, scratch_);
  }

  void message(Role from, HandshakeType type, Bytes whole, const Agreement& agreement) override;
  std::unique_ptr<RecordProtection> protection(Role from, Epoch epoch,
                                               const Agreement& agreement) override;
  std::optional<FoundKeys> find(Role from, const RecordHeader& header, Bytes fragment,
                                std::uint64_t packet) override {
    return search_->find(from, header, fragment, packet);
  }
  bool may_find(Role from) const override { return search_->may_find(from); }
  bool may_learn() const override { return secrets_.growing(); }
  std::uint64_t learnt() const override { return secrets_.learnt(); }

 private:
  void take_key_exchange(Bytes whole, const Agreement& agreement);
  std::optional<Secret> premaster_of(Bytes encrypted) const;
  /// The master secret up to TLS 1.2, from wherever it can be had; empty: from nowhere.
  const Secret& master(const Agreement& agreement);
  Secret find_master(const Agreement& agreement) const;

  const Secrets& secrets_;
  Sessions* sessions_ = nullptr;  // nullptr: none are to be remembered
  std::shared_ptr<Scratch> scratch_;
  std::optional<SecretSearch> search_;
  std::vector<std::uint8_t> offered_id_, id_, ticket_;
  std::vector<std::uint8_t> transcript_;
  bool exchanged_ = false;  // ClientKeyExchange was seen
  Secret computed_;         // from this handshake's own key exchange
  Secret master_;
};

void KeyedDecryption::message(Role from, HandshakeType type, Bytes whole,
                              const Agreement& agreement) {
  const auto keep = [](Bytes bytes, std::vector<std::uint8_t>& into) {
    into.assign(bytes.begin(), bytes.end());
  };
  if (type == HandshakeType::client_hello && from == Role::client) {
    keep(session_id_of(whole), offered_id_);
    keep(ticket_of(whole), ticket_);
    id_.clear();
    transcript_.clear();
    exchanged_ = false;
    computed_ = {};
    master_ = {};
  }
  if (is_tls13(agreement.version)) {
    transcript_ = {};
    return;
  }
  if (type == HandshakeType::server_hello) keep(session_id_of(whole), id_);
  if (!exchanged_ && type != HandshakeType::hello_request &&
      transcript_.size() + whole.size() <= kLongestTranscript) {
    transcript_.insert(transcript_.end(), whole.begin(), whole.end());
  }
  if (type == HandshakeType::client_key_exchange && from == Role::client) {
    take_key_exchange(whole, agreement);
    exchanged_ = true;
    transcript_ = {};
  }
  if (type == HandshakeType::new_session_ticket && sessions_ != nullptr) {
    ByteReader ticket(whole);
    ticket.skip(4 + 4);
    sessions_->remember(ticket.take(ticket.u16()), master(agreement));
  }
}

void KeyedDecryption::take_key_exchange(Bytes whole, const Agreement& agreement) {
  const auto suite = suite_of(name_of_cipher(agreement.cipher));
  if (!suite) return;
  std::optional<Secret> premaster;
  if (const Secret* logged = secrets_.find(SecretKind::premaster, agreement.client_random)) {
    premaster = *logged;
  } else if (suite->key_exchange == "RSA") {
    ByteReader body(whole);
    body.skip(4);
    premaster = premaster_of(agreement.version > kSsl3 ? body.take(body.u16()) : body.rest());
  }
  if (!premaster) return;
  std::vector<std::uint8_t> seed;
  if (agreement.extended_master_secret) {
    const Secret hash = session_hash(agreement.version, suite->hash, transcript_);
    seed.assign(hash.bytes().begin(), hash.bytes().end());
  } else {
    seed.assign(agreement.client_random.begin(), agreement.client_random.end());
    seed.insert(seed.end(), agreement.server_random.begin(), agreement.server_random.end());
  }
  computed_ = master_secret(agreement.version, suite->hash, premaster->bytes(),
                            agreement.extended_master_secret, seed);
}

std::optional<Secret> KeyedDecryption::premaster_of(Bytes encrypted) const {
  if (const Secret* logged = secrets_.find(SecretKind::encrypted_premaster, encrypted)) {
    return *logged;
  }
  for (const PrivateKey& key : secrets_.keys()) {
    if (static_cast<std::size_t>(EVP_PKEY_get_size(key.get())) != encrypted.size()) continue;
    if (auto premaster = decrypt_premaster(key.get(), encrypted)) return premaster;
  }
  return std::nullopt;
}

Secret KeyedDecryption::find_master(const Agreement& agreement) const {
  if (const Secret* logged = secrets_.find(SecretKind::master, agreement.client_random)) {
    return *logged;
  }
  if (!computed_.empty()) return computed_;
  if (const Secret* logged = id_.empty() ? nullptr : secrets_.find(SecretKind::session, id_)) {
    return *logged;
  }
  if (sessions_ == nullptr || exchanged_) return {};
  if (id_ == offered_id_) {  // resumed; with a ticket the id is the client's invention
    if (auto known = sessions_->find(id_)) return *known;
  }
  return sessions_->find(ticket_).value_or(Secret());
}

const Secret& KeyedDecryption::master(const Agreement& agreement) {
  if (!master_.empty()) return master_;
  master_ = find_master(agreement);
  if (sessions_ != nullptr && !master_.empty()) sessions_->remember(id_, master_);
  return master_;
}

std::unique_ptr<RecordProtection> KeyedDecryption::protection(Role from, Epoch epoch,
                                                              const Agreement& agreement) {
  const bool client = from == Role::client;
  if (epoch == Epoch::early) {
    const Secret* secret = secrets_.find(SecretKind::client_early, agreement.client_random);
    return secret == nullptr ? nullptr : std::make_unique<Guess>(*secret, scratch_);
  }
  const auto suite = suite_of(name_of_cipher(agreement.cipher));
  if (!suite) return nullptr;
  if (is_tls13(agreement.version)) {
    const SecretKind kind =
        epoch == Epoch::handshake
            ? (client ? SecretKind::client_handshake : SecretKind::server_handshake)
            : (client ? SecretKind::client_traffic : SecretKind::server_traffic);
    const Secret* secret = secrets_.find(kind, agreement.client_random);
    return secret == nullptr ? nullptr : protect_by_secret(*suite, *secret, scratch_);
  }
  if (agreement.compression != 0 || master(agreement).empty()) return nullptr;
  const DirectionKeys keys =
      direction_keys(agreement.version, *suite, master_.bytes(), agreement.client_random,
                     agreement.server_random, client);
  return protect_by_keys(agreement.version, *suite, keys, agreement.encrypt_then_mac, scratch_);
}

}  // namespace

std::unique_ptr<Decryption> begin_decryption(Context& context) {
  const DissectSettings& settings = context.settings();
  if (settings.secrets == nullptr || settings.secrets->empty()) return nullptr;
  return std::make_unique<KeyedDecryption>(*settings.secrets, settings.shelf);
}

}  // namespace wirelens::tls
