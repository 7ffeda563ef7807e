// JA3, JA3S and JA4 against the values that their authors published.
#include "tls/fingerprint.h"

#include <gtest/gtest.h>

#include "support/tls_bytes.h"

namespace wirelens::tls {
namespace {

using namespace wirelens::testing;

std::string ja3(const ClientHelloSpec& spec) {
  const std::string body = client_hello(spec);
  return std::string(ja3_of(read_client_hello(as_bytes(body))).text());
}
std::string ja4(const ClientHelloSpec& spec, Carrier carrier = Carrier::tcp) {
  const std::string body = client_hello(spec);
  return std::string(ja4_of(read_client_hello(as_bytes(body)), carrier).text());
}

TEST(Ja3, PublishedValues) {
  // 769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0
  EXPECT_EQ(ja3({.version = 0x0301,
                 .ciphers = {47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4},
                 .more = {{10, list16(numbers16({23, 24, 25}))}, {11, list8(number8(0))}}}),
            "ada70206e40642a3e4461f35503241d5");
  // 769,4-5-10-9-100-98-3-6-19-18-99,,,
  EXPECT_EQ(ja3({.version = 0x0301,
                 .ciphers = {4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99},
                 .server_name = ""}),
            "de350869b8c85de67a350c8d186f11e6");
}

TEST(Ja3, GreaseIsLeftOut) {
  const TlsExtension groups = {10, list16(numbers16({0x8a8a, 23, 24, 25}))};
  EXPECT_EQ(ja3({.version = 0x0301,
                 .ciphers = {0x3a3a, 47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4},
                 .more = {groups, {11, list8(number8(0))}, {0xdada, "x"}}}),
            "ada70206e40642a3e4461f35503241d5");
}

// The example of the JA4 description: Chrome's hello.
ClientHelloSpec chrome() {
  return {.ciphers = {0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9,
                      0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035},
          .alpn = {"h2", "http/1.1"},
          .versions = {0x2a2a, 0x0304, 0x0303},
          .more = {{0x4a4a, ""},
                   {0x001b, ""},
                   {0x0033, ""},
                   {0x4469, ""},
                   {0x0017, ""},
                   {0x002d, ""},
                   {0x000d, list16(numbers16(
                                {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601}))},
                   {0x0005, ""},
                   {0x0023, ""},
                   {0x0012, ""},
                   {0xff01, ""},
                   {0x000b, ""},
                   {0x000a, ""},
                   {0x0015, ""}}};
}

TEST(Ja4, PublishedValue) {
  EXPECT_EQ(ja4(chrome()), "t13d1516h2_8daaf6152771_e5627efa2ab1");
  EXPECT_EQ(ja4(chrome(), Carrier::quic), "q13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST(Ja4, WithoutAnything) {
  EXPECT_EQ(ja4({.version = 0x0300, .ciphers = {}, .server_name = ""}),
            "ts3i000000_000000000000_000000000000");
}

TEST(Ja4, NamesOfOneLetterAndOfNone) {
  EXPECT_EQ(ja4({.alpn = {"x"}}).substr(8, 2), "xx");
  EXPECT_EQ(ja4({.alpn = {"\xab\xcd"}}).substr(8, 2), "ad");
  EXPECT_EQ(ja4({.alpn = {"0\xab"}}).substr(8, 2), "3b");
  EXPECT_EQ(ja4({}).substr(8, 2), "00");
}

TEST(Ja4, ManyAreNinetyNine) {
  std::vector<std::uint16_t> ciphers;
  for (std::uint16_t i = 1; i <= 300; ++i) ciphers.push_back(i);
  EXPECT_EQ(ja4({.ciphers = ciphers}).substr(4, 4), "9901");
}

TEST(Ja3s, OfAServerHello) {
  // 771,49199,65281-16, hashed by md5sum.
  const std::string body = server_hello({.more = {{0xff01, number8(0)}, {16, ""}}});
  EXPECT_EQ(ja3s_of(read_server_hello(as_bytes(body))).text(), "7bee5c1d424b7e5f943b06983bb11422");
}

}  // namespace
}  // namespace wirelens::tls
