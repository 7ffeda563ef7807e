// common/redaction.cc - which names carry secrets, and how values lose them.
#include "common/redaction.h"

#include <algorithm>
#include <array>

#include "common/http_text.h"
#include "common/named_secrets.h"

namespace wirelens::http {
namespace {

constexpr std::array<std::string_view, 21> kSecretParameters = {
    "auth",       "authorization", "api_key",   "api-key", "apikey", "key",     "pass",
    "passwd",     "pwd",           "sig",       "hmac",    "code",   "session", "sessionid",
    "session_id", "jsessionid",    "phpsessid", "jwt",     "ticket", "otp",     "assertion"};
constexpr std::array<std::string_view, 9> kSecretEndings = {
    "token", "secret", "password", "signature",   "credential",
    "_key",  "-key",   "apikey",   "samlresponse"};
// Fields end in "-key" for many reasons: only these are secrets.
constexpr std::array<std::string_view, 6> kSecretKeys = {
    "api-key", "apikey", "auth-key", "access-key", "subscription-key", "functions-key"};

template <std::size_t N>
bool ends_with_one_of(std::string_view name, const std::array<std::string_view, N>& endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return ends_ignoring_case(name, ending); });
}

/// Length of "scheme://" or "//" in front of an authority, or 0.
std::size_t before_authority(std::string_view uri) {
  if (uri.starts_with("//")) return 2;
  const std::size_t colon = uri.substr(0, 32).find("://");
  if (colon == std::string_view::npos || !is_token(uri.substr(0, colon))) return 0;
  return colon + 3;
}

/// Appends `query` with the values of secret parameters replaced. True if one was.
bool append_parameters(std::string_view query, std::pmr::string& out) {
  bool found = false;
  while (!query.empty()) {
    const std::size_t end = find_any<'&', ';', '?', '#'>(query);
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && equals + 1 < pair.size() &&
        is_secret_parameter(pair.substr(0, equals))) {
      out.append(pair.substr(0, equals + 1)).append(kRedacted);
      found = true;
    } else {
      out.append(pair);
    }
    if (end == query.size()) break;
    out.push_back(query[end]);
    query.remove_prefix(end + 1);
  }
  return found;
}

/// Appends the parts of a multipart form (RFC 7578), those of secret names replaced. True if one
/// was.
bool append_parts(std::string_view text, std::pmr::string& out) {
  constexpr std::string_view kName = "name=\"";
  bool found = false;
  while (!text.empty()) {
    const std::size_t head = std::min(text.find("\r\n\r\n"), text.size());
    const std::size_t body = std::min(head + 4, text.size());
    const std::size_t end = std::min(text.find("\r\n--", body), text.size());
    std::string_view name = text.substr(0, head);
    const std::size_t begin = name.find(kName);
    name = begin < name.size() ? name.substr(begin + kName.size()) : std::string_view();
    const bool secret = body < end && is_secret_parameter(cut(name, '"'));
    out.append(text.substr(0, body));
    out.append(secret ? kRedacted : text.substr(body, end - body));
    found = found || secret;
    text.remove_prefix(end);
    if (text.size() >= 2) {  // past the line end, so that what follows is the next part's
      out.append(text.substr(0, 2));
      text.remove_prefix(2);
    }
  }
  return found;
}

}  // namespace

bool is_secret_parameter(std::string_view name) {
  return std::any_of(kSecretParameters.begin(), kSecretParameters.end(),
                     [&](std::string_view each) { return same_ignoring_case(name, each); }) ||
         ends_with_one_of(name, kSecretEndings);
}

bool is_secret_field(std::string_view name) {
  if (name.size() < 5) return false;
  switch (lower(name.back())) {  // most names end otherwise
    case 'n':
      return ends_ignoring_case(name, "token");
    case 't':
      return ends_ignoring_case(name, "secret");
    case 'd':
      return ends_ignoring_case(name, "password");
    case 'y':
      return ends_ignoring_case(name, "key") && ends_with_one_of(name, kSecretKeys);
    default:
      return false;
  }
}

