// Hellos and other messages: RFC 8448's own bytes, and broken ones.
#include "tls/hello.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/packets.h"
#include "support/tls_bytes.h"
#include "tls/messages.h"

namespace wirelens::tls {
namespace {

using namespace wirelens::testing;
using ::testing::ElementsAre;

template <class List>
std::vector<std::uint16_t> all(const List& list) {
  std::vector<std::uint16_t> out;
  for (const std::uint16_t number : list) out.push_back(number);
  return out;
}

// RFC 8448 section 3, without the headers of the messages.
const char kClientHello[] =
    "0303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302010000"
    "910000000b0009000006736572766572ff01000100000a00140012001d0017001800190100010101020103010400"
    "230000003300260024001d002099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c00"
    "2b0003020304000d0020001e040305030603020308040805080604010501060102010402050206020202002d0002"
    "0101001c00024001";
const char kServerHello[] =
    "0303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e2692800130100002e00330024001d"
    "0020c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304";
const char kEncryptedExtensions[] =
    "0022000a00140012001d00170018001901000101010201030104001c00024001"
    "00000000";
// Section 5.
const char kHelloRetryRequest[] =
    "0303cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c001301000084003300020017"
    "002c0074007271dcd04bb88bc3189119398a00000000eefafc76c146b823b096f8aacad365dd0030953f4edf6256"
    "36e5f21bb2e23fcc654b1b5b40318d10d137abcbb87574e36e8a1f025f7dfa5d6e50781b5eda4aa15b0c8be77825"
    "7d16aa3030e9e7841dd9e4c0342267e8ca0caf571fb2b7cff0f934b0002b00020304";

TEST(Hello, Rfc8448Client) {
  const Octets body = from_hex(kClientHello);
  const ClientHello hello = read_client_hello(body);
  EXPECT_TRUE(hello.whole);
  EXPECT_EQ(hello.legacy_version, kTls12);
  EXPECT_EQ(hello.best_version(), kTls13);
  EXPECT_EQ(hello.random.size(), 32u);
  EXPECT_EQ(hello.random[0], 0xcb);
  EXPECT_TRUE(hello.session_id.empty());
  EXPECT_THAT(all(hello.ciphers), ElementsAre(0x1301, 0x1303, 0x1302));
  EXPECT_EQ(hello.server_name, "server");
  EXPECT_THAT(all(hello.versions), ElementsAre(kTls13));
  EXPECT_THAT(all(hello.groups), ElementsAre(29, 23, 24, 25, 256, 257, 258, 259, 260));
  EXPECT_EQ(hello.signatures.size(), 15u);
  EXPECT_TRUE(hello.renegotiation_info);
  EXPECT_FALSE(hello.renegotiates);
  EXPECT_FALSE(hello.early_data);
  EXPECT_EQ(hello.psk_identities, 0u);
}

TEST(Hello, Rfc8448Server) {
  const Octets body = from_hex(kServerHello);
  const ServerHello hello = read_server_hello(body);
  EXPECT_TRUE(hello.whole);
  EXPECT_EQ(hello.version(), kTls13);
  EXPECT_EQ(hello.cipher, 0x1301);
  EXPECT_EQ(hello.group, 29);
  EXPECT_FALSE(hello.is_retry());
  EXPECT_FALSE(hello.is_downgrade());
  EXPECT_FALSE(hello.psk_identity);
}

TEST(Hello, Rfc8448Retry) {
  const Octets body = from_hex(kHelloRetryRequest);
  const ServerHello hello = read_server_hello(body);
  EXPECT_TRUE(hello.whole);
  EXPECT_TRUE(hello.is_retry());
  EXPECT_EQ(hello.group, 23);
}

TEST(Hello, Rfc8448EncryptedExtensions) {
  const Octets body = from_hex(kEncryptedExtensions);
  const EncryptedExtensions found = read_encrypted_extensions(body);
  EXPECT_TRUE(found.whole);
  EXPECT_FALSE(found.alpn);
  EXPECT_FALSE(found.early_data);
}

TEST(Hello, EveryExtensionThatMatters) {
  const std::string body =
      client_hello({.alpn = {"h2", "http/1.1"},
                    .more = {{5, number8(1)},
                             {18, ""},
                             {22, ""},
                             {23, ""},
                             {27, list8(numbers16({2}))},
                             {35, "ticket"},
                             {42, ""},
                             {49, ""},
                             {0xfe0d, number8(0) + "outer"},
                             {0xffce, "x"},
                             {0xff01, list8("twelve bytes")},
                             {41, list16(list16("one") + "age!" + list16("two") + "age!") +
                                      list16("binders")}}});
  const ClientHello hello = read_client_hello(as_bytes(body));
  EXPECT_TRUE(hello.whole);
  EXPECT_TRUE(hello.status_request && hello.sct && hello.encrypt_then_mac);
  EXPECT_TRUE(hello.extended_master_secret && hello.early_data && hello.post_handshake_auth);
  EXPECT_TRUE(hello.ech && hello.esni && hello.renegotiates);
  EXPECT_EQ(hello.ticket_bytes, 6u);
  EXPECT_EQ(hello.psk_identities, 2u);
  EXPECT_THAT(all(hello.certificate_compressions), ElementsAre(2));
  AlpnNames names(hello.alpn);
  EXPECT_EQ(names.next(), "h2");
  EXPECT_EQ(names.next(), "http/1.1");
  EXPECT_FALSE(names.next());
}

TEST(Hello, AnInnerEchHelloIsNotAnOuterOne) {
  const std::string body = client_hello({.more = {{0xfe0d, number8(1)}}});
  EXPECT_FALSE(read_client_hello(as_bytes(body)).ech);
}

TEST(Hello, DowngradeSentinel) {
  const std::string tail = "DOWNGRD";
  for (const auto& [last, marked] : {std::pair{'\1', true}, {'\0', true}, {'\2', false}}) {
    const std::string body = server_hello({.random = std::string(24, 'r') + tail + last});
    EXPECT_EQ(read_server_hello(as_bytes(body)).is_downgrade(), marked);
  }
}

/// Cut anywhere but before its extensions, a hello is known to be cut.
TEST(Hello, CutAnywhere) {
  const std::string client = client_hello({.alpn = {"h2"}});
  const std::size_t client_plain = client_hello({.server_name = ""}).size();
  const std::string server = server_hello({.alpn = "h2"});
  const std::size_t server_plain = server_hello({}).size();
  for (std::size_t size = 0; size < client.size(); ++size) {
    // A block of its own, so that AddressSanitizer sees an over-read.
    const std::vector<char> cut(client.begin(), client.begin() + static_cast<long>(size));
    const Bytes bytes = as_bytes({cut.data(), cut.size()});
    EXPECT_EQ(read_client_hello(bytes).whole, size == client_plain) << size;
    (void)read_encrypted_extensions(bytes);
    (void)read_certificate(bytes, true);
    (void)read_certificate(bytes, false);
    (void)read_compressed_certificate(bytes);
    (void)read_server_key_exchange(bytes, 0x009e, kTls12);
  }
  for (std::size_t size = 0; size < server.size(); ++size) {
    const std::vector<char> cut(server.begin(), server.begin() + static_cast<long>(size));
    EXPECT_EQ(read_server_hello(as_bytes({cut.data(), cut.size()})).whole, size == server_plain);
  }
}

TEST(Messages, CertificatesOfBothForms) {
  const std::string before = certificates12({"leaf", "middle", "root"});
  const CertificateChain old = read_certificate(as_bytes(before), false);
  EXPECT_TRUE(old.whole);
  ASSERT_EQ(old.der().size(), 3u);
  EXPECT_EQ(as_text(old.der()[1]), "middle");
  const std::string now = list8("") + list24(list24("leaf") + list16(number16(5) + list16("ocsp")) +
                                             list24("root") + list16(""));
  const CertificateChain chain = read_certificate(as_bytes(now), true);
  EXPECT_TRUE(chain.whole && chain.ocsp);
  ASSERT_EQ(chain.count, 2u);
  EXPECT_EQ(as_text(chain.der()[0]), "leaf");
  EXPECT_FALSE(read_certificate(as_bytes(now), false).whole);
}

TEST(Messages, LongChainsAreCounted) {
  const std::string many = certificates12(std::vector<std::string>(100, "x"));
  const CertificateChain chain = read_certificate(as_bytes(many), false);
  EXPECT_EQ(chain.count, 100u);
  EXPECT_EQ(chain.der().size(), kMaxChain);
}

TEST(Messages, KeyExchanges) {
  const std::string ecdhe = number8(3) + number16(29) + list8(std::string(32, 'p')) +
                            number16(0x0804) + list16("signature");
  auto found = read_server_key_exchange(as_bytes(ecdhe), 0xc02f, kTls12);
  EXPECT_EQ(found.group, 29);
  EXPECT_EQ(found.signature, 0x0804);
  found = read_server_key_exchange(as_bytes(ecdhe), 0xc013, kTls11);
  EXPECT_EQ(found.group, 29);
  EXPECT_FALSE(found.signature);
  const std::string dhe = list16(std::string(1, '\0') + '\x7f' + std::string(127, 'p')) +
                          list16("\2") + list16("y") + number16(0x0401) + list16("signature");
  found = read_server_key_exchange(as_bytes(dhe), 0x009e, kTls12);
  EXPECT_EQ(found.prime_bits, 1023);
  EXPECT_EQ(found.signature, 0x0401);
  EXPECT_FALSE(read_server_key_exchange(as_bytes(dhe), 0x009c, kTls12).prime_bits);
}

TEST(Messages, CompressedCertificate) {
  const std::string body = number16(2) + number24(1000) + list24("brotli");
  const auto found = read_compressed_certificate(as_bytes(body));
  ASSERT_TRUE(found);
  EXPECT_EQ(name_of_compression(found->algorithm), "brotli");
  EXPECT_EQ(found->size, 1000u);
  EXPECT_EQ(as_text(found->compressed), "brotli");
}

TEST(Names, KnownAndUnknown) {
  EXPECT_EQ(name_of_cipher(0x1301), "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(name_of_cipher(0xc02f), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
  EXPECT_EQ(name_of_cipher(0x00ff), "TLS_EMPTY_RENEGOTIATION_INFO_SCSV");
  EXPECT_EQ(name_of_cipher(0xeeee), "");
  EXPECT_EQ(name_of_group(0x11ec), "X25519MLKEM768");
  EXPECT_EQ(name_of_alert(48), "unknown_ca");
  EXPECT_EQ(name_of_alert(3), "");
  EXPECT_EQ(name_of_version(kTls13), "TLS 1.3");
  EXPECT_TRUE(is_grease(0x0a0a) && is_grease(0xfafa));
  EXPECT_FALSE(is_grease(0x0a1a) || is_grease(0x1301));
}

TEST(Messages, CountSignedCertificateTimestamps) {
  const std::string list = list16(list16(std::string(119, 't')) + list16(std::string(118, 't')));
  EXPECT_EQ(count_scts(as_bytes(list)), 2u);
  EXPECT_EQ(count_scts(as_bytes(list16(""))), 0u);
  for (std::size_t cut = 0; cut < list.size(); ++cut) {
    EXPECT_EQ(count_scts(as_bytes(list).first(cut)), 0u) << cut;
  }
  const std::string body = server_hello({.more = {{18, list}}});
  EXPECT_EQ(read_server_hello(as_bytes(body)).scts, 2u);
  const std::string entry =
      list24("leaf") + list16(number16(18) + list16(list)) + list24("issuer") + list16("");
  const std::string certificates = list8("") + list24(entry);
  const auto chain = read_certificate(as_bytes(certificates), true);
  EXPECT_TRUE(chain.whole);
  EXPECT_EQ(chain.scts, 2u);
}

}  // namespace
}  // namespace wirelens::tls
