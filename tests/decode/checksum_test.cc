// What is summed in wide steps equals what RFC 1071 adds word by word.
#include "decode/checksum.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace wirelens {
namespace {

std::uint16_t by_words(const std::vector<std::uint8_t>& bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += std::uint64_t{bytes[i]} << (i % 2 == 0 ? 0 : 8);
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

std::uint16_t at_once(const std::vector<std::uint8_t>& bytes) {
  return fold_sum(sum_of(bytes.data(), bytes.size()));
}

TEST(ChecksumSum, IsThatOfTheWordsAtAnyLength) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 700; ++size) {
    std::vector<std::uint8_t> bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    ASSERT_EQ(at_once(bytes), by_words(bytes)) << size;
  }
}

TEST(ChecksumSum, TakesTheLongestPacketsAndTheLargestWords) {
  for (const std::size_t size : {65536u, 262144u, (3u << 20) + 96}) {
    for (const unsigned fill : {0x00u, 0x7fu, 0x80u, 0xffu}) {
      const std::vector<std::uint8_t> bytes(size, static_cast<std::uint8_t>(fill));
      ASSERT_EQ(at_once(bytes), by_words(bytes)) << size << " bytes of " << fill;
    }
  }
}

TEST(ChecksumSum, OfNothingButZerosIsZero) {
  EXPECT_EQ(at_once(std::vector<std::uint8_t>(1448, 0)), 0);
  std::vector<std::uint8_t> bytes(1448, 0);
  bytes[1447] = 1;
  EXPECT_EQ(at_once(bytes), 0x100);
}

}  // namespace
}  // namespace wirelens
