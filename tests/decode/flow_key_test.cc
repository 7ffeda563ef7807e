// A flow's identity: addresses in text, Community ID.
#include "decode/flow_key.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <random>

namespace wirelens {
namespace {

FlowKey tcp4(AddressBytes low, std::uint16_t low_port, AddressBytes high, std::uint16_t high_port) {
  FlowKey key;
  key.low = low;
  key.high = high;
  key.low_port = low_port;
  key.high_port = high_port;
  key.protocol = 6;
  return key;
}

// The vector that the Community ID specification leads with.
TEST(FlowKey, CommunityId) {
  EXPECT_EQ(CommunityId(tcp4({66, 35, 250, 204}, 80, {128, 232, 110, 120}, 34855)).text(),
            "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
}

/// As the specification puts it: seed, ends, protocol, a byte of padding, ports.
std::string community_id_of(const FlowKey& key) {
  const std::size_t width = key.version == 6 ? 16 : 4;
  std::string input(2, '\0');
  for (const AddressBytes& end : {key.low, key.high})
    input.append(end.begin(), end.begin() + width);
  input += {static_cast<char>(key.protocol), '\0'};
  for (const unsigned port : {unsigned{key.low_port}, unsigned{key.high_port}}) {
    input += {static_cast<char>(port >> 8), static_cast<char>(port & 255)};
  }
  unsigned char digest[SHA_DIGEST_LENGTH], text[4 * SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest);
  const int length = EVP_EncodeBlock(text, digest, sizeof digest);
  return "1:" + std::string(text, text + length);
}

TEST(FlowKey, CommunityIdOfAnyFlow) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    FlowKey key;
    key.version = round % 2 == 0 ? 4 : 6;
    for (std::size_t i = 0; i < (key.version == 6 ? 16u : 4u); ++i) {
      key.low[i] = static_cast<std::uint8_t>(random());
      key.high[i] = static_cast<std::uint8_t>(random());
    }
    key.low_port = static_cast<std::uint16_t>(random());
    key.high_port = static_cast<std::uint16_t>(random());
    key.protocol = round % 3 == 0 ? 17 : 6;
    ASSERT_EQ(CommunityId(key).text(), community_id_of(key));
  }
}

TEST(FlowKey, AddressesInText) {
  EXPECT_EQ(address_text({10, 0, 0, 1}, 4), "10.0.0.1");
  EXPECT_EQ(address_text({}, 6), "::");
  EXPECT_EQ(address_text({0xff, 2}, 6), "ff02::");
  EXPECT_EQ(address_text({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1}, 6),
            "::ffff:10.0.0.1");
  EXPECT_EQ(address_text({0x20, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xab, 0xcd}, 6),
            "2001:0:0:1::abcd");
  EXPECT_EQ(address_text({0x20, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1}, 6),
            "2001::1:1:0:0:1");  // the first of two as long
  EXPECT_EQ(address_text({0x20, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, 6),
            "2001:0:1:1:1:1:1:1");  // one group is not worth it
  EXPECT_EQ(address_text({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 6),
            "2001:db8::1");
}

TEST(FlowKey, HashSeesEveryPart) {
  FlowKey four = tcp4({1, 2, 3, 4}, 5, {6, 7, 8, 9}, 10), six = four;
  six.version = 6;
  for (FlowKey key : {four, six}) {
    const std::uint64_t whole = hash_of({1, 2}, key);
    const auto differs = [&](auto change) {
      FlowKey other = key;
      change(other);
      EXPECT_NE(hash_of({1, 2}, other), whole);
    };
    for (std::size_t i = 0; i < (key.version == 6 ? 16u : 4u); ++i) {
      differs([&](FlowKey& other) { other.low[i] ^= 1; });
      differs([&](FlowKey& other) { other.high[i] ^= 1; });
    }
    differs([](FlowKey& other) { other.low_port ^= 1; });
    differs([](FlowKey& other) { other.high_port ^= 1; });
    differs([](FlowKey& other) { other.outer ^= 1; });
    differs([](FlowKey& other) { other.protocol ^= 1; });
    EXPECT_NE(hash_of({1, 3}, key), whole);
  }
  EXPECT_NE(hash_of({1, 2}, four), hash_of({1, 2}, six));
}

TEST(FlowKey, HashSeesTheNetwork) {
  FlowKey a = tcp4({1}, 1, {2}, 2), b = a;
  b.outer = 7;
  EXPECT_FALSE(a == b);
  EXPECT_NE(hash_of({1, 2}, a), hash_of({1, 2}, b));
}

}  // namespace
}  // namespace wirelens
