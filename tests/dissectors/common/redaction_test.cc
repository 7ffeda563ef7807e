// What is taken out of fields, and what stays.
#include "common/redaction.h"

#include <gtest/gtest.h>

namespace wirelens::http {
namespace {

std::string field(std::string_view name, std::string_view value) {
  RedactedTexts texts(*std::pmr::new_delete_resource());
  return std::string(texts.field(name, value));
}
std::string uri(std::string_view text) {
  RedactedTexts texts(*std::pmr::new_delete_resource());
  return std::string(texts.uri(text));
}
std::string content(std::string_view type, std::string_view text) {
  RedactedTexts texts(*std::pmr::new_delete_resource());
  return std::string(texts.content(type, text));
}

TEST(Redaction, Credentials) {
  EXPECT_EQ(field("Authorization", "Basic dXNlcjpwYXNz"), "Basic [redacted]");
  EXPECT_EQ(field("authorization", "Bearer a.b.c"), "Bearer [redacted]");
  EXPECT_EQ(field("Proxy-Authorization", "Digest username=\"a\", response=\"b\""),
            "Digest [redacted]");
  EXPECT_EQ(field("Authorization", "only-a-key"), "[redacted]");
  EXPECT_EQ(field("AUTHORIZATION", "=odd word"), "[redacted]");
}

TEST(Redaction, Cookies) {
  EXPECT_EQ(field("Cookie", "a=1; b=two; c="), "a=[redacted]; b=[redacted]; c=[redacted]");
  EXPECT_EQ(field("Cookie", "value-alone"), "[redacted]");
  EXPECT_EQ(field("Cookie", "a=1;;b=2;"), "a=[redacted];;b=[redacted];");
  EXPECT_EQ(field("Set-Cookie", "id=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly"),
            "id=[redacted]; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly");
  EXPECT_EQ(field("Set-Cookie", "id=1"), "id=[redacted]");
  EXPECT_EQ(field("Set-Cookie", "s3cret; Secure"), "[redacted]; Secure");
}

TEST(Redaction, FieldsThatAreSecrets) {
  for (const char* name : {"X-Api-Key", "X-Auth-Token", "X-Amz-Security-Token", "X-CSRF-Token",
                           "X-Client-Secret", "Ocp-Apim-Subscription-Key", "apikey"}) {
    EXPECT_EQ(field(name, "value"), "[redacted]") << name;
  }
  for (const char* name : {"Host", "Accept", "Content-Length", "Sec-WebSocket-Key",
                           "Idempotency-Key", "User-Agent", "ETag", "Location"}) {
    EXPECT_EQ(field(name, "value"), "value") << name;
  }
  EXPECT_EQ(field("X-Api-Key", ""), "");
}

TEST(Redaction, Uris) {
  EXPECT_EQ(uri("/plain/path"), "/plain/path");
  EXPECT_EQ(uri("/p?q=1&token=abc&x"), "/p?q=1&token=[redacted]&x");
  EXPECT_EQ(uri("/p?PASSWORD=a;sig=b#access_token=c"),
            "/p?PASSWORD=[redacted];sig=[redacted]#access_token=[redacted]");
  EXPECT_EQ(uri("/p;jsessionid=1234?q=1"), "/p;jsessionid=[redacted]?q=1");
  EXPECT_EQ(uri("/p?X-Amz-Signature=1&X-Amz-Credential=2&X-Amz-Date=3"),
            "/p?X-Amz-Signature=[redacted]&X-Amz-Credential=[redacted]&X-Amz-Date=3");
  EXPECT_EQ(uri("http://user:pass@host/p@th"), "http://[redacted]@host/p@th");
  EXPECT_EQ(uri("https://a;b?c@host/"), "https://a;b?c@host/");  // '?' ends the authority
  EXPECT_EQ(uri("https://a;b@host/?token=c"), "https://[redacted]@host/?token=[redacted]");
  EXPECT_EQ(uri("//u@h/"), "//[redacted]@h/");
  EXPECT_EQ(uri("user:pass@host:443"), "[redacted]@host:443");
  EXPECT_EQ(uri("/mail/me@host"), "/mail/me@host");
  EXPECT_EQ(uri("/p?token="), "/p?token=");
  EXPECT_EQ(uri("?"), "?");
  EXPECT_EQ(uri(""), "");
  EXPECT_EQ(field("Referer", "https://a.test/?code=1"), "https://a.test/?code=[redacted]");
  EXPECT_EQ(field("Refresh", "5; url=/x?api_key=1"), "5; url=/x?api_key=[redacted]");
}

TEST(Redaction, Forms) {
  constexpr std::string_view kType = "Application/X-www-form-urlencoded; charset=utf-8";
  EXPECT_EQ(content(kType, "user=ada&password=lovelace&next=%2F"),
            "user=ada&password=[redacted]&next=%2F");
  EXPECT_EQ(content(kType, "plain"), "plain");
  EXPECT_EQ(content("text/plain", "password=lovelace"), "password=lovelace");
}

TEST(Redaction, Json) {
  const auto json = [](std::string_view text) { return content("application/json", text); };
  EXPECT_EQ(json(R"({"user":"ada", "password" : "love\"lace", "n":1})"),
            R"({"user":"ada", "password" : "[redacted]", "n":1})");
  EXPECT_EQ(json(R"({"access_token":12345,"list":["token","x"]})"),
            R"({"access_token":"[redacted]","list":["token","x"]})");
  EXPECT_EQ(json(R"([{"secret":{"a":["}",1]},"b":2}])"), R"([{"secret":"[redacted]","b":2}])");
  EXPECT_EQ(json(R"({"session":null})"), R"({"session":"[redacted]"})");
  EXPECT_EQ(json(R"({"password":"cut of)"), R"({"password":"[redacted])");
  EXPECT_EQ(json("{\"password\":\n\t\"love\"}"), "{\"password\":\n\t\"[redacted]\"}");
  EXPECT_EQ(json(R"({"keys":["eyJhbGciOiJIUzI1NiJ9.e30.x"]})"), R"({"keys":["[redacted]"]})");
  EXPECT_EQ(json(R"({"password":)"), R"({"password":)");
  EXPECT_EQ(json(R"({"passw)"), R"({"passw)");
  EXPECT_EQ(json(""), "");
  EXPECT_EQ(content("application/problem+json", R"({"token":"t"})"), R"({"token":"[redacted]"})");
  EXPECT_EQ(content("", R"( [{"token":"t"}])"), R"( [{"token":"[redacted]"}])");
  EXPECT_EQ(content("", R"("token":"t")"), R"("token":"t")");
}

TEST(Redaction, MultipartForms) {
  const auto parts = [](std::string_view secret) {
    return "--X\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nada\r\n--X\r\n"
           "Content-Disposition: form-data; name=\"password\"\r\n\r\n" +
           std::string(secret) + "\r\n--X--\r\n";
  };
  EXPECT_EQ(content("multipart/form-data; boundary=X", parts("love\r\nlace")), parts("[redacted]"));
  const std::string cut = parts("lovelace");
  const auto at = cut.find("lovelace");
  EXPECT_EQ(content("multipart/form-data", cut.substr(0, at + 4)),
            cut.substr(0, at) + "[redacted]");
}

TEST(Redaction, NoSecretBytesAreLeft) {
  // The replacement says nothing about what it replaces, its length included.
  EXPECT_EQ(field("Cookie", "a=1"), field("Cookie", "a=a much longer value"));
}

}  // namespace
}  // namespace wirelens::http
