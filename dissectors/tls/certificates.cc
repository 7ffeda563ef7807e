// tls/certificates.cc - asks OpenSSL for what a record tells.
#include "tls/certificates.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <limits>

#include "tls/hello.h"

namespace wirelens::tls {
namespace {

using OwnedBio = Owned<BIO, BIO_free_all>;
using OwnedNumber = Owned<BIGNUM, BN_free>;
void free_text(char* text) {
  OPENSSL_free(text);
}
using OwnedText = Owned<char, free_text>;
using OwnedNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;
using OwnedOctets = Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using OwnedAccess = Owned<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free>;

std::string hexadecimal(Bytes bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

std::string sha256_of(Bytes bytes) {
  std::array<std::uint8_t, 32> digest{};
  EVP_Q_digest(nullptr, "SHA256", nullptr, bytes.data(), bytes.size(), digest.data(), nullptr);
  return hexadecimal(digest);
}

/// "CN=shop.test,O=Shop": UTF-8 stays as it is, everything odd is escaped by OpenSSL.
std::string text_of(const X509_NAME* name) {
  const OwnedBio out(BIO_new(BIO_s_mem()));
  constexpr unsigned long kStyle =
      XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  if (!out || X509_NAME_print_ex(out.get(), name, 0, kStyle) < 0) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, std::min(static_cast<std::size_t>(std::max(size, 0L)), kLongestText));
}

std::optional<std::int64_t> seconds_of(const ASN1_TIME* time) {
  std::tm broken_down{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &broken_down) != 1) return std::nullopt;
  return timegm(&broken_down);
}

std::optional<Timestamp> timestamp_of(std::optional<std::int64_t> seconds) {
  constexpr std::int64_t kBillion = 1'000'000'000;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / kBillion - 1;
  if (!seconds || *seconds > kMost || *seconds < -kMost) return std::nullopt;
  return timestamp_ns(*seconds * kBillion);
}

std::string serial_of(X509* x509) {
  const OwnedNumber number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), nullptr));
  const OwnedText text(number ? BN_bn2hex(number.get()) : nullptr);
  return text ? std::string(text.get()).substr(0, kLongestText) : std::string();
}

/// "RSA 2048", "EC P-256", "ED25519".
std::string key_text(const EVP_PKEY* key, int bits) {
  const char* kind = EVP_PKEY_get0_type_name(key);
  if (kind == nullptr) return "unknown";
  std::array<char, 64> group{};
  std::size_t length = 0;
  if (std::string_view(kind) == "EC" &&
      EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) == 1) {
    const char* nist = EC_curve_nid2nist(OBJ_sn2nid(group.data()));
    return fmt::format("EC {}", nist != nullptr ? nist : group.data());
  }
  if (EVP_PKEY_is_a(key, "ED25519") == 1 || EVP_PKEY_is_a(key, "ED448") == 1) return kind;
  return fmt::format("{} {}", kind, bits);
}

void read_key(X509* x509, ParsedCertificate& into) {
  const EVP_PKEY* key = X509_get0_pubkey(x509);
  if (key == nullptr) {
    into.key = "unknown";
    return;
  }
  into.key_bits = EVP_PKEY_get_bits(key);
  into.rsa_or_dsa = EVP_PKEY_is_a(key, "RSA") == 1 || EVP_PKEY_is_a(key, "RSA-PSS") == 1 ||
                    EVP_PKEY_is_a(key, "DSA") == 1;
  into.key = key_text(key, into.key_bits);
}

/// An address in the name's bytes; one of an odd length is shown as it is.
std::string address_text(Bytes bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (bytes.size() == 4) return inet_ntop(AF_INET, bytes.data(), text.data(), text.size());
  if (bytes.size() == 16) return inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  return "0x" + hexadecimal(bytes.first(std::min<std::size_t>(bytes.size(), 32)));
}

void read_names(X509* x509, ParsedCertificate& into) {
  const OwnedNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr)));
  const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  for (int i = 0; i < count; ++i) {
    int kind = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &kind);
    if (kind != GEN_DNS && kind != GEN_IPADD) continue;
    if (into.names.size() == kMostNames) {
      ++into.names_left_out;
      continue;
    }
    const auto* text = static_cast<const ASN1_STRING*>(value);
    const Bytes bytes(ASN1_STRING_get0_data(text),
                      static_cast<std::size_t>(std::max(ASN1_STRING_length(text), 0)));
    into.has_dns_names |= kind == GEN_DNS;
    into.names.push_back(kind == GEN_DNS ? std::string(as_text(bytes).substr(0, 255))
                                         : address_text(bytes));
  }
}

