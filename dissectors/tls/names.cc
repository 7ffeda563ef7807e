// tls/names.cc - the short registries; cipher_suites.cc has the long one.
#include "tls/names.h"

#include <algorithm>
#include <span>
#include <utility>

namespace wirelens::tls {
namespace {

struct Entry {
  std::uint16_t number;
  std::string_view name;
};

constexpr Entry kVersions[] = {
    {kSsl2, "SSL 2.0"},           {kSsl3, "SSL 3.0"},           {kTls10, "TLS 1.0"},
    {kTls11, "TLS 1.1"},          {kTls12, "TLS 1.2"},          {kTls13, "TLS 1.3"},
    {0x7f12, "TLS 1.3 draft 18"}, {0x7f13, "TLS 1.3 draft 19"}, {0x7f14, "TLS 1.3 draft 20"},
    {0x7f15, "TLS 1.3 draft 21"}, {0x7f16, "TLS 1.3 draft 22"}, {0x7f17, "TLS 1.3 draft 23"},
    {0x7f18, "TLS 1.3 draft 24"}, {0x7f19, "TLS 1.3 draft 25"}, {0x7f1a, "TLS 1.3 draft 26"},
    {0x7f1b, "TLS 1.3 draft 27"}, {0x7f1c, "TLS 1.3 draft 28"},
};

// "TLS Supported Groups"; the post-quantum hybrids of drafts as browsers deployed them.
constexpr Entry kGroups[] = {
    {1, "sect163k1"},
    {2, "sect163r1"},
    {3, "sect163r2"},
    {4, "sect193r1"},
    {5, "sect193r2"},
    {6, "sect233k1"},
    {7, "sect233r1"},
    {8, "sect239k1"},
    {9, "sect283k1"},
    {10, "sect283r1"},
    {11, "sect409k1"},
    {12, "sect409r1"},
    {13, "sect571k1"},
    {14, "sect571r1"},
    {15, "secp160k1"},
    {16, "secp160r1"},
    {17, "secp160r2"},
    {18, "secp192k1"},
    {19, "secp192r1"},
    {20, "secp224k1"},
    {21, "secp224r1"},
    {22, "secp256k1"},
    {23, "secp256r1"},
    {24, "secp384r1"},
    {25, "secp521r1"},
    {26, "brainpoolP256r1"},
    {27, "brainpoolP384r1"},
    {28, "brainpoolP512r1"},
    {29, "x25519"},
    {30, "x448"},
    {31, "brainpoolP256r1tls13"},
    {32, "brainpoolP384r1tls13"},
    {33, "brainpoolP512r1tls13"},
    {34, "GC256A"},
    {35, "GC256B"},
    {36, "GC256C"},
    {37, "GC256D"},
    {38, "GC512A"},
    {39, "GC512B"},
    {40, "GC512C"},
    {41, "curveSM2"},
    {256, "ffdhe2048"},
    {257, "ffdhe3072"},
    {258, "ffdhe4096"},
    {259, "ffdhe6144"},
    {260, "ffdhe8192"},
    {0x0200, "MLKEM512"},
    {0x0201, "MLKEM768"},
    {0x0202, "MLKEM1024"},
    {0x11eb, "SecP256r1MLKEM768"},
    {0x11ec, "X25519MLKEM768"},
    {0x11ed, "SecP384r1MLKEM1024"},
    {0x11ee, "curveSM2MLKEM768"},
    {0x4138, "CECPQ2"},
    {0x6399, "X25519Kyber768Draft00"},
    {0x639a, "SecP256r1Kyber768Draft00"},
    {0xff01, "arbitrary_explicit_prime_curves"},
    {0xff02, "arbitrary_explicit_char2_curves"},
};

// "TLS SignatureScheme", and pairs of TLS 1.2 that have no name there.
constexpr Entry kSignatures[] = {
    {0x0101, "rsa_pkcs1_md5"},
    {0x0201, "rsa_pkcs1_sha1"},
    {0x0202, "dsa_sha1"},
    {0x0203, "ecdsa_sha1"},
    {0x0301, "rsa_pkcs1_sha224"},
    {0x0302, "dsa_sha224"},
    {0x0303, "ecdsa_sha224"},
    {0x0401, "rsa_pkcs1_sha256"},
    {0x0402, "dsa_sha256"},
    {0x0403, "ecdsa_secp256r1_sha256"},
    {0x0420, "rsa_pkcs1_sha256_legacy"},
    {0x0501, "rsa_pkcs1_sha384"},
    {0x0502, "dsa_sha384"},
    {0x0503, "ecdsa_secp384r1_sha384"},
    {0x0520, "rsa_pkcs1_sha384_legacy"},
    {0x0601, "rsa_pkcs1_sha512"},
    {0x0602, "dsa_sha512"},
    {0x0603, "ecdsa_secp521r1_sha512"},
    {0x0620, "rsa_pkcs1_sha512_legacy"},
    {0x0708, "sm2sig_sm3"},
    {0x0804, "rsa_pss_rsae_sha256"},
    {0x0805, "rsa_pss_rsae_sha384"},
    {0x0806, "rsa_pss_rsae_sha512"},
    {0x0807, "ed25519"},
    {0x0808, "ed448"},
    {0x0809, "rsa_pss_pss_sha256"},
    {0x080a, "rsa_pss_pss_sha384"},
    {0x080b, "rsa_pss_pss_sha512"},
    {0x081a, "ecdsa_brainpoolP256r1tls13_sha256"},
    {0x081b, "ecdsa_brainpoolP384r1tls13_sha384"},
    {0x081c, "ecdsa_brainpoolP512r1tls13_sha512"},
    {0x0904, "mldsa44"},
    {0x0905, "mldsa65"},
    {0x0906, "mldsa87"},
};

constexpr Entry kAlerts[] = {
    {0, "close_notify"},
    {1, "end_of_early_data"},
    {10, "unexpected_message"},
    {20, "bad_record_mac"},
    {21, "decryption_failed"},
    {22, "record_overflow"},
    {30, "decompression_failure"},
    {40, "handshake_failure"},
    {41, "no_certificate"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {47, "illegal_parameter"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {50, "decode_error"},
    {51, "decrypt_error"},
    {52, "too_many_cids_requested"},
    {60, "export_restriction"},
    {70, "protocol_version"},
    {71, "insufficient_security"},
    {80, "internal_error"},
    {86, "inappropriate_fallback"},
    {90, "user_canceled"},
    {100, "no_renegotiation"},
    {109, "missing_extension"},
    {110, "unsupported_extension"},
    {111, "certificate_unobtainable"},
    {112, "unrecognized_name"},
    {113, "bad_certificate_status_response"},
    {114, "bad_certificate_hash_value"},
    {115, "unknown_psk_identity"},
    {116, "certificate_required"},
    {117, "general_error"},
    {120, "no_application_protocol"},
    {121, "ech_required"},
};

constexpr Entry kHandshakes[] = {
    {0, "hello_request"},
    {1, "client_hello"},
    {2, "server_hello"},
    {3, "hello_verify_request"},
    {4, "new_session_ticket"},
    {5, "end_of_early_data"},
    {6, "hello_retry_request"},
    {8, "encrypted_extensions"},
    {11, "certificate"},
    {12, "server_key_exchange"},
    {13, "certificate_request"},
    {14, "server_hello_done"},
    {15, "certificate_verify"},
    {16, "client_key_exchange"},
    {20, "finished"},
    {21, "certificate_url"},
    {22, "certificate_status"},
    {23, "supplemental_data"},
    {24, "key_update"},
    {25, "compressed_certificate"},
    {67, "next_protocol"},
    {203, "channel_id"},
    {254, "message_hash"},
};

constexpr Entry kCompressions[] = {{1, "zlib"}, {2, "brotli"}, {3, "zstd"}};

// SSL-CIPHER-KINDs of the SSL 2.0 draft, section 4.
constexpr std::pair<std::uint32_t, std::string_view> kSsl2Ciphers[] = {
    {0x010080, "SSL_CK_RC4_128_WITH_MD5"},
    {0x020080, "SSL_CK_RC4_128_EXPORT40_WITH_MD5"},
    {0x030080, "SSL_CK_RC2_128_CBC_WITH_MD5"},
    {0x040080, "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5"},
    {0x050080, "SSL_CK_IDEA_128_CBC_WITH_MD5"},
    {0x060040, "SSL_CK_DES_64_CBC_WITH_MD5"},
    {0x0700c0, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"},
    {0x080080, "SSL_CK_RC4_64_WITH_MD5"},
};

constexpr bool in_order(std::span<const Entry> table) {
  return std::is_sorted(table.begin(), table.end(),
                        [](const Entry& a, const Entry& b) { return a.number < b.number; });
}
static_assert(in_order(kVersions) && in_order(kGroups) && in_order(kSignatures) &&
              in_order(kAlerts) && in_order(kHandshakes) && in_order(kCompressions));

std::string_view find(std::span<const Entry> table, std::uint16_t number) {
  const auto found = std::lower_bound(
      table.begin(), table.end(), number,
      [](const Entry& entry, std::uint16_t wanted) { return entry.number < wanted; });
  return found != table.end() && found->number == number ? found->name : std::string_view();
}

}  // namespace

std::string_view name_of_version(std::uint16_t version) {
  return find(kVersions, version);
}
std::string_view name_of_ssl2_cipher(std::uint32_t kind) {
  for (const auto& [number, name] : kSsl2Ciphers) {
    if (number == kind) return name;
  }
  return {};
}
std::string_view name_of_group(std::uint16_t group) {
  return find(kGroups, group);
}
std::string_view name_of_signature(std::uint16_t scheme) {
  return find(kSignatures, scheme);
}
std::string_view name_of_alert(std::uint8_t description) {
  return find(kAlerts, description);
}
std::string_view name_of_compression(std::uint16_t algorithm) {
  return find(kCompressions, algorithm);
}
std::string_view name_of(HandshakeType type) {
  return find(kHandshakes, static_cast<std::uint16_t>(type));
}

}  // namespace wirelens::tls
