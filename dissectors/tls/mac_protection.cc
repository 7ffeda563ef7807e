// tls/mac_protection.cc - records with a MAC: block ciphers (CBC), stream ciphers, and none.
//
//   MAC then encrypt   [IV] encrypt(content, MAC, padding)        the IV is sent from TLS 1.1 on
//   encrypt then MAC   [IV] encrypt(content, padding), MAC        RFC 7366
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include <algorithm>

#include "tls/crypto.h"
#include "tls/record_protection.h"

namespace wirelens::tls {
namespace {

constexpr std::size_t kMostMac = 48;

/// A record's MAC: HMAC, or what SSL 3.0 had before there was one.
class Mac {
 public:
  Mac(std::uint16_t version, const char* digest, const Secret& key)
      : version_(version),
        digest_(find_digest(digest)),
        key_(key),
        hmac_(EVP_MAC_CTX_new(find_mac("HMAC"))),
        plain_(EVP_MD_CTX_new()) {
    if (digest_ == nullptr || !hmac_ || !plain_) return;
    size_ = static_cast<std::size_t>(std::max(EVP_MD_get_size(digest_), 0));
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest), 0),
        OSSL_PARAM_construct_end()};
    ok_ = key.size() == size_ &&
          EVP_MAC_init(hmac_.get(), key.bytes().data(), key.size(), parameters) == 1;
  }

  bool ok() const { return ok_; }
  std::size_t size() const { return size_; }

  /// Whether `sent` is the MAC of `content` in the record of this number. `length` stands in for
  /// the record's in what is authenticated.
  bool fits(std::uint64_t number, const RecordHeader& header, Bytes content, Bytes sent) {
    std::array<std::uint8_t, 13> front{};
    for (std::size_t i = 0; i < 8; ++i)
      front[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
    front[8] = static_cast<std::uint8_t>(header.type);
    front[9] = static_cast<std::uint8_t>(header.version >> 8);
    front[10] = static_cast<std::uint8_t>(header.version & 0xff);
    front[11] = static_cast<std::uint8_t>(content.size() >> 8);
    front[12] = static_cast<std::uint8_t>(content.size() & 0xff);
    std::array<std::uint8_t, kMostMac> mine{};
    const bool made =
        version_ > kSsl3 ? hmac(front, content, mine.data()) : ssl3(front, content, mine.data());
    return made && sent.size() == size_ && CRYPTO_memcmp(mine.data(), sent.data(), size_) == 0;
  }

 private:
  bool hmac(Bytes front, Bytes content, std::uint8_t* out) {
    std::size_t size = 0;
    return EVP_MAC_init(hmac_.get(), nullptr, 0, nullptr) == 1 &&
           EVP_MAC_update(hmac_.get(), front.data(), front.size()) == 1 &&
           EVP_MAC_update(hmac_.get(), content.data(), content.size()) == 1 &&
           EVP_MAC_final(hmac_.get(), out, &size, kMostMac) == 1;
  }
  /// hash(key + pad_2 + hash(key + pad_1 + number + type + length + content))
  bool ssl3(Bytes front, Bytes content, std::uint8_t* out) {
    const std::size_t pad = size_ == 16 ? 48 : 40;
    std::array<std::uint8_t, 48> pad1{}, pad2{};
    pad1.fill(0x36);
    pad2.fill(0x5c);
    const Bytes key = key_.bytes();
    return hash({key, Bytes(pad1).first(pad), front.first(9), front.subspan(11), content}, out) &&
           hash({key, Bytes(pad2).first(pad), Bytes(out, size_)}, out);
  }
  bool hash(std::initializer_list<Bytes> parts, std::uint8_t* out) {
    bool ok = EVP_DigestInit_ex2(plain_.get(), digest_, nullptr) == 1;
    for (const Bytes part : parts) {
      ok = ok && EVP_DigestUpdate(plain_.get(), part.data(), part.size()) == 1;
    }
    return ok && EVP_DigestFinal_ex(plain_.get(), out, nullptr) == 1;
  }

  std::uint16_t version_;
  const EVP_MD* digest_;
  Secret key_;
  OwnedMacContext hmac_;
  OwnedDigestContext plain_;
  std::size_t size_ = 0;
  bool ok_ = false;
};

