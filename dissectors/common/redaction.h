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
  /// Whether a field of this name can have something to hide; most have not.
  static bool may_hide(std::string_view name) {
    if (name.size() < 5) return false;
    const auto letter = [&](std::size_t i) { return static_cast<unsigned>(name[i] | 0x20); };
    const std::size_t size = name.size();
    switch (letter(size - 2) << 8 | letter(size - 1)) {
      case 'e' << 8 | 'n':  // token
      case 'e' << 8 | 't':  // secret
      case 'r' << 8 | 'd':  // password
      case 'e' << 8 | 'y':  // api-key
      case 'i' << 8 | 'e':  // cookie, set-cookie
      case 'e' << 8 | 'r':  // referer
      case 's' << 8 | 'h':  // refresh
      case 'o' << 8 | 'n':  // location, authorization
        return true;
      default:
        return false;
    }
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
