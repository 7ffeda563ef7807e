// common/preview.cc - finds names and what they name, in any of the notations that chats use.
#include "common/preview.h"

#include <algorithm>

#include "common/http_text.h"
#include "common/redaction.h"
#include "common/utf8.h"

namespace wirelens {
namespace {

using http::kRedacted;

constexpr bool is_name(char c) {
  return http::is_digit(c) || (http::lower(c) >= 'a' && http::lower(c) <= 'z') || c == '_' ||
         c == '-';
}

bool is_secret(std::string_view name) {
  return http::is_secret_parameter(name) || http::is_secret_field(name) ||
         http::same_ignoring_case(name, "passcode") || http::same_ignoring_case(name, "cookie") ||
         http::same_ignoring_case(name, "set-cookie") ||
         http::same_ignoring_case(name, "proxy-authorization");
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
};
Value value_behind(std::string_view text) {
  std::size_t at = 0;
  std::size_t slashes = 0;
  while (at < text.size() && text[at] == '\\') ++at, ++slashes;
  const bool quoted_name = at < text.size() && text[at] == '"';
  at = quoted_name ? at + 1 : 0;
  while (at < text.size() && text[at] == ' ') ++at;
  if (at == text.size() || (text[at] != ':' && text[at] != '=')) return {};
  const bool line = text[at] == ':' && !quoted_name;
  ++at;
  while (at < text.size() && text[at] == ' ') ++at;
  std::size_t open = at;
  while (open < text.size() && text[open] == '\\') ++open;
  if (open < text.size() && text[open] == '"') {
    return {open + 1, quoted_length(text.substr(open + 1), open - at)};
  }
  const std::string_view rest = text.substr(at);
  const std::size_t length = line ? http::find_any<'\r', '\n'>(rest)
                                  : http::find_any<'&', ',', ';', '}', ']', ' ', '\r', '\n'>(rest);
  return {at, length};
}

/// Length of a JSON Web Token at the front of `text`, or 0.
std::size_t web_token_length(std::string_view text) {
  if (!text.starts_with("eyJ")) return 0;
  std::size_t length = 0;
  while (length < text.size() && (is_name(text[length]) || text[length] == '.')) ++length;
  return length >= 16 ? length : 0;
}

void append_redacted(std::string_view text, std::string& out) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_name(text[at])) {
      out.push_back(text[at++]);
      continue;
    }
    if (const std::size_t token = web_token_length(text.substr(at)); token > 0) {
      out.append(kRedacted);
      at += token;
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
    out.append(text.substr(at, value.begin)).append(kRedacted);
    at += value.begin + value.length;
  }
}

}  // namespace

void write_preview(std::string_view text, bool show_secrets, std::string& out) {
  text = text.substr(0, kPreviewBytes);
  out.clear();
  if (show_secrets) {
    out.append(text.substr(0, utf8_prefix(text, kPreviewCharacters)));
    return;
  }
  append_redacted(text, out);
  out.resize(utf8_prefix(out, kPreviewCharacters));
}

}  // namespace wirelens
