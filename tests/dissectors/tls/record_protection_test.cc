// Records of every family of suites: sealed here by OpenSSL, opened there; and what must not open.
#include "tls/record_protection.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <random>
#include <string>

#include "dissectors/tls/hex.h"
#include "dissectors/tls/rfc8448.h"
#include "tls/crypto.h"

namespace wirelens::tls {
namespace {

using Buffer = std::vector<std::uint8_t>;

Buffer operator+(Buffer a, const Buffer& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
Buffer number(std::uint64_t value, int size) {
  Buffer out;
  for (int i = size - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  return out;
}
Buffer part(const Secret& secret) {
  return {secret.bytes().begin(), secret.bytes().end()};
}

/// Encrypts by a fresh context each time; `aad` for AEADs, whose tag comes behind.
Buffer encrypt(const Suite& suite, const Buffer& key, const Buffer& iv, const Buffer& aad,
               const Buffer& plain) {
  const OwnedCipherContext context(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX* const c = context.get();
  const EVP_CIPHER* cipher = find_cipher(suite.cipher);
  Buffer out(plain.size() + 64);
  int done = 0, size = static_cast<int>(plain.size());
  EXPECT_EQ(EVP_EncryptInit_ex2(c, cipher, nullptr, nullptr, nullptr), 1);
  if (suite.is_aead()) {
    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, 12, nullptr);
    if (suite.mode == Mode::ccm) EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, suite.tag, nullptr);
  }
  EXPECT_EQ(EVP_EncryptInit_ex2(c, nullptr, key.data(), iv.data(), nullptr), 1);
  EVP_CIPHER_CTX_set_padding(c, 0);
  if (suite.mode == Mode::ccm) EVP_EncryptUpdate(c, nullptr, &done, nullptr, size);
  if (suite.is_aead()) {
    EVP_EncryptUpdate(c, nullptr, &done, aad.data(), static_cast<int>(aad.size()));
  }
  // CCM without content still wants a place where it would lie: no place means the end.
  const std::uint8_t* const content = plain.empty() ? out.data() : plain.data();
  EXPECT_EQ(EVP_EncryptUpdate(c, out.data(), &done, content, size), 1);
  out.resize(plain.size());
  if (!suite.is_aead()) return out;
  int rest = 0;
  Buffer end(64), tag(suite.tag);
  EVP_EncryptFinal_ex(c, end.data(), &rest);
  EXPECT_EQ(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, suite.tag, tag.data()), 1);
  return out + tag;
}

/// The other end: seals records up to TLS 1.2.
class Sealer {
 public:
  Sealer(std::uint16_t version, const Suite& suite, const DirectionKeys& keys, bool mac_last)
      : version_(version), suite_(suite), keys_(keys), mac_last_(mac_last), iv_(part(keys.iv)) {
    if (suite.mode != Mode::stream) return;
    stream_.reset(EVP_CIPHER_CTX_new());
    EVP_EncryptInit_ex2(stream_.get(), find_cipher(suite.cipher), keys.key.bytes().data(), nullptr,
                        nullptr);
  }

  Buffer seal(const Buffer& content) {
    const std::uint64_t at = next_++;
    const Buffer front = number(at, 8) + number(23, 1) + number(version_, 2);
    const Buffer with_size = front + number(content.size(), 2);
    switch (suite_.mode) {
      case Mode::gcm:
      case Mode::ccm: {
        const Buffer sent = number(at + 0x1000, 8);
        return sent + encrypt(suite_, part(keys_.key), iv_ + sent, with_size, content);
      }
      case Mode::chacha20_poly1305: {
        Buffer nonce = number(0, 4) + number(at, 8);
        for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] ^= iv_[i];
        return encrypt(suite_, part(keys_.key), nonce, with_size, content);
      }
      case Mode::stream: {
        Buffer out = content + mac(at, content);
        int done = 0;
        EVP_EncryptUpdate(stream_.get(), out.data(), &done, out.data(),
                          static_cast<int>(out.size()));
        return out;
      }
      case Mode::null:
        return content + mac(at, content);
      case Mode::block:
        return seal_blocks(at, content);
    }
    return {};
  }

