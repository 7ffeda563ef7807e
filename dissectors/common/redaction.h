// common/redaction.h - takes the secrets out of HTTP fields before anybody else sees them.
//
// What is taken out is replaced by "[redacted]", whatever its length, so that the same traffic
// gives the same records and nothing about the secret is left:
//
//   Authorization: Bearer eyJhbGciOi...      Authorization: Bearer [redacted]
//   Cookie: id=9f2c; theme=dark              Cookie: id=[redacted]; theme=[redacted]
//   Set-Cookie: id=9f2c; Path=/; Secure      Set-Cookie: id=[redacted]; Path=/; Secure
//   X-Api-Key: 9f2c                          X-Api-Key: [redacted]
//   Location: https://u:p@a.test/?token=9    Location: https://[redacted]@a.test/?token=[redacted]
//
// In the first bytes of a content, the values of form fields and JSON members whose names say that
// they carry secrets:
//
//   {"user":"ann","password":"9f2c"}         {"user":"ann","password":"[redacted]"}
#pragma once

#include <array>
#include <cstdint>
#include <forward_list>
#include <memory_resource>
#include <string>
#include <string_view>

namespace wirelens::http {

inline constexpr std::string_view kRedacted = "[redacted]";

/// Redacted texts; a view of one lives as long as this.
class RedactedTexts {
 public:
  explicit RedactedTexts(std::pmr::memory_resource& memory) : texts_(&memory) {}

  /// The value of a field as it may be shown: `value` itself when there is nothing to hide.
  std::string_view field(std::string_view name, std::string_view value) {
    return may_hide(name) ? hidden(name, value) : value;
  }
  /// A request target or URI: without userinfo and without the values of parameters that carry
  /// secrets (in the query, the fragment and after ';').
  std::string_view uri(std::string_view uri);
  /// The first bytes of a content, which may end anywhere. `type` is its media type, with or
  /// without parameters: forms (urlencoded, multipart), JSON, and what looks like JSON.
  std::string_view content(std::string_view type, std::string_view content);

 private:
  /// Whether a field of this name can have something to hide, by its last two letters; most have
  /// not.
  static bool may_hide(std::string_view name) {
    // token, secret, password, api-key; cookie, referer, refresh, location and authorization
    static constexpr std::string_view kEnds[] = {"en", "et", "rd", "ey", "ie", "er", "sh", "on"};
    static constexpr auto kBeforeLast = [] {
      std::array<std::uint32_t, 32> letters{};
      for (const std::string_view end : kEnds) letters[end[1] & 31] |= 1u << (end[0] & 31);
      return letters;
    }();
    const std::size_t size = name.size();
    return size >= 5 && (kBeforeLast[name[size - 1] & 31] >> (name[size - 2] & 31) & 1) != 0;
  }
  std::string_view hidden(std::string_view name, std::string_view value);
  std::string_view keep(std::pmr::string&& text);
  std::string_view cookies(std::string_view value, bool first_only);
  std::string_view credentials(std::string_view value);

  std::pmr::forward_list<std::pmr::string> texts_;
};

/// The value of a parameter of this name is a secret: tokens, passwords, keys, signatures.
bool is_secret_parameter(std::string_view name);
/// The value of a field of this name is a secret as a whole (X-Api-Key, X-Auth-Token...).
bool is_secret_field(std::string_view name);

}  // namespace wirelens::http