bool has_issuer_address(X509* x509) {
  const OwnedAccess access(static_cast<AUTHORITY_INFO_ACCESS*>(
      X509_get_ext_d2i(x509, NID_info_access, nullptr, nullptr)));
  const int count = access ? sk_ACCESS_DESCRIPTION_num(access.get()) : 0;
  for (int i = 0; i < count; ++i) {
    if (OBJ_obj2nid(sk_ACCESS_DESCRIPTION_value(access.get(), i)->method) == NID_ad_ca_issuers) {
      return true;
    }
  }
  return false;
}

/// RFC 6962 section 3.3: a list, in an OCTET STRING within the extension.
std::uint64_t scts_of(const X509* x509) {
  const int place = X509_get_ext_by_NID(x509, NID_ct_precert_scts, -1);
  if (place < 0) return 0;
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(X509_get_ext(x509, place));
  const unsigned char* at = ASN1_STRING_get0_data(value);
  const OwnedOctets inside(d2i_ASN1_OCTET_STRING(nullptr, &at, ASN1_STRING_length(value)));
  if (!inside) return 0;
  return count_scts(Bytes(ASN1_STRING_get0_data(inside.get()),
                          static_cast<std::size_t>(ASN1_STRING_length(inside.get()))));
}

std::string signature_text(const X509* x509) {
  std::array<char, 128> text{};
  const ASN1_OBJECT* algorithm = nullptr;
  X509_ALGOR_get0(&algorithm, nullptr, nullptr, X509_get0_tbs_sigalg(x509));
  OBJ_obj2txt(text.data(), static_cast<int>(text.size()), algorithm, 0);
  return text.data();
}

std::size_t size_of(const ParsedCertificate& certificate) {
  std::size_t size = sizeof certificate + sizeof(Certificate) + certificate.subject.size() +
                     certificate.issuer.size() + certificate.serial.size() + 200;
  for (const std::string& name : certificate.names) size += name.size() + 64;
  return size;
}

std::optional<std::string_view> unless_empty(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

}  // namespace

ParsedCertificate parse_certificate(Bytes der) {
  ParsedCertificate parsed;
  parsed.sha256 = sha256_of(der);
  if (der.size() > kLongestCertificate) return parsed;
  const unsigned char* at = der.data();
  OwnedX509 x509(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (x509 && at == der.data() + der.size()) {
    parsed.subject = text_of(X509_get_subject_name(x509.get()));
    parsed.issuer = text_of(X509_get_issuer_name(x509.get()));
    parsed.serial = serial_of(x509.get());
    parsed.not_before = seconds_of(X509_get0_notBefore(x509.get()));
    parsed.not_after = seconds_of(X509_get0_notAfter(x509.get()));
    parsed.signature = signature_text(x509.get());
    parsed.scts = scts_of(x509.get());
    parsed.names_issuer = has_issuer_address(x509.get());
    read_key(x509.get(), parsed);
    read_names(x509.get(), parsed);
    parsed.x509 = std::move(x509);
  }
  ERR_clear_error();
  return parsed;
}

Chain::Chain(std::span<const Bytes> der) {
  const std::size_t count = std::min(der.size(), kMostCertificates);
  certificates_.reserve(count);
  names_.reserve(count);
  for (const Bytes each : der.first(count)) {
    const ParsedCertificate& parsed = certificates_.emplace_back(parse_certificate(each));
    names_.emplace_back(parsed.names.begin(), parsed.names.end());
    Certificate& record = records_.emplace_back();
    record.sha256 = parsed.sha256;
    size_ += size_of(parsed);
    if (!parsed.x509) continue;
    record.subject = parsed.subject;
    record.issuer = parsed.issuer;
    record.serial = unless_empty(parsed.serial);
    record.not_before = timestamp_of(parsed.not_before);
    record.not_after = timestamp_of(parsed.not_after);
    if (!parsed.names.empty()) record.names = names_.back();
    if (parsed.names_left_out > 0) record.names_left_out = parsed.names_left_out;
    record.key = unless_empty(parsed.key);
    record.signature = unless_empty(parsed.signature);
    if (parsed.scts > 0) record.scts = parsed.scts;
  }
}

void Chain::drop_objects() {
  for (ParsedCertificate& each : certificates_) each.x509.reset();
}

std::string fingerprint_of(std::span<const Bytes> der) {
  const OwnedDigestContext digest(EVP_MD_CTX_new());
  std::string out(32, '\0');
  EVP_DigestInit_ex2(digest.get(), EVP_sha256(), nullptr);
  for (const Bytes each : der) {
    const std::uint64_t size = each.size();
    EVP_DigestUpdate(digest.get(), &size, sizeof size);
    EVP_DigestUpdate(digest.get(), each.data(), each.size());
  }
  EVP_DigestFinal_ex(digest.get(), reinterpret_cast<unsigned char*>(out.data()), nullptr);
  return out;
}

}  // namespace wirelens::tls
