// support/tls_seal.h - the sending side of TLS 1.3 under keys that are known: makes records whose
// content a test chooses (RFC 8446 section 5.2, TLS_AES_128_GCM_SHA256).
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "tls/key_schedule.h"
#include "tls/openssl.h"

namespace wirelens::testing {

class TlsSeal {
 public:
  static constexpr std::size_t kTag = 16;

  /// `secret`: a traffic secret of 32 bytes.
  explicit TlsSeal(const Secret& secret) { take(secret); }

  /// The next record, header and all.
  std::string seal(std::uint8_t type, std::string_view content) {
    std::string inner(content);
    inner += static_cast<char>(type);
    const std::size_t length = inner.size() + kTag;
    std::string record = {23, 3, 3, static_cast<char>(length >> 8),
                          static_cast<char>(length & 255)};
    const std::string header = record;
    record.resize(header.size() + length);
    std::array<std::uint8_t, 12> nonce{};
    std::copy(iv_.bytes().begin(), iv_.bytes().end(), nonce.begin());
    for (std::size_t i = 0; i < 8; ++i) {
      nonce[11 - i] ^= static_cast<std::uint8_t>(number_ >> (8 * i));
    }
    ++number_;
    auto* const out = reinterpret_cast<std::uint8_t*>(record.data()) + header.size();
    EVP_CIPHER_CTX* const context = context_.get();
    int done = 0;
    EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nullptr, key_.bytes().data(), nonce.data());
    EVP_EncryptUpdate(context, nullptr, &done, as_bytes(header).data(), 5);
    EVP_EncryptUpdate(context, out, &done, as_bytes(inner).data(), static_cast<int>(inner.size()));
    EVP_EncryptFinal_ex(context, out + done, &done);
    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTag, out + inner.size());
    return record;
  }
  /// A record that is sent, and not seen.
  void skip() { ++number_; }
  /// The keys after these (RFC 8446 section 7.2).
  void update() { take(tls::expand_label("SHA256", secret_.bytes(), "traffic upd", {}, 32)); }

 private:
  void take(const Secret& secret) {
    secret_ = secret;
    key_ = tls::expand_label("SHA256", secret.bytes(), "key", {}, 16);
    iv_ = tls::expand_label("SHA256", secret.bytes(), "iv", {}, 12);
    number_ = 0;
  }

  tls::OwnedCipherContext context_{EVP_CIPHER_CTX_new()};
  Secret secret_, key_, iv_;
  std::uint64_t number_ = 0;
};

}  // namespace wirelens::testing
