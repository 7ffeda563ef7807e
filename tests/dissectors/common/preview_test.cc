// Previews: short, whole characters, and no secrets.
#include "common/preview.h"

#include <gtest/gtest.h>

#include "common/utf8.h"

namespace wirelens {
namespace {

std::string preview(std::string_view text, bool show_secrets = false) {
  std::string out = "old";
  write_preview(text, show_secrets, out);
  return out;
}

TEST(Preview, SixtyFourWholeCharacters) {
  EXPECT_EQ(preview(std::string(100, 'a')), std::string(64, 'a'));
  std::string euros, expected;
  for (int i = 0; i < 100; ++i) euros += "€";
  for (int i = 0; i < 64; ++i) expected += "€";
  EXPECT_EQ(preview(euros), expected);
  EXPECT_EQ(preview(""), "");
  EXPECT_EQ(preview("\xff\xfe"), "\xff\xfe");
}

TEST(Preview, SecretsByTheirNames) {
  EXPECT_EQ(preview(R"({"password":"hunter2","a":1})"), R"({"password":"[redacted]","a":1})");
  EXPECT_EQ(preview(R"({"password" : "hun\"ter2", "a":1})"),
            R"({"password" : "[redacted]", "a":1})");
  EXPECT_EQ(preview(R"({"token":12345,"a":1})"), R"({"token":"[redacted]","a":1})");
  EXPECT_EQ(preview(R"(["{\"password\":\"hunter2\",\"a\":1}"])"),
            R"(["{\"password\":\"[redacted]\",\"a\":1}"])");
  EXPECT_EQ(preview("token=abc&room=5"), "token=[redacted]&room=5");
  EXPECT_EQ(preview("CONNECT\npasscode:hunter 2\nhost:a"), "CONNECT\npasscode:[redacted]\nhost:a");
  EXPECT_EQ(preview("Authorization: Bearer abc\r\nX: y"), "Authorization: [redacted]\r\nX: y");
  EXPECT_EQ(preview(R"({"password":"never ends)"), R"({"password":"[redacted])");
  EXPECT_EQ(preview("the password is here"), "the password is here");
}

TEST(Preview, TokensByTheirLooks) {
  EXPECT_EQ(preview("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc x"), "[redacted] x");
  EXPECT_EQ(preview(R"(["auth-me","eyJhbGciOiJIUzI1NiJ9.e30.x"])"), R"(["auth-me","[redacted]"])");
  EXPECT_EQ(preview("eyJ is short"), "eyJ is short");
}

TEST(Preview, AllIsShownToWhoAsks) {
  EXPECT_EQ(preview("token=abc", true), "token=abc");
}

TEST(Preview, NoEndOfATextLetsASecretOut) {
  const std::string text = R"({"a":"b","password":"hunter2"})"
                           "\n"
                           R"(token=hunter2)";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    EXPECT_EQ(preview(text.substr(0, size)).find("hun"), std::string::npos) << size;
  }
}

TEST(Utf8, WhatRfc3629Allows) {
  const auto whole = [](std::string_view text) {
    Utf8Check check;
    check.feed(as_bytes(text));
    return check.whole();
  };
  for (const char* good : {"", "plain", "κόσμε", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(whole(good)) << good;
  }
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5", "\xc2", "\xe2\x82", "\xf0\x9f\x98", "ok\xff"}) {
    EXPECT_FALSE(whole(bad)) << ::testing::PrintToString(bad);
  }
}

TEST(Utf8, TheSameInEveryCut) {
  for (const std::string_view text : {"long enough for words of eight: κόσμε 😀 and on\xc2",
                                      "0123456789abcdef0123456789abcdef\xed\xa0\x80"}) {
    Utf8Check once;
    const bool valid = once.feed(as_bytes(text));
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      Utf8Check twice;
      twice.feed(as_bytes(text.substr(0, cut)));
      EXPECT_EQ(twice.feed(as_bytes(text.substr(cut))), valid);
      EXPECT_EQ(twice.whole(), once.whole());
    }
  }
}

}  // namespace
}  // namespace wirelens