std::string_view RedactedTexts::keep(std::pmr::string&& text) {
  return texts_.emplace_front(std::move(text));
}

std::string_view RedactedTexts::credentials(std::string_view value) {
  const std::size_t scheme = value.find(' ');
  if (scheme == std::string_view::npos || !is_token(value.substr(0, scheme))) return kRedacted;
  std::pmr::string text(value.substr(0, scheme + 1), texts_.get_allocator());
  return keep(std::move(text.append(kRedacted)));
}

std::string_view RedactedTexts::cookies(std::string_view value, bool first_only) {
  std::pmr::string text(texts_.get_allocator());
  text.reserve(value.size());
  for (std::string_view rest = value; !rest.empty();) {
    const std::string_view all = rest;
    const std::string_view pair = cut(rest, ';');
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) {
      // A cookie without a name is all value; an attribute (Secure) is none.
      text.append(trimmed(pair).empty() || (first_only && !text.empty()) ? pair : kRedacted);
    } else {
      text.append(pair.substr(0, equals + 1)).append(kRedacted);
    }
    if (pair.size() < all.size()) text.push_back(';');
    if (first_only) {
      text.append(rest);
      break;
    }
  }
  return keep(std::move(text));
}

std::string_view RedactedTexts::hidden(std::string_view name, std::string_view value) {
  if (value.empty()) return value;
  switch (name.size()) {
    case 6:
      if (same_ignoring_case(name, "cookie")) return cookies(value, false);
      break;
    case 7:
      if (same_ignoring_case(name, "referer")) return uri(value);
      if (same_ignoring_case(name, "refresh")) return uri(value);
      break;
    case 8:
      if (same_ignoring_case(name, "location")) return uri(value);
      break;
    case 10:
      if (same_ignoring_case(name, "set-cookie")) return cookies(value, true);
      break;
    case 13:
      if (same_ignoring_case(name, "authorization")) return credentials(value);
      break;
    case 16:
      if (same_ignoring_case(name, "content-location")) return uri(value);
      break;
    case 19:
      if (same_ignoring_case(name, "proxy-authorization")) return credentials(value);
      break;
    default:
      break;
  }
  return is_secret_field(name) ? kRedacted : value;
}

std::string_view RedactedTexts::uri(std::string_view uri) {
  if (find_any<'?', ';', '#', '@'>(uri) == uri.size()) return uri;
  std::pmr::string text(texts_.get_allocator());
  text.reserve(uri.size());
  bool found = false;
  std::string_view rest = uri;
  const std::size_t front = before_authority(uri);
  if (front > 0 || uri.front() != '/') {
    const std::string_view authority =
        uri.substr(front, find_any<'/', '?', '#'>(uri, front) - front);
    const std::size_t at = authority.find_last_of('@');
    if (at != std::string_view::npos) {
      text.append(uri.substr(0, front)).append(kRedacted);
      rest.remove_prefix(front + at);
      found = true;
    }
  }
  const std::size_t parameters = find_any<'?', ';', '#'>(rest);
  const std::size_t begin = std::min(parameters + 1, rest.size());
  text.append(rest.substr(0, begin));
  found = append_parameters(rest.substr(begin), text) || found;
  return found ? keep(std::move(text)) : uri;
}

std::string_view RedactedTexts::content(std::string_view type, std::string_view content) {
  type = trimmed(cut(type, ';'));
  const std::size_t first = content.find_first_not_of(" \t\r\n");
  const bool like_json =
      first != std::string_view::npos && (content[first] == '{' || content[first] == '[');
  std::pmr::string text(texts_.get_allocator());
  text.reserve(content.size());
  bool found = false;
  if (same_ignoring_case(type, "application/x-www-form-urlencoded")) {
    found = append_parameters(content, text);
  } else if (same_ignoring_case(type, "multipart/form-data")) {
    found = append_parts(content, text);
  } else if (like_json || ends_ignoring_case(type, "json")) {
    std::string shown;
    found = append_without_secrets(content, shown);
    text = shown;
  }
  return found ? keep(std::move(text)) : content;
}

}  // namespace wirelens::http
