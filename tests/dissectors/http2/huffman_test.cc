// HPACK's Huffman code: every symbol, in every place, and what is none.
#include "http2/huffman.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "support/nghttp2.h"

namespace wirelens::http2 {
namespace {

/// The code of `text` by nghttp2, which has to be made to use it: behind 4,000 times '0', 5 bits
/// each. Both are cut off here.
std::string coded(const std::string& text) {
  const std::string front(4000, '0');
  const std::string block = testing::Nghttp2Deflater(0).block({{"x", front + text}});
  // 2,500 bytes of zeros, for the code of '0' is zero; in front of them the lengths, which are not.
  const std::size_t zeros = block.find(std::string(2400, '\0'));
  return block.substr(zeros + 2500);
}

std::optional<std::string> decoded(const std::string& code) {
  // In memory of its own, so that a read beyond it is seen.
  const std::vector<std::uint8_t> bytes(code.begin(), code.end());
  std::string text(longest_text(bytes.size()), '\0');
  const auto size = decode_huffman(bytes, text.data());
  if (!size) return std::nullopt;
  text.resize(*size);
  return text;
}

TEST(Huffman, EverySymbolInEveryPlace) {
  for (int symbol = 0; symbol < 256; ++symbol) {
    for (std::size_t place = 0; place < 20; ++place) {
      const std::string text = std::string(place, 'a') + static_cast<char>(symbol) +
                               std::string(20 - place, static_cast<char>(symbol)) + "~";
      ASSERT_EQ(decoded(coded(text)), text) << symbol << " " << place;
    }
  }
}

TEST(Huffman, RandomTexts) {
  std::mt19937 random(52);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 70, '\0');
    const bool any = random() % 4 == 0;
    for (char& c : text) c = static_cast<char>(any ? random() : 32 + random() % 95);
    ASSERT_EQ(decoded(coded(text)), text);
  }
}

TEST(Huffman, Padding) {
  EXPECT_EQ(decoded(""), "");
  EXPECT_EQ(decoded("\x1f"), "a");           // 00011 and three bits of ones
  EXPECT_FALSE(decoded("\x18"));             // of zeros
  EXPECT_FALSE(decoded("\x1f\xff"));         // eleven of them
  EXPECT_FALSE(decoded("\xff"));             // eight, and nothing else
  EXPECT_FALSE(decoded("\xff\xff\xff\xff"))  // EOS
      << "section 5.2: must be treated as a decoding error";
  EXPECT_FALSE(decoded("\x1f\xff\xff\xff\xf1\x1f\x1f\x1f\x1f\x1f\x1f"));  // EOS behind an "a"
  EXPECT_FALSE(decoded("\xff\xfe"));                                      // half a symbol
}

}  // namespace
}  // namespace wirelens::http2
