// tls/record_protection.cc - AEADs: TLS 1.3, and those of TLS 1.2.
#include "tls/record_protection.h"

#include <openssl/err.h>

#include <algorithm>

#include "tls/crypto.h"

namespace wirelens::tls {
namespace {

constexpr std::size_t kNonce = 12;
using Nonce = std::array<std::uint8_t, kNonce>;

void store_be64(std::uint64_t value, std::uint8_t* out) {
  for (int shift = 56; shift >= 0; shift -= 8) *out++ = static_cast<std::uint8_t>(value >> shift);
}

/// An AEAD under one key.
class Aead {
 public:
  Aead(const Suite& suite, const Secret& key)
      : context_(EVP_CIPHER_CTX_new()), tag_(suite.tag), is_ccm_(suite.mode == Mode::ccm) {
    const EVP_CIPHER* cipher = find_cipher(suite.cipher);
    EVP_CIPHER_CTX* const context = context_.get();
    ok_ = context != nullptr && cipher != nullptr && key.size() == suite.key &&
          EVP_DecryptInit_ex2(context, cipher, nullptr, nullptr, nullptr) == 1 &&
          EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, kNonce, nullptr) == 1 &&
          (!is_ccm_ || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_, nullptr) == 1) &&
          EVP_DecryptInit_ex2(context, nullptr, key.bytes().data(), nullptr, nullptr) == 1;
  }

  bool ok() const { return ok_; }
  std::size_t tag() const { return static_cast<std::size_t>(tag_); }

  /// `sealed` ends with the tag and is no shorter; writes what it hides to `out`.
  bool open(const Nonce& nonce, Bytes associated, Bytes sealed, std::uint8_t* out) {
    EVP_CIPHER_CTX* const context = context_.get();
    const Bytes hidden = sealed.first(sealed.size() - tag());
    auto* const tag_bytes = const_cast<std::uint8_t*>(sealed.last(tag()).data());
    const int size = static_cast<int>(hidden.size());
    int done = 0;
    bool ok = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_, tag_bytes) == 1 &&
              EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1;
    if (is_ccm_) ok = ok && EVP_DecryptUpdate(context, nullptr, &done, nullptr, size) == 1;
    ok = ok &&
         EVP_DecryptUpdate(context, nullptr, &done, associated.data(),
                           static_cast<int>(associated.size())) == 1 &&
         EVP_DecryptUpdate(context, out, &done, hidden.data(), size) == 1;
    if (!is_ccm_) ok = ok && EVP_DecryptFinal_ex(context, out + done, &done) == 1;
    if (!ok) ERR_clear_error();
    return ok;
  }

 private:
  OwnedCipherContext context_;
  int tag_;
  bool is_ccm_;
  bool ok_ = false;
};

/// The fixed part of a nonce, with the record's number mixed in (RFC 8446 section 5.3).
Nonce mixed(const Nonce& fixed, std::uint64_t number) {
  Nonce nonce{};
  store_be64(number, nonce.data() + kNonce - 8);
  for (std::size_t i = 0; i < kNonce; ++i) nonce[i] ^= fixed[i];
  return nonce;
}

Nonce nonce_of(const Secret& iv) {
  Nonce nonce{};
  std::copy_n(iv.bytes().begin(), std::min(iv.size(), kNonce), nonce.begin());
  return nonce;
}

// ---- TLS 1.3
// ----------------------------------------------------------------------------------------------

class BySecret final : public RecordProtection {
 public:
  BySecret(const Suite& suite, const Secret& secret, std::shared_ptr<Scratch> scratch)
      : suite_(suite), scratch_(std::move(scratch)) {
    take(secret);
  }

  bool ok() const { return aead_ && aead_->ok(); }

  std::optional<Opened> open(const RecordHeader& header, Bytes fragment) override {
    if (header.type != ContentType::application_data || fragment.size() <= aead_->tag()) {
      return std::nullopt;
    }
    const std::uint8_t associated[] = {static_cast<std::uint8_t>(header.type),
                                       static_cast<std::uint8_t>(header.version >> 8),
                                       static_cast<std::uint8_t>(header.version & 0xff),
                                       static_cast<std::uint8_t>(header.length >> 8),
                                       static_cast<std::uint8_t>(header.length & 0xff)};
    const bool authentic = number_.find([&](std::uint64_t number) {
      return aead_->open(mixed(fixed_, number), associated, fragment, scratch_->data());
    });
    if (!authentic) return std::nullopt;
    Bytes content(scratch_->data(), fragment.size() - aead_->tag());
    while (!content.empty() && content.back() == 0) content = content.first(content.size() - 1);
    if (content.empty()) return std::nullopt;  // it has no type
    const auto type = static_cast<ContentType>(content.back());
    return Opened{type, content.first(content.size() - 1)};
  }
  void missed(std::optional<std::uint64_t> records) override { number_.missed(records); }
  bool update() override {
    return take(expand_label(suite_.hash, secret_.bytes(), "traffic upd", {}, secret_.size()));
  }
  std::size_t content_size(std::size_t length) const override {
    const std::size_t overhead = aead_->tag() + 1;
    return length > overhead ? length - overhead : 0;
  }