 private:
  Buffer seal_blocks(std::uint64_t at, const Buffer& content) {
    Buffer plain = mac_last_ ? content : content + mac(at, content);
    const std::size_t padding = suite_.block - plain.size() % suite_.block;
    plain.insert(plain.end(), padding, static_cast<std::uint8_t>(padding - 1));
    const bool sends_iv = version_ > kTls10;
    const Buffer iv = sends_iv ? Buffer(suite_.block, static_cast<std::uint8_t>(at)) : iv_;
    const Buffer hidden = encrypt(suite_, part(keys_.key), iv, {}, plain);
    iv_.assign(hidden.end() - suite_.block, hidden.end());
    const Buffer out = sends_iv ? iv + hidden : hidden;
    return mac_last_ ? out + mac(at, out) : out;
  }
  Buffer mac(std::uint64_t at, const Buffer& content) {
    const Buffer key = part(keys_.mac);
    const EVP_MD* digest = find_digest(suite_.mac);
    Buffer out(64);
    unsigned size = 0;
    if (version_ > kSsl3) {
      const Buffer all =
          number(at, 8) + number(23, 1) + number(version_, 2) + number(content.size(), 2) + content;
      HMAC(digest, key.data(), static_cast<int>(key.size()), all.data(), all.size(), out.data(),
           &size);
    } else {
      const std::size_t pad = key.size() == 16 ? 48 : 40;
      const Buffer inner = key + Buffer(pad, 0x36) + number(at, 8) + number(23, 1) +
                           number(content.size(), 2) + content;
      EVP_Digest(inner.data(), inner.size(), out.data(), &size, digest, nullptr);
      out.resize(size);
      const Buffer outer = key + Buffer(pad, 0x5c) + out;
      out.resize(64);
      EVP_Digest(outer.data(), outer.size(), out.data(), &size, digest, nullptr);
    }
    out.resize(size);
    return out;
  }

