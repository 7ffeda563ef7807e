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

/// The nonce under which AES-GCM sealed something, by what came out (NIST SP 800-38D section 7.1).
///
/// The tag is GHASH(associated, sealed) xor E(nonce | 1), and GHASH knows of no nonce: sealing the
/// same again under another one tells it, what is left is E(nonce | 1), and E can be turned round.
class NonceFinder {
 public:
  NonceFinder(const Suite& suite, const Secret& key)
      : gcm_(EVP_CIPHER_CTX_new()), block_(EVP_CIPHER_CTX_new()), key_(key) {
    gcm_cipher_ = find_cipher(suite.cipher);
    block_cipher_ = find_cipher(key.size() == 16 ? "AES-128-ECB" : "AES-256-ECB");
  }

  /// Nothing if it was not sealed with this key (but for one in 4 billion). `room` is as long as
  /// `sealed`.
  std::optional<Nonce> find(Bytes associated, Bytes sealed, std::uint8_t* room) {
    if (!gcm_ || !block_ || gcm_cipher_ == nullptr || block_cipher_ == nullptr) return std::nullopt;
    const Bytes hidden = sealed.first(sealed.size() - kBlock);
    std::array<std::uint8_t, kBlock> tag{};
    Block block{};
    block.back() = 1;
    const bool done = turn(hidden, room) && seal(associated, {room, hidden.size()}, room, tag) &&
                      crypt(block, true);
    for (std::size_t i = 0; done && i < kBlock; ++i) {
      block[i] ^= tag[i];
      block[i] ^= sealed[hidden.size() + i];
    }
    if (!done || !crypt(block, false)) {
      ERR_clear_error();
      return std::nullopt;
    }
    if (load_be32(block.data() + kNonce) != 1) return std::nullopt;
    Nonce nonce{};
    std::copy_n(block.begin(), kNonce, nonce.begin());
    return nonce;
  }

 private:
  static constexpr std::size_t kBlock = 16;
  using Block = std::array<std::uint8_t, kBlock>;

  /// What gives `hidden` when it is sealed under the nonce of zeros.
  bool turn(Bytes hidden, std::uint8_t* out) {
    int done = 0;
    return EVP_DecryptInit_ex2(gcm_.get(), gcm_cipher_, key_.bytes().data(), kZeros.data(),
                               nullptr) == 1 &&
           EVP_DecryptUpdate(gcm_.get(), out, &done, hidden.data(),
                             static_cast<int>(hidden.size())) == 1;
  }
  bool seal(Bytes associated, Bytes clear, std::uint8_t* out, Block& tag) {
    int done = 0;
    EVP_CIPHER_CTX* const gcm = gcm_.get();
    return EVP_EncryptInit_ex2(gcm, gcm_cipher_, key_.bytes().data(), kZeros.data(), nullptr) ==
               1 &&
           EVP_EncryptUpdate(gcm, nullptr, &done, associated.data(),
                             static_cast<int>(associated.size())) == 1 &&
           EVP_EncryptUpdate(gcm, out, &done, clear.data(), static_cast<int>(clear.size())) == 1 &&
           EVP_EncryptFinal_ex(gcm, out + done, &done) == 1 &&
           EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_GET_TAG, kBlock, tag.data()) == 1;
  }
  bool crypt(Block& block, bool encrypt) {
    int done = 0;
    return EVP_CipherInit_ex2(block_.get(), block_cipher_, key_.bytes().data(), nullptr,
                              encrypt ? 1 : 0, nullptr) == 1 &&
           EVP_CIPHER_CTX_set_padding(block_.get(), 0) == 1 &&
           EVP_CipherUpdate(block_.get(), block.data(), &done, block.data(), kBlock) == 1;
  }

  static constexpr Nonce kZeros{};

  OwnedCipherContext gcm_, block_;
  const EVP_CIPHER* gcm_cipher_ = nullptr;
  const EVP_CIPHER* block_cipher_ = nullptr;
  Secret key_;
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

/// RFC 8446 section 5.2: what is authenticated beside the content.
std::array<std::uint8_t, RecordHeader::kSize> associated_of(const RecordHeader& header) {
  return {static_cast<std::uint8_t>(header.type), static_cast<std::uint8_t>(header.version >> 8),
          static_cast<std::uint8_t>(header.version & 0xff),
          static_cast<std::uint8_t>(header.length >> 8),
          static_cast<std::uint8_t>(header.length & 0xff)};
}

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
    const auto associated = associated_of(header);
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
  /// Goes to the record that was sealed under this nonce. False: none of the session was.
  bool go_to(const Nonce& nonce) {
    if (!std::equal(fixed_.begin(), fixed_.begin() + kNonce - 8, nonce.begin())) return false;
    number_.go_to(load_be64(nonce.data() + kNonce - 8) ^ load_be64(fixed_.data() + kNonce - 8));
    return true;
  }
  /// The same, trying numbers.
  bool go_to(const RecordHeader& header, Bytes fragment) {
    const auto associated = associated_of(header);
    for (std::uint64_t number = 0; number < kFarthestStart; ++number) {
      if (!aead_->open(mixed(fixed_, number), associated, fragment, scratch_->data())) continue;
      number_.go_to(number);
      return true;
    }
    return false;
  }
  void missed(std::optional<std::uint64_t> records) override { number_.missed(records); }
  std::uint64_t number() const override { return number_.next(); }
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
  std::uint64_t number() const override { return number_.next(); }
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

std::unique_ptr<RecordProtection> protect_from(const Suite& suite, const Secret& secret,
                                               std::shared_ptr<Scratch> scratch,
                                               const RecordHeader& header, Bytes fragment) {
  if (!suite.is_aead() || secret.empty() || fragment.size() <= suite.tag) return nullptr;
  std::optional<Nonce> nonce;
  if (suite.mode == Mode::gcm) {
    const Secret key = expand_label(suite.hash, secret.bytes(), "key", {}, suite.key);
    nonce = NonceFinder(suite, key).find(associated_of(header), fragment, scratch->data());
    if (!nonce) return nullptr;  // nearly always: so nothing else has been derived yet
  }
  auto protection = std::make_unique<BySecret>(suite, secret, std::move(scratch));
  if (!protection->ok()) return nullptr;
  if (nonce ? !protection->go_to(*nonce) : !protection->go_to(header, fragment)) return nullptr;
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
