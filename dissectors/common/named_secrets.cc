// common/named_secrets.cc - finds names and what they name, in any of the notations that chats and
// forms use.
#include "common/named_secrets.h"

#include <algorithm>

#include "common/http_text.h"
#include "common/redaction.h"

namespace wirelens::http {
namespace {

constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// Where the JSON string that begins at `at` ends, behind its closing quote, or the text does.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

/// Length of the JSON value at the front of `text`, or of what there is of it.
std::size_t end_of_value(std::string_view text) {
  std::size_t at = 0;
  std::size_t depth = 0;
  while (at < text.size()) {
    const char letter = text[at];
    const bool closes = letter == '}' || letter == ']';
    if (depth == 0 && (closes || letter == ',')) return at;
    if (letter == '"') {
      at = end_of_string(text, at);
    } else {
      if (letter == '{' || letter == '[') ++depth;
      if (closes) --depth;
      ++at;
    }
    if (depth == 0 && (letter == '"' || closes)) return at;
  }
  return at;
}

constexpr bool is_name(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || c == '-';
}

bool is_secret(std::string_view name) {
  return is_secret_parameter(name) || is_secret_field(name) ||
         same_ignoring_case(name, "passcode") || same_ignoring_case(name, "cookie") ||
         same_ignoring_case(name, "set-cookie") || same_ignoring_case(name, "proxy-authorization");
}

/// Length of what stands in quotes at the front of `text`, without the closing one; `slashes`
/// stand in front of each quote (JSON inside JSON).
std::size_t quoted_length(std::string_view text, std::size_t slashes) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::size_t before = 0;
    while (at + before < text.size() && text[at + before] == '\\') ++before;
    if (at + before < text.size() && text[at + before] == '"' && before <= slashes) return at;
    at += before;
  }
  return text.size();
}

/// Where the value behind a name begins, from behind the name: past quotes, white space and one
/// colon or equals sign. 0 if there is none.
struct Value {
  std::size_t begin = 0;
  std::size_t length = 0;
  bool unquoted = false;  ///< a number, an object or a word where JSON would have a string, too
};
Value value_behind(std::string_view text) {
  std::size_t at = 0;
  std::size_t slashes = 0;
  while (at < text.size() && text[at] == '\\') ++at, ++slashes;
  const bool quoted_name = at < text.size() && text[at] == '"';
  at = quoted_name ? at + 1 : 0;
  const auto skip_space = [&] {
    while (at < text.size() && (text[at] == ' ' || (quoted_name && is_space(text[at])))) ++at;
  };
  skip_space();
  if (at == text.size() || (text[at] != ':' && text[at] != '=')) return {};
  const bool line = text[at] == ':' && !quoted_name;
  ++at;
  skip_space();
  std::size_t open = at;
  while (open < text.size() && text[open] == '\\') ++open;
  if (open < text.size() && text[open] == '"') {
    return {open + 1, quoted_length(text.substr(open + 1), open - at)};
  }
  const std::string_view rest = text.substr(at);
  const bool json = quoted_name && slashes == 0;
  if (json && (rest.starts_with('{') || rest.starts_with('['))) {
    return {at, end_of_value(rest), true};
  }
  const std::size_t length =
      line ? find_any<'\r', '\n'>(rest) : find_any<'&', ',', ';', '}', ']', ' ', '\r', '\n'>(rest);
  return {at, length, json};
}

/// Length of a JSON Web Token at the front of `text`, or 0.
std::size_t web_token_length(std::string_view text) {
  if (!text.starts_with("eyJ")) return 0;
  std::size_t length = 0;
  while (length < text.size() && (is_name(text[length]) || text[length] == '.')) ++length;
  return length >= 16 ? length : 0;
}

}  // namespace

bool append_without_secrets(std::string_view text, std::string& out) {
  bool found = false;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_name(text[at])) {
      out.push_back(text[at++]);
      continue;
    }
    if (const std::size_t token = web_token_length(text.substr(at)); token > 0) {
      out.append(kRedacted);
      at += token;
      found = true;
      continue;
    }
    std::size_t length = 0;
    while (at + length < text.size() && is_name(text[at + length])) ++length;
    const std::string_view name = text.substr(at, length);
    out.append(name);
    at += length;
    if (!is_secret(name)) continue;
    const Value value = value_behind(text.substr(at));
    if (value.length == 0) continue;
    const std::string_view quote = value.unquoted ? "\"" : "";
    out.append(text.substr(at, value.begin)).append(quote).append(kRedacted).append(quote);
    at += value.begin + value.length;
    found = true;
  }
  return found;
}

}  // namespace wirelens::http
