// http1/start_line.cc - recognising a request line or status line.
#include "http1/start_line.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "common/http_text.h"

namespace wirelens::http1 {
namespace {

using http::is_digit;
using http::token_length;

/// Longer tokens are no methods.

// Sorted. The registry of IANA, without PRI (the preface of HTTP/2), and at the end of each letter
// what is in use without being registered.
constexpr std::array<std::string_view, 49> kMethods = {"ACL",
                                                       "BASELINE-CONTROL",
                                                       "BIND",
                                                       "BITS_POST",
                                                       "CCM_POST",
                                                       "CHECKIN",
                                                       "CHECKOUT",
                                                       "CONNECT",
                                                       "COPY",
                                                       "DELETE",
                                                       "GET",
                                                       "HEAD",
                                                       "LABEL",
                                                       "LINK",
                                                       "LOCK",
                                                       "M-SEARCH",
                                                       "MERGE",
                                                       "MKACTIVITY",
                                                       "MKCALENDAR",
                                                       "MKCOL",
                                                       "MKREDIRECTREF",
                                                       "MKWORKSPACE",
                                                       "MOVE",
                                                       "NOTIFY",
                                                       "OPTIONS",
                                                       "ORDERPATCH",
                                                       "PATCH",
                                                       "POST",
                                                       "PROPFIND",
                                                       "PROPPATCH",
                                                       "PURGE",
                                                       "PUT",
                                                       "QUERY",
                                                       "REBIND",
                                                       "REPORT",
                                                       "RPC_IN_DATA",
                                                       "RPC_OUT_DATA",
                                                       "SEARCH",
                                                       "SUBSCRIBE",
                                                       "TRACE",
                                                       "UNBIND",
                                                       "UNCHECKOUT",
                                                       "UNLINK",
                                                       "UNLOCK",
                                                       "UNSUBSCRIBE",
                                                       "UPDATE",
                                                       "UPDATEREDIRECTREF",
                                                       "VERSION-CONTROL",
                                                       "X-MS-ENUMATTS"};
static_assert(std::is_sorted(kMethods.begin(), kMethods.end()));

Fit probe_request(std::string_view text) {
  while (!text.empty() && (text.front() == '\r' || text.front() == '\n')) text.remove_prefix(1);
  const std::size_t length = token_length(text);
  if (length > kLongestMethod) return Fit::no;
  if (length == text.size()) return Fit::unsure;
  if (length == 0 || text[length] != ' ') return Fit::no;
  const std::string_view method = text.substr(0, length);
  const std::string_view target = text.substr(length + 1);
  const bool known = is_known_method(method);
  if (known && target.starts_with('/')) return Fit::certain;
  const std::string_view line = text.substr(0, text.find('\n'));
  if (line.size() == text.size()) return method == "PRI" ? Fit::no : Fit::unsure;
  return line.find(" HTTP/1.", length) != std::string_view::npos ? Fit::certain : Fit::no;
}

Fit probe_response(std::string_view text) {
  // Each place of "HTTP/1.1 200 ", as far as it is there. A request line may end in "HTTP/1.1".
  constexpr std::string_view kPattern = "HTTP/1.d ddd";
  const std::size_t length = std::min(text.size(), kPattern.size());
  for (std::size_t i = 0; i < length; ++i) {
    if (kPattern[i] == 'd' ? !is_digit(text[i]) : text[i] != kPattern[i]) return Fit::no;
  }
  return length == kPattern.size() ? Fit::certain : Fit::unsure;
}

}  // namespace

bool is_known_method(std::string_view method) {
  return std::binary_search(kMethods.begin(), kMethods.end(), method);
}

Fit probe(Kind kind, Bytes first) {
  return kind == Kind::request ? probe_request(as_text(first)) : probe_response(as_text(first));
}
Fit probe(Direction, Bytes first) {
  return std::max(probe(Kind::request, first), probe(Kind::response, first));
}

bool is_request_line(std::string_view line) {
  const std::string_view method = line.substr(0, token_length(line));
  if (method.empty() || method.size() > kLongestMethod) return false;
  if (method.size() < line.size() && line[method.size()] != ' ') return false;
  const std::size_t version = line.rfind(" HTTP/1.");
  if (version != std::string_view::npos && version >= method.size()) return true;
  // Other protocols share methods (SIP and RTSP: OPTIONS, SUBSCRIBE) but not the version.
  return is_known_method(method) && line.find(" SIP/") == std::string_view::npos &&
         line.find(" RTSP/") == std::string_view::npos;
}

bool is_certain_start_line(Kind kind, std::string_view line) {
  if (kind == Kind::response) {
    return line.size() >= 12 && line.starts_with("HTTP/1.") && is_digit(line[7]) &&
           line[8] == ' ' && is_digit(line[9]) && is_digit(line[10]) && is_digit(line[11]) &&
           (line.size() == 12 || line[12] == ' ');
  }
  const std::string_view method = line.substr(0, token_length(line));
  if (method.empty() || method.size() > kLongestMethod || line.size() < method.size() + 11) {
    return false;
  }
  const std::string_view version = line.substr(line.size() - 9);
  const std::string_view target = line.substr(method.size(), line.size() - 9 - method.size());
  return version.starts_with(" HTTP/1.") && is_digit(version[8]) && target.size() > 1 &&
         target[0] == ' ' && target.find(' ', 1) == std::string_view::npos &&
         method.front() >= 'A' && method.front() <= 'Z';
}

bool is_simple_request(std::string_view line) {
  return line.starts_with("GET /") && line.find(' ', 4) == std::string_view::npos &&
         line.find("HTTP/") == std::string_view::npos;
}

std::size_t method_in_front_of(std::string_view text, std::size_t from, std::size_t space) {
  constexpr std::size_t kLongestKnown = 17;
  const auto is_letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (space == from || !is_letter(text[space - 1])) return space;
  for (std::size_t at = space - std::min(space - from, kLongestKnown); at < space; ++at) {
    if (is_letter(text[at]) && is_known_method(text.substr(at, space - at))) return at;
  }
  return space;
}

}  // namespace wirelens::http1