/// What the classes below share: a MAC and the number that goes into it.
class ByMac : public RecordProtection {
 public:
  ByMac(std::uint16_t version, const Suite& suite, const DirectionKeys& keys,
        std::shared_ptr<Scratch> scratch)
      : version_(version), mac_(version, suite.mac, keys.mac), scratch_(std::move(scratch)) {}

  void missed(std::optional<std::uint64_t> records) override { number_.missed(records); }
  std::uint64_t number() const override { return number_.next(); }

 protected:
  /// `content` and its MAC behind it.
  std::optional<Opened> check(const RecordHeader& header, Bytes content, Bytes sent) {
    const bool authentic = number_.find(
        [&](std::uint64_t number) { return mac_.fits(number, header, content, sent); });
    if (!authentic) return std::nullopt;
    return Opened{header.type, content};
  }

  std::uint16_t version_;
  Mac mac_;
  std::shared_ptr<Scratch> scratch_;
  SequenceNumber number_;
};

// ---- block ciphers
// ----------------------------------------------------------------------------------------------

class Block final : public ByMac {
 public:
  Block(std::uint16_t version, const Suite& suite, const DirectionKeys& keys, bool encrypt_then_mac,
        std::shared_ptr<Scratch> scratch)
      : ByMac(version, suite, keys, std::move(scratch)),
        context_(EVP_CIPHER_CTX_new()),
        block_(suite.block),
        sends_iv_(version > kTls10),
        mac_last_(encrypt_then_mac) {
    const EVP_CIPHER* cipher = find_cipher(suite.cipher);
    std::copy_n(keys.iv.bytes().begin(), std::min(keys.iv.size(), iv_.size()), iv_.begin());
    ok_ = mac_.ok() && context_ && cipher != nullptr && keys.key.size() == suite.key &&
          EVP_DecryptInit_ex2(context_.get(), cipher, keys.key.bytes().data(), iv_.data(),
                              nullptr) == 1 &&
          EVP_CIPHER_CTX_set_padding(context_.get(), 0) == 1;
  }

  bool ok() const { return ok_; }

  std::optional<Opened> open(const RecordHeader& header, Bytes fragment) override {
    Bytes sent;  // the MAC behind the ciphertext
    if (mac_last_) {
      if (fragment.size() < mac_.size()) return std::nullopt;
      sent = fragment.last(mac_.size());
      fragment = fragment.first(fragment.size() - mac_.size());
    }
    Bytes hidden = fragment;
    Iv iv = iv_;
    if (sends_iv_) {
      if (hidden.size() < block_) return std::nullopt;
      std::copy_n(hidden.begin(), block_, iv.begin());
      hidden = hidden.subspan(block_);
    }
    if (hidden.empty() || hidden.size() % block_ != 0) return std::nullopt;
    if (!sends_iv_) std::copy_n(hidden.last(block_).begin(), block_, iv_.begin());
    if (iv_lost_ && !sends_iv_) {  // the record before was not seen: only the next can be read
      iv_lost_ = false;
      number_.skip();
      return std::nullopt;
    }
    if (mac_last_ && !check(header, fragment, sent)) return std::nullopt;
    const auto plain = decrypt(hidden, iv);
    if (!plain) return std::nullopt;
    if (mac_last_) return Opened{header.type, *plain};
    if (plain->size() < mac_.size()) return std::nullopt;
    return check(header, plain->first(plain->size() - mac_.size()), plain->last(mac_.size()));
  }
  void missed(std::optional<std::uint64_t> records) override {
    ByMac::missed(records);
    iv_lost_ = true;
  }
  std::size_t content_size(std::size_t length) const override {
    const std::size_t overhead = mac_.size() + (sends_iv_ ? block_ : 0) + 1;
    return length > overhead ? length - overhead : 0;
  }