 private:
  bool take(const Secret& secret) {
    secret_ = secret;
    const Secret key = expand_label(suite_.hash, secret.bytes(), "key", {}, suite_.key);
    const Secret iv = expand_label(suite_.hash, secret.bytes(), "iv", {}, kNonce);
    aead_.emplace(suite_, key);
    fixed_ = nonce_of(iv);
    number_.restart();
    return aead_->ok() && iv.size() == kNonce;
  }

  Suite suite_;
  std::shared_ptr<Scratch> scratch_;
  Secret secret_;
  std::optional<Aead> aead_;
  Nonce fixed_{};
  SequenceNumber number_;
};

// ---- TLS 1.2
// ----------------------------------------------------------------------------------------------

class ByAead final : public RecordProtection {
 public:
  ByAead(const Suite& suite, const DirectionKeys& keys, std::shared_ptr<Scratch> scratch)
      : aead_(suite, keys.key),
        fixed_(nonce_of(keys.iv)),
        explicit_(suite.mode == Mode::chacha20_poly1305 ? 0 : 8),
        scratch_(std::move(scratch)) {}

  bool ok() const { return aead_.ok(); }

  std::optional<Opened> open(const RecordHeader& header, Bytes fragment) override {
    if (fragment.size() < explicit_ + aead_.tag()) return std::nullopt;
    const Bytes sent = fragment.first(explicit_);
    const Bytes sealed = fragment.subspan(explicit_);
    const std::size_t size = sealed.size() - aead_.tag();
    std::array<std::uint8_t, 13> associated{};
    associated[8] = static_cast<std::uint8_t>(header.type);
    associated[9] = static_cast<std::uint8_t>(header.version >> 8);
    associated[10] = static_cast<std::uint8_t>(header.version & 0xff);
    associated[11] = static_cast<std::uint8_t>(size >> 8);
    associated[12] = static_cast<std::uint8_t>(size & 0xff);
    const bool authentic = number_.find([&](std::uint64_t number) {
      store_be64(number, associated.data());
      Nonce nonce = fixed_;
      if (explicit_ == 0) {
        nonce = mixed(fixed_, number);
      } else {
        std::copy(sent.begin(), sent.end(), nonce.begin() + 4);
      }
      return aead_.open(nonce, associated, sealed, scratch_->data());
    });
    if (!authentic) return std::nullopt;
    return Opened{header.type, Bytes(scratch_->data(), size)};
  }
  void missed(std::optional<std::uint64_t> records) override { number_.missed(records); }
  std::size_t content_size(std::size_t length) const override {
    const std::size_t overhead = explicit_ + aead_.tag();
    return length > overhead ? length - overhead : 0;
  }

 private:
  Aead aead_;
  Nonce fixed_;
  std::size_t explicit_;  // bytes of the nonce that the record brings along
  std::shared_ptr<Scratch> scratch_;
  SequenceNumber number_;
};

}  // namespace

std::unique_ptr<RecordProtection> protect_by_secret(const Suite& suite, const Secret& secret,
                                                    std::shared_ptr<Scratch> scratch) {
  if (!suite.is_aead() || secret.empty()) return nullptr;
  auto protection = std::make_unique<BySecret>(suite, secret, std::move(scratch));
  if (!protection->ok()) return nullptr;
  return protection;
}

std::unique_ptr<RecordProtection> protect_by_keys(std::uint16_t version, const Suite& suite,
                                                  const DirectionKeys& keys, bool encrypt_then_mac,
                                                  std::shared_ptr<Scratch> scratch) {
  if (!suite.is_aead()) {
    return protect_by_mac(version, suite, keys, encrypt_then_mac, std::move(scratch));
  }
  auto protection = std::make_unique<ByAead>(suite, keys, std::move(scratch));
  if (!protection->ok()) return nullptr;
  return protection;
}

}  // namespace wirelens::tls
