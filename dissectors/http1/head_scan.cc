// http1/head_scan.cc - looking for heads.
#include "http1/head_scan.h"

#include <algorithm>

#include "base/work.h"
#include "common/http_text.h"
#include "http1/start_line.h"

namespace wirelens::http1 {
namespace {

constexpr std::string_view kVersionPrefix = "HTTP/";
/// What a response begins with, beyond doubt.
constexpr std::string_view kCertainPrefix = "HTTP/1.";
/// "HTTP/1.1 200 ": more need not be seen of a status line to be certain.
constexpr std::size_t kCertainLength = 13;

std::string_view without_cr(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

/// Bytes at the end of `text` that may be the beginning of `prefix`.
std::size_t begun(std::string_view text, std::string_view prefix) {
  std::size_t length = std::min(prefix.size() - 1, text.size());
  while (length > 0 && text.substr(text.size() - length) != prefix.substr(0, length)) --length;
  return length;
}

constexpr std::size_t kScanned = 64;  ///< bytes that are looked at together

/// Where the first block begins, from `i` on, that may hold an empty line's beginning; the last
/// one, of kScanned bytes or less, if there is none.
[[gnu::always_inline]] inline std::size_t next_block(std::string_view text, std::size_t i) {
  for (; i + kScanned < text.size(); i += kScanned) {  // plain arithmetic, to be vectorised
    const char* const at = text.data() + i;
    std::uint8_t found = 0;
    for (std::size_t j = 0; j < kScanned; ++j) {
      found = static_cast<std::uint8_t>(
          found | ((at[j] == '\n') & ((at[j + 1] == '\n') | (at[j + 1] == '\r'))));
    }
    if (found != 0) break;
  }
  return i;
}
#ifdef __x86_64__
[[gnu::target("avx2")]] std::size_t next_block_by_avx2(std::string_view text, std::size_t i) {
  return next_block(text, i);
}
const bool scans_by_avx2 = __builtin_cpu_supports("avx2") != 0;
#endif

std::size_t next_block_by_best(std::string_view text, std::size_t i) {
#ifdef __x86_64__
  if (scans_by_avx2) return next_block_by_avx2(text, i);
#endif
  return next_block(text, i);
}

/// The length of a head: up to and with its empty line; 0 if that is not in `text`. It does not
/// begin before `seen` without the last two bytes.
std::size_t end_of_head(std::string_view text, std::size_t seen) {
  work(text.size() - seen + 1);
  std::size_t i = seen < 2 ? 0 : seen - 2;
  while (i < text.size()) {
    i = next_block_by_best(text, i);
    const std::size_t end = std::min(i + kScanned, text.size());
    for (;;) {
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

/// Where the next status line may begin, behind the first byte.
std::size_t next_response(std::string_view text) {
  const std::size_t found = text.find(kCertainPrefix, 1);
  if (found != std::string_view::npos) return found;
  return std::max<std::size_t>(text.size() - begun(text, kCertainPrefix), 1);
}

/// Where the next request line may begin, behind the first byte: at the beginning of a line, or at
/// a known method.
std::size_t next_request(std::string_view text) {
  for (std::size_t at = 1;; ++at) {
    at = http::find_any<' ', '\n'>(text, at);
    if (at == text.size()) break;
    if (text[at] == ' ') {
      const std::size_t method = method_in_front_of(text, 1, at);
      if (method < at) return method;
    } else if (at + 1 < text.size() && is_upper(text[at + 1])) {
      return at + 1;
    }
  }
  std::size_t begin = text.size();
  while (begin > 1 && text.size() - begin < kLongestMethod && is_upper(text[begin - 1])) --begin;
  return begin;
}

}  // namespace

HeadScan::Guess HeadScan::judge_beginning(std::string_view text) const {
  if (kind_ == Kind::response) {
    const std::size_t common = std::min(text.size(), kVersionPrefix.size());
    if (text.substr(0, common) != kVersionPrefix.substr(0, common)) return Guess::no;
    return common == kVersionPrefix.size() ? Guess::yes : Guess::maybe;
  }
  if (lost_ && !is_upper(text.front())) return Guess::no;
  const std::size_t length = http::token_length(text.substr(0, kLongestMethod + 1));
  if (length == 0 || length > kLongestMethod) return Guess::no;
  if (length == text.size()) return Guess::maybe;
  const char next = text[length];
  return next == ' ' || ((next == '\r' || next == '\n') && !lost_) ? Guess::yes : Guess::no;
}

std::size_t HeadScan::junk(std::string_view text) {
  found_ = Found::junk;
  const std::size_t length = kind_ == Kind::request ? next_request(text) : next_response(text);
  work(length);
  return length;
}

std::size_t HeadScan::junk_line(std::string_view line, std::size_t length) {
  found_ = Found::junk;
  // All that a line can still hold is one request, at its end: whatever else begins in it would end
  // where it ends.
  work(line.size());
  if (kind_ == Kind::request && line.size() > 9 && line.substr(line.size() - 9, 8) == " HTTP/1.") {
    const std::size_t target = line.rfind(' ', line.size() - 10);
    if (target != std::string_view::npos && target > 1) {
      const std::size_t method = method_in_front_of(line, 1, target);
      if (method < target) return method;
    }
  }
  return length;
}

std::size_t HeadScan::judge_start_line(std::string_view text, std::size_t seen) {
  if (judge_beginning(text) == Guess::no) return junk(text);
  const std::size_t lf = text.find('\n', seen);
  work(std::min(lf, text.size()) - seen + 1);
  const bool ended = lf != std::string_view::npos;
  if (lost_ && kind_ == Kind::response && (ended || text.size() >= kCertainLength)) {
    const std::string_view beginning = text.substr(0, std::min(kCertainLength, lf));
    if (!is_certain_start_line(kind_, without_cr(beginning))) return junk(text);
  }
  if (!ended) return 0;
  const std::string_view line = without_cr(text.substr(0, lf));
  if (!lost_) {
    if (kind_ == Kind::request && !is_request_line(line)) return junk_line(line, lf + 1);
    if (kind_ == Kind::request && is_simple_request(line)) {
      found_ = Found::simple;
      return lf + 1;
    }
  } else {
    if (kind_ == Kind::request && !is_certain_start_line(kind_, line)) {
      return junk_line(line, lf + 1);
    }
    // A field or the end of the head follows: nobody only talks about HTTP here.
    if (lf + 1 == text.size()) return 0;
    const char next = text[lf + 1];
    if (next != '\r' && next != '\n' && !http::is_token(next)) return junk_line({}, lf + 1);
  }
  start_line_judged_ = true;
  return end_of_head(text, lf);
}

HeadScan::Found HeadScan::found_too_long(Bytes token) const {
  const std::string_view text = as_text(token);
  if (start_line_judged_) return Found::head;
  const std::string_view method = text.substr(0, http::token_length(text));
  const bool begins = kind_ == Kind::request && is_known_method(method);
  return begins && !lost_ ? Found::head : Found::junk;
}

std::size_t HeadScan::operator()(Bytes available, std::size_t seen) {
  const std::string_view text = as_text(available);
  found_ = Found::head;
  if (start_line_judged_) return end_of_head(text, seen);
  if (text.front() == '\r' || text.front() == '\n') {
    const std::size_t length = text.front() == '\n' ? 1 : 2;
    if (length > text.size()) return 0;
    if (text[length - 1] != '\n') return junk(text);
    found_ = Found::empty_line;
    return length;
  }
  // The byte behind the start line may have been waited for: look at its end again.
  return judge_start_line(text, seen > 0 ? seen - 1 : 0);
}

}  // namespace wirelens::http1
