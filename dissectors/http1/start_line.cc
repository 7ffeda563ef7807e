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

constexpr std::string_view kVersionPrefix = "HTTP/";
/// Longer tokens are no methods.
constexpr std::size_t kLongestMethod = 32;

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

std::string_view without_cr(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

/// A request line worth reading as one: of a known method, or with a version at its end.
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

/// The length of a head: up to and with its empty line; 0 if that is not in `text`. It does not
/// begin before `seen` without the last two bytes.
std::size_t end_of_head(std::string_view text, std::size_t seen) {
  constexpr std::size_t kBlock = 64;
  std::size_t i = seen < 2 ? 0 : seen - 2;
  while (i < text.size()) {
    const std::size_t end = std::min(i + kBlock, text.size());
    bool worth_a_look = true;
    if (i + kBlock < text.size()) {  // plain arithmetic, for the compiler to vectorise
      const char* const at = text.data() + i;
      std::uint8_t found = 0;
      for (std::size_t j = 0; j < kBlock; ++j) {
        found = static_cast<std::uint8_t>(
            found | ((at[j] == '\n') & ((at[j + 1] == '\n') | (at[j + 1] == '\r'))));
      }
      worth_a_look = found != 0;
    }
    while (worth_a_look) {
      i = text.find('\n', i);
      if (i >= end) break;
      const std::string_view next = text.substr(++i, 2);
      if (next.starts_with('\n')) return i + 1;
      if (next == "\r\n") return i + 2;
    }
    i = end;
  }
  return 0;
}

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
  constexpr std::string_view kBeginning = "HTTP/1.";
  const std::size_t common = std::min(text.size(), kBeginning.size());
  if (text.substr(0, common) != kBeginning.substr(0, common)) return Fit::no;
  if (text.size() <= kBeginning.size()) return Fit::unsure;
  return is_digit(text[kBeginning.size()]) ? Fit::certain : Fit::no;
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

HeadScan::Guess HeadScan::judge_beginning(std::string_view text) const {
  if (kind_ == Kind::response) {
    const std::size_t common = std::min(text.size(), kVersionPrefix.size());
    if (text.substr(0, common) != kVersionPrefix.substr(0, common)) return Guess::no;
    return common == kVersionPrefix.size() ? Guess::yes : Guess::maybe;
  }
  if (lost_ && (text.front() < 'A' || text.front() > 'Z')) return Guess::no;
  const std::size_t length = token_length(text.substr(0, kLongestMethod + 1));
  if (length > kLongestMethod || length == 0)
    return length < text.size() ? Guess::no : Guess::maybe;
  if (length == text.size()) return Guess::maybe;
  const char next = text[length];
  return next == ' ' || ((next == '\r' || next == '\n') && !lost_) ? Guess::yes : Guess::no;
}

std::size_t HeadScan::junk(Bytes available) {
  found_ = Found::junk;
  const std::string_view text = as_text(available);
  for (std::size_t at = 0;;) {
    const std::size_t lf = text.find('\n', at);
    mid_line_ = lf == std::string_view::npos;
    if (mid_line_) return text.size();
    at = lf + 1;
    if (at == text.size() || judge_beginning(text.substr(at)) != Guess::no) return at;
  }
}

HeadScan::Found HeadScan::found_too_long(Bytes token) const {
  const std::string_view text = as_text(token);
  if (start_line_judged_) return Found::head;
  const bool begins = kind_ == Kind::request && is_known_method(text.substr(0, token_length(text)));
  return begins && !lost_ ? Found::head : Found::junk;
}

std::size_t HeadScan::operator()(Bytes available, std::size_t seen) {
  const std::string_view text = as_text(available);
  if (mid_line_) return junk(available);
  if (!start_line_judged_) {
    if (text.front() == '\r' || text.front() == '\n') {
      const std::size_t length = text.front() == '\n' ? 1 : 2;
      if (length > text.size()) return 0;
      found_ = Found::empty_line;
      return text[length - 1] == '\n' ? length : junk(available);
    }
    if (judge_beginning(text) == Guess::no) return junk(available);
    const std::size_t lf = text.find('\n', seen);
    if (lf == std::string_view::npos) return 0;
    const std::string_view line = without_cr(text.substr(0, lf));
    const bool fits = lost_ ? is_certain_start_line(kind_, line)
                            : kind_ == Kind::response || is_request_line(line);
    if (!fits) return junk(available);
    start_line_judged_ = true;
    if (kind_ == Kind::request && !lost_ && is_simple_request(line)) {
      found_ = Found::simple;
      return lf + 1;
    }
    seen = lf;
  }
  found_ = Found::head;
  return end_of_head(text, seen);
}

}  // namespace wirelens::http1
