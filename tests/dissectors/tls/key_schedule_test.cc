// Keys out of secrets: RFC 8448's, the known answers of the PRFs, and suites out of their names.
#include "tls/key_schedule.h"

#include <gtest/gtest.h>

#include <string>

#include "dissectors/tls/hex.h"
#include "tls/names.h"
#include "tls/suite.h"

namespace wirelens::tls {
namespace {

TEST(KeySchedule, OfRfc8448) {
  const auto secret = unhex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
  EXPECT_EQ(hex(expand_label("SHA256", secret, "key", {}, 16).bytes()),
            "3fce516009c21727d0f2e4e86ee403bc");
  EXPECT_EQ(hex(expand_label("SHA256", secret, "iv", {}, 12).bytes()), "5d313eb2671276ee13000b30");
}

TEST(KeySchedule, RefusesWhatDoesNotFit) {
  const auto secret = unhex("00112233");
  EXPECT_TRUE(expand_label("SHA256", secret, "key", {}, 65).empty());
  EXPECT_TRUE(expand_label("NONE", secret, "key", {}, 16).empty());
  EXPECT_TRUE(expand_label("SHA256", secret, std::string(27, 'l'), {}, 16).empty());
}

// Posted to the TLS working group's list for TLS 1.2's P_SHA256.
TEST(KeySchedule, PrfOfTls12) {
  std::array<std::uint8_t, 100> out{};
  ASSERT_TRUE(prf(kTls12, "SHA256", unhex("9bbe436ba940f017b17652849a71db35"), "test label",
                  unhex("a0ba9f936cda311827a6f796ffd5198c"), out));
  EXPECT_EQ(hex(out),
            "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a"
            "6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab"
            "4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701"
            "87347b66");
}

TEST(KeySchedule, ExpandsAsSsl3Does) {
  // Made by hand: MD5(secret + SHA1("A" + secret + seed)) + MD5(secret + SHA1("BB" + ...
  std::array<std::uint8_t, 40> out{};
  ASSERT_TRUE(prf(kSsl3, "", unhex("0102030405060708"), "", unhex("a0a1a2a3"), out));
  EXPECT_EQ(hex(out),
            "85795ba2a82ce2d35fc7f61c91edc7a6cbe74c2892ed7fd4048eafb4902b6b69a19b40efcaca2369");
}

TEST(KeySchedule, BlocksAreCutInTheOrderOfTheRfc) {
  const auto suite = suite_of("TLS_RSA_WITH_AES_128_CBC_SHA");
  const std::vector<std::uint8_t> master(48, 1), client(32, 2), server(32, 3);
  const auto of_client = direction_keys(kTls10, *suite, master, client, server, true);
  const auto of_server = direction_keys(kTls10, *suite, master, client, server, false);
  std::array<std::uint8_t, 104> block{};
  std::vector<std::uint8_t> seed = server;
  seed.insert(seed.end(), client.begin(), client.end());
  ASSERT_TRUE(prf(kTls10, "", master, "key expansion", seed, block));
  EXPECT_EQ(hex(block), hex(of_client.mac.bytes()) + hex(of_server.mac.bytes()) +
                            hex(of_client.key.bytes()) + hex(of_server.key.bytes()) +
                            hex(of_client.iv.bytes()) + hex(of_server.iv.bytes()));
  EXPECT_TRUE(direction_keys(kTls11, *suite, master, client, server, true).iv.empty());
}

TEST(Suite, IsReadOutOfItsName) {
  auto suite = suite_of("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
  ASSERT_TRUE(suite);
  EXPECT_EQ(suite->key_exchange, "ECDHE_RSA");
  EXPECT_EQ(suite->mode, Mode::gcm);
  EXPECT_STREQ(suite->cipher, "AES-256-GCM");
  EXPECT_STREQ(suite->hash, "SHA384");
  EXPECT_EQ(suite->mac, nullptr);
  EXPECT_TRUE(suite->forward_secret());
  suite = suite_of("TLS_RSA_WITH_3DES_EDE_CBC_SHA");
  EXPECT_STREQ(suite->cipher, "DES-EDE3-CBC");
  EXPECT_STREQ(suite->mac, "SHA1");
  EXPECT_FALSE(suite->forward_secret());
  suite = suite_of("TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8");
  EXPECT_EQ(suite->tag, 8);
  EXPECT_STREQ(suite->hash, "SHA256");
  suite = suite_of("TLS_AES_128_CCM_8_SHA256");
  EXPECT_EQ(suite->tag, 8);
  EXPECT_EQ(suite->key_exchange, "");
  suite = suite_of("TLS_RSA_WITH_NULL_SHA256");
  EXPECT_EQ(suite->mode, Mode::null);
  EXPECT_STREQ(suite->mac, "SHA256");
  for (const char* none : {"", "TLS_FALLBACK_SCSV", "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", "TLS_",
                           "TLS_RSA_WITH_", "SSL_CK_RC4_128_WITH_MD5"}) {
    EXPECT_FALSE(suite_of(none)) << none;
  }
}

TEST(Suite, IsKnownForAlmostEveryNumber) {
  unsigned named = 0, known = 0;
  for (unsigned id = 0; id < 0x10000; ++id) {
    const std::string_view name = name_of_cipher(static_cast<std::uint16_t>(id));
    named += !name.empty();
    known += suite_of(name).has_value();
  }
  EXPECT_GT(named, 300u);
  EXPECT_GT(known + 40, named) << "GOST, SM4 and signalling values are not";
}

}  // namespace
}  // namespace wirelens::tls