 private:
  using Iv = std::array<std::uint8_t, 16>;

  /// Without its padding; nothing if the padding is wrong.
  std::optional<Bytes> decrypt(Bytes hidden, const Iv& iv) {
    int done = 0;
    const bool ok =
        EVP_DecryptInit_ex2(context_.get(), nullptr, nullptr, iv.data(), nullptr) == 1 &&
        EVP_DecryptUpdate(context_.get(), scratch_->data(), &done, hidden.data(),
                          static_cast<int>(hidden.size())) == 1;
    if (!ok) {
      ERR_clear_error();
      return std::nullopt;
    }
    const Bytes padded(scratch_->data(), hidden.size());
    const std::size_t padding = padded.back() + std::size_t{1};
    if (padding > padded.size()) return std::nullopt;
    const Bytes tail = padded.last(padding);
    const bool right =
        version_ <= kSsl3
            ? padding <= block_
            : std::all_of(tail.begin(), tail.end(), [&](auto each) { return each == tail.back(); });
    if (!right) return std::nullopt;
    return padded.first(padded.size() - padding);
  }

  OwnedCipherContext context_;
  std::size_t block_;
  bool sends_iv_;
  bool mac_last_;
  bool iv_lost_ = false;
  bool ok_ = false;
  Iv iv_{};
};

// ---- stream ciphers, and none
// ----------------------------------------------------------------------------------------------

class Stream final : public ByMac {
 public:
  Stream(std::uint16_t version, const Suite& suite, const DirectionKeys& keys,
         std::shared_ptr<Scratch> scratch)
      : ByMac(version, suite, keys, std::move(scratch)), ok_(mac_.ok()) {
    if (suite.mode == Mode::null) return;
    context_.reset(EVP_CIPHER_CTX_new());
    const EVP_CIPHER* cipher = find_cipher(suite.cipher);
    ok_ =
        ok_ && context_ && cipher != nullptr && keys.key.size() == suite.key &&
        EVP_DecryptInit_ex2(context_.get(), cipher, keys.key.bytes().data(), nullptr, nullptr) == 1;
  }

  bool ok() const { return ok_; }

  std::optional<Opened> open(const RecordHeader& header, Bytes fragment) override {
    if (out_of_step_ || fragment.size() < mac_.size()) return std::nullopt;
    Bytes plain = fragment;
    if (context_) {
      int done = 0;
      if (EVP_DecryptUpdate(context_.get(), scratch_->data(), &done, fragment.data(),
                            static_cast<int>(fragment.size())) != 1) {
        return std::nullopt;
      }
      plain = {scratch_->data(), fragment.size()};
    }
    return check(header, plain.first(plain.size() - mac_.size()), plain.last(mac_.size()));
  }
  /// Nobody knows how much of the key stream the missing records took.
  void missed(std::optional<std::uint64_t> records) override {
    ByMac::missed(records);
    out_of_step_ = context_ != nullptr;
  }
  std::size_t content_size(std::size_t length) const override {
    return length > mac_.size() ? length - mac_.size() : 0;
  }

 private:
  OwnedCipherContext context_;  // nullptr: nothing is encrypted
  bool out_of_step_ = false;
  bool ok_;
};

}  // namespace

std::unique_ptr<RecordProtection> protect_by_mac(std::uint16_t version, const Suite& suite,
                                                 const DirectionKeys& keys, bool encrypt_then_mac,
                                                 std::shared_ptr<Scratch> scratch) {
  if (suite.mac == nullptr || suite.key_exchange.find("EXPORT") != std::string_view::npos) {
    return nullptr;
  }
  if (suite.mode == Mode::block) {
    auto block =
        std::make_unique<Block>(version, suite, keys, encrypt_then_mac, std::move(scratch));
    if (!block->ok()) return nullptr;
    return block;
  }
  auto stream = std::make_unique<Stream>(version, suite, keys, std::move(scratch));
  if (!stream->ok()) return nullptr;
  return stream;
}

}  // namespace wirelens::tls
