// A flow's identity: addresses in text, Community ID.
#include "decode/flow_key.h"

#include <gtest/gtest.h>

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
