// Texts of HTTP compared without case, letter by letter and eight at a time.
#include "common/http_text.h"

#include <gtest/gtest.h>

#include <string>

namespace wirelens::http {
namespace {

TEST(HttpText, OnlyLettersHaveTwoCases) {
  for (const std::size_t size : {1u, 7u, 8u, 9u, 16u, 19u}) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 256; ++c) {
        for (const char wanted : {'a', 'k', 'z', '-', '@', '[', '`', '{', '\0', '\x7f', '\xe1'}) {
          std::string text(size, 'X'), lowered(size, 'x');
          text[at] = static_cast<char>(c);
          lowered[at] = wanted;
          EXPECT_EQ(same_ignoring_case(text, lowered), lower(text[at]) == wanted)
              << size << ' ' << at << ' ' << c << ' ' << wanted;
        }
      }
    }
  }
  EXPECT_FALSE(same_ignoring_case("content-lengt", "content-length"));
  EXPECT_TRUE(same_ignoring_case("", ""));
  EXPECT_TRUE(ends_ignoring_case("X-Auth-TOKEN", "token"));
}

}  // namespace
}  // namespace wirelens::http
