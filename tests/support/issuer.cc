// support/issuer.cc - certificates by OpenSSL.
#include "support/issuer.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

namespace wirelens::testing {

tls::OwnedKey make_key(const std::string& kind, unsigned bits) {
  if (kind == "EC") return tls::OwnedKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  if (kind == "RSA") {
    return tls::OwnedKey(
        EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits)));
  }
  return tls::OwnedKey(EVP_PKEY_Q_keygen(nullptr, nullptr, kind.c_str()));
}

namespace {

void name(X509_NAME* into, const std::string& common) {
  const auto add = [&](const char* field, const std::string& text) {
    X509_NAME_add_entry_by_txt(into, field, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(text.data()),
                               static_cast<int>(text.size()), -1, 0);
  };
  add("O", "Wirelens");
  add("CN", common);
}

void extend(X509* x509, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  ASSERT_NE(extension, nullptr) << value;
  X509_add_ext(x509, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

Identity issue(const Wish& wish, const Identity* issuer, tls::OwnedKey key) {
  static int serial = 4711;
  Identity made{tls::OwnedX509(X509_new()), std::move(key)};
  X509* const x509 = made.x509.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
  ASN1_TIME_set(X509_getm_notBefore(x509), wish.not_before);
  ASN1_TIME_set(X509_getm_notAfter(x509), wish.not_after);
  name(X509_get_subject_name(x509), wish.name);
  X509* const by = issuer == nullptr ? x509 : issuer->x509.get();
  X509_set_issuer_name(x509, X509_get_subject_name(by));
  X509_set_pubkey(x509, made.key.get());
  extend(x509, by, NID_basic_constraints, wish.authority ? "critical,CA:TRUE" : "CA:FALSE");
  extend(x509, by, NID_subject_key_identifier, "hash");
  if (!wish.authority) extend(x509, by, NID_ext_key_usage, wish.usage);
  if (!wish.alternatives.empty()) extend(x509, by, NID_subject_alt_name, wish.alternatives);
  if (!wish.constraints.empty()) extend(x509, by, NID_name_constraints, wish.constraints);
  if (wish.tells_issuer) extend(x509, by, NID_info_access, "caIssuers;URI:http://ca.test/ca.crt");
  EVP_PKEY* const signer = issuer == nullptr ? made.key.get() : issuer->key.get();
  const bool unhashed = EVP_PKEY_is_a(signer, "ED25519") == 1;
  EXPECT_GT(X509_sign(x509, signer, unhashed ? nullptr : wish.digest), 0);
  return made;
}

Identity authority(const std::string& name, const Identity* issuer) {
  Wish wish;
  wish.name = name;
  wish.alternatives.clear();
  wish.authority = true;
  wish.not_before = kNewYear - 1000 * kDay;
  wish.not_after = kNewYear + 1000 * kDay;
  return issue(wish, issuer);
}

std::vector<std::uint8_t> Identity::der() const {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(x509.get(), &bytes);
  std::vector<std::uint8_t> out(bytes, bytes + size);
  OPENSSL_free(bytes);
  return out;
}

std::string Identity::pem() const {
  const tls::Owned<BIO, BIO_free_all> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), x509.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

}  // namespace wirelens::testing
