// socketio/jsonp.cc - undoing the escapes of JavaScript and of forms.
#include "socketio/jsonp.h"

#include <cstdint>

#include "base/work.h"
#include "common/http_text.h"
#include "socketio/escapes.h"

namespace wirelens::socketio {
std::optional<std::string> payload_of_script(std::string_view script) {
  constexpr std::string_view kBegin = "___eio[";
  if (!script.starts_with(kBegin)) return std::nullopt;
  const std::size_t open = script.find("](\"");
  if (open == std::string_view::npos) return std::nullopt;
  script.remove_prefix(open + 3);
  work(script.size());
  std::string payload;
  while (!script.empty() && script[0] != '"') {
    std::size_t length = 1;
    if (script[0] != '\\') {
      payload.push_back(script[0]);
    } else if (script.size() > 1) {
      length += unescape(script.substr(1), payload);
    }
    script.remove_prefix(length);
  }
  return payload;
}

std::optional<std::string> payload_of_form(std::string_view form) {
  while (!form.empty() && !form.starts_with("d=")) http::cut(form, '&');
  if (form.empty()) return std::nullopt;
  std::string_view value = http::cut(form, '&').substr(2);
  work(value.size());
  std::string text;
  while (!value.empty()) {
    const auto byte = value[0] == '%' ? read_hexadecimal(value.substr(1), 2) : std::nullopt;
    text.push_back(byte ? static_cast<char>(*byte) : value[0] == '+' ? ' ' : value[0]);
    value.remove_prefix(byte ? 3 : 1);
  }
  std::string payload;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::string_view rest = std::string_view(text).substr(at);
    if (rest.starts_with("\\\\n")) {
      payload += "\\n";
      at += 2;
    } else if (rest.starts_with("\\n")) {
      payload += '\n';
      ++at;
    } else {
      payload += text[at];
    }
  }
  return payload;
}

}  // namespace wirelens::socketio