  std::uint16_t version_;
  Suite suite_;
  DirectionKeys keys_;
  bool mac_last_;
  Buffer iv_;
  OwnedCipherContext stream_;
  std::uint64_t next_ = 0;
};

struct Case {
  std::uint16_t version;
  const char* suite;
  bool encrypt_then_mac = false;
};
std::ostream& operator<<(std::ostream& out, const Case& each) {
  return out << std::hex << each.version << ' ' << each.suite
             << (each.encrypt_then_mac ? " encrypt then MAC" : "");
}

constexpr Case kCases[] = {
    {kSsl3, "TLS_RSA_WITH_RC4_128_MD5"},
    {kSsl3, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
    {kSsl3, "TLS_RSA_WITH_NULL_SHA"},
    {kTls10, "TLS_RSA_WITH_RC4_128_SHA"},
    {kTls10, "TLS_RSA_WITH_AES_128_CBC_SHA"},
    {kTls10, "TLS_RSA_WITH_AES_128_CBC_SHA", true},
    {kTls10, "TLS_RSA_WITH_DES_CBC_SHA"},
    {kTls10, "TLS_RSA_WITH_SEED_CBC_SHA"},
    {kTls11, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
    {kTls11, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA"},
    {kTls12, "TLS_RSA_WITH_AES_256_CBC_SHA256"},
    {kTls12, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"},
    {kTls12, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", true},
    {kTls12, "TLS_ECDHE_RSA_WITH_ARIA_128_CBC_SHA256", true},
    {kTls12, "TLS_RSA_WITH_NULL_SHA256"},
    {kTls12, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
    {kTls12, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
    {kTls12, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"},
    {kTls12, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8"},
    {kTls12, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
};

class Protection : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const auto suite = suite_of(GetParam().suite);
    ASSERT_TRUE(suite);
    const Buffer master(48, 7), client(32, 1), server(32, 2);
    const DirectionKeys keys =
        direction_keys(GetParam().version, *suite, master, client, server, true);
    sealer_ =
        std::make_unique<Sealer>(GetParam().version, *suite, keys, GetParam().encrypt_then_mac);
    protection_ = protect_by_keys(GetParam().version, *suite, keys, GetParam().encrypt_then_mac,
                                  std::make_shared<Scratch>());
    ASSERT_NE(protection_, nullptr);
    steps_on_ = suite->mode != Mode::stream;
    chained_ = suite->mode == Mode::block && GetParam().version <= kTls10;
  }
  std::optional<Buffer> open(const Buffer& fragment) {
    const RecordHeader header{ContentType::application_data, GetParam().version,
                              static_cast<std::uint16_t>(fragment.size())};
    const auto opened = protection_->open(header, fragment);
    if (!opened) return std::nullopt;
    EXPECT_EQ(opened->type, ContentType::application_data);
    return Buffer(opened->content.begin(), opened->content.end());
  }

  std::unique_ptr<Sealer> sealer_;
  std::unique_ptr<RecordProtection> protection_;
  bool steps_on_ = true;  // other records can be read behind one that is missing
  bool chained_ = false;  // but not the first
};

TEST_P(Protection, OpensWhatWasSealed) {
  std::mt19937 random(1);
  for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 100u, 1400u, 16384u}) {
    Buffer content(size);
    for (auto& each : content) each = static_cast<std::uint8_t>(random());
    const Buffer fragment = sealer_->seal(content);
    EXPECT_EQ(open(fragment), content) << size;
    EXPECT_LE(protection_->content_size(fragment.size()), fragment.size());
    EXPECT_GE(protection_->content_size(fragment.size()), content.size());
  }
}

TEST_P(Protection, RefusesWhatWasChanged) {
  const Buffer content(40, 'x');
  const Buffer whole = sealer_->seal(content);
  if (!steps_on_) return;  // a stream cipher goes on from where it is
  if (!chained_) {
    for (std::size_t at = 0; at < whole.size(); ++at) {
      Buffer changed = whole;
      changed[at] ^= 1;
      EXPECT_FALSE(open(changed)) << at;
    }
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(open(Buffer(whole.begin(), whole.begin() + static_cast<long>(size)))) << size;
    }
  }
  EXPECT_EQ(open(whole), content) << "what failed did not count";
  EXPECT_FALSE(open(whole)) << "a record counts once";
}

TEST_P(Protection, GoesOnBehindAHole) {
  const Buffer content(40, 'x');
  EXPECT_TRUE(open(sealer_->seal(content)));
  for (int i = 0; i < 3; ++i) sealer_->seal(content);
  protection_->missed(3);
  if (chained_) open(sealer_->seal(content));
  EXPECT_EQ(open(sealer_->seal(content)).has_value(), steps_on_);
  for (int i = 0; i < 40; ++i) sealer_->seal(content);
  protection_->missed(std::nullopt);
  if (chained_) open(sealer_->seal(content));
  EXPECT_EQ(open(sealer_->seal(content)).has_value(), steps_on_);
  for (unsigned i = 0; i < SequenceNumber::kFarthest + 5; ++i) sealer_->seal(content);
  protection_->missed(std::nullopt);
  for (int i = 0; i < 30; ++i) EXPECT_FALSE(open(sealer_->seal(content))) << "too far";
}

TEST_P(Protection, TakesAnyBytes) {
  std::mt19937 random(2);
  for (int i = 0; i < 500; ++i) {
    Buffer junk(random() % 300);
    for (auto& each : junk) each = static_cast<std::uint8_t>(random());
    EXPECT_FALSE(open(junk));
  }
}

INSTANTIATE_TEST_SUITE_P(Families, Protection, ::testing::ValuesIn(kCases));

/// A record of TLS 1.3.
Buffer seal13(const Suite& suite, const Secret& secret, std::uint64_t at, const Buffer& content,
              std::uint8_t type, std::size_t padding) {
  const Buffer key = part(expand_label(suite.hash, secret.bytes(), "key", {}, suite.key));
  Buffer nonce = number(0, 4) + number(at, 8);
  const Buffer iv = part(expand_label(suite.hash, secret.bytes(), "iv", {}, 12));
  for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] ^= iv[i];
  const Buffer plain = content + Buffer{type} + Buffer(padding, 0);
  const Buffer aad = number(23, 1) + number(0x0303, 2) + number(plain.size() + suite.tag, 2);
  return encrypt(suite, key, nonce, aad, plain);
}

class Protection13 : public ::testing::TestWithParam<const char*> {};

TEST_P(Protection13, OpensUpdatesAndRefuses) {
  const auto suite = suite_of(GetParam());
  ASSERT_TRUE(suite);
  const std::size_t size = std::string_view(suite->hash) == "SHA384" ? 48 : 32;
  Secret secret{Bytes(Buffer(size, 9))};
  const auto protection = protect_by_secret(*suite, secret, std::make_shared<Scratch>());
  ASSERT_NE(protection, nullptr);
  const auto open = [&](const Buffer& fragment) {
    return protection->open(
        {ContentType::application_data, 0x0303, static_cast<std::uint16_t>(fragment.size())},
        fragment);
  };
  for (int generation = 0; generation < 3; ++generation) {
    for (std::uint64_t at = 0; at < 3; ++at) {
      const Buffer content(at * 50, 'y');
      const Buffer fragment = seal13(*suite, secret, at, content, 22, at * 7);
      Buffer changed = fragment;
      changed.back() ^= 1;
      EXPECT_FALSE(open(changed));
      const auto opened = open(fragment);
      ASSERT_TRUE(opened) << generation << ' ' << at;
      EXPECT_EQ(opened->type, ContentType::handshake);
      EXPECT_EQ(Buffer(opened->content.begin(), opened->content.end()), content);
    }
    EXPECT_TRUE(protection->update());
    secret = expand_label(suite->hash, secret.bytes(), "traffic upd", {}, size);
  }
  EXPECT_FALSE(open(seal13(*suite, secret, 0, {}, 0, 5))) << "nothing but padding";
}

TEST_P(Protection13, IsTakenUpInTheMiddle) {
  const auto suite = suite_of(GetParam());
  const std::size_t size = std::string_view(suite->hash) == "SHA384" ? 48 : 32;
  const Secret secret{Bytes(Buffer(size, 9))}, other{Bytes(Buffer(size, 8))};
  const auto header_of = [](const Buffer& fragment) {
    return RecordHeader{ContentType::application_data, 0x0303,
                        static_cast<std::uint16_t>(fragment.size())};
  };
  const auto take_up = [&](const Secret& by, const Buffer& fragment) {
    return protect_from(*suite, by, std::make_shared<Scratch>(), header_of(fragment), fragment);
  };
  const bool anywhere = suite->mode == Mode::gcm;
  const std::uint64_t far = anywhere ? std::uint64_t{1} << 40 : kFarthestStart - 1;
  for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{1}, far}) {
    const Buffer content(at % 1000, 'z');
    const Buffer fragment = seal13(*suite, secret, at, content, 23, 3);
    const auto protection = take_up(secret, fragment);
    ASSERT_TRUE(protection) << at;
    const auto opened = protection->open(header_of(fragment), fragment);
    ASSERT_TRUE(opened) << at;
    EXPECT_EQ(Buffer(opened->content.begin(), opened->content.end()), content);
    const Buffer next = seal13(*suite, secret, at + 1, Buffer(7, 'n'), 23, 0);
    EXPECT_TRUE(protection->open(header_of(next), next)) << "goes on from there";
    EXPECT_FALSE(take_up(other, fragment));
    Buffer changed = fragment;
    changed[changed.size() / 2] ^= 1;
    EXPECT_FALSE(take_up(secret, changed));
    EXPECT_FALSE(take_up(secret, Buffer(suite->tag, 1)));
  }
  const Buffer beyond = seal13(*suite, secret, far + 1, {}, 23, 0);
  EXPECT_EQ(take_up(secret, beyond) != nullptr, anywhere);
}

INSTANTIATE_TEST_SUITE_P(Suites, Protection13,
                         ::testing::Values("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                           "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256",
                                           "TLS_AES_128_CCM_8_SHA256"));

TEST(Protections, ThatCannotBeAreNone) {
  const auto export_suite = suite_of("TLS_RSA_EXPORT_WITH_RC4_40_MD5");
  ASSERT_TRUE(export_suite);
  EXPECT_EQ(protect_by_keys(kTls10, *export_suite, {}, false, std::make_shared<Scratch>()),
            nullptr);
  const auto gcm = suite_of("TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(protect_by_secret(*gcm, Secret(), std::make_shared<Scratch>()), nullptr);
  EXPECT_EQ(protect_by_keys(kTls12, *gcm, {}, false, std::make_shared<Scratch>()), nullptr);
}

}  // namespace
}  // namespace wirelens::tls
