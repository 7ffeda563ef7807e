// http1/message.cc - reading a head.
#include "http1/message.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/work.h"
#include "common/http_text.h"
#include "http1/start_line.h"

namespace wirelens::http1 {
namespace {

using http::cut;
using http::is_digit;
using http::is_token;
using http::same_ignoring_case;
using http::token_length;
using http::trimmed;

constexpr std::array<Flaw, kFaults> kFlaws = {{
    {"http.bare_lf", "RFC 9112 2.2"},
    {"http.bare_cr", "RFC 9112 2.2"},
    {"http.obs_fold", "RFC 9112 5.2"},
    {"http.space_before_colon", "RFC 9112 5.1"},
    {"http.control_character", "RFC 9110 5.5"},
    {"http.malformed_field", "RFC 9112 5"},
    {"http.malformed_start_line", "RFC 9112 2.1"},
    {"http.space_in_target", "RFC 9112 3.2"},
    {"http.unknown_version", "RFC 9110 2.5"},
    {"http.method_in_lower_case", "RFC 9110 9.1"},
    {"http.missing_host", "RFC 9112 3.2"},
    {"http.repeated_host", "RFC 9112 3.2"},
    {"http.bad_target", "RFC 9112 3.2"},
    {"http.long_request_line", "RFC 9112 3"},
    {"http.long_head", "RFC 9110 5.4"},
    {"http.many_fields", "RFC 9110 5.4"},
    {"http.length_and_coding", "RFC 9112 6.3"},
    {"http.repeated_length", "RFC 9110 8.6"},
    {"http.conflicting_lengths", "RFC 9112 6.3"},
    {"http.invalid_length", "RFC 9112 6.3"},
    {"http.coding_not_final", "RFC 9112 6.3"},
    {"http.coding_in_1_0", "RFC 9112 6.1"},
    {"http.obscured_coding", "RFC 9112 6.1"},
}};

#ifdef __SSE2__
constexpr std::size_t kBlock = sizeof(__m128i);

__m128i block_at(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}
/// A bit for each byte of the block.
unsigned bits_of(__m128i found) {
  return static_cast<unsigned>(_mm_movemask_epi8(found));
}
/// Bytes from `first` up to `count` behind it.
__m128i in_range(__m128i block, char first, char count) {
  const __m128i shifted = _mm_sub_epi8(block, _mm_set1_epi8(first));
  return _mm_cmpeq_epi8(_mm_min_epu8(shifted, _mm_set1_epi8(count)), shifted);
}

/// The next line feed, or `end`. Lines are short: no call of memchr.
char* find_line_feed(char* at, char* end) {
  for (; end - at >= static_cast<std::ptrdiff_t>(kBlock); at += kBlock) {
    const unsigned found = bits_of(_mm_cmpeq_epi8(block_at(at), _mm_set1_epi8('\n')));
    if (found != 0) return at + __builtin_ctz(found);
  }
  while (at < end && *at != '\n') ++at;
  return at;
}

/// As token_length(): letters, digits and '-' sixteen at a time. `readable` bytes are there from
/// the line's begin on.
std::size_t name_length(std::string_view line, std::size_t readable) {
  std::size_t length = 0;
  for (; length + kBlock <= readable; length += kBlock) {
    const __m128i block = block_at(line.data() + length);
    const __m128i letter = in_range(_mm_or_si128(block, _mm_set1_epi8(0x20)), 'a', 25);
    const __m128i other =
        _mm_or_si128(in_range(block, '0', 9), _mm_cmpeq_epi8(block, _mm_set1_epi8('-')));
    const unsigned found = bits_of(_mm_or_si128(letter, other)) ^ 0xffff;
    if (found == 0) continue;
    length += static_cast<unsigned>(__builtin_ctz(found));
    break;
  }
  if (length >= line.size()) return line.size();
  return is_token(line[length]) ? length + token_length(line.substr(length)) : length;
}
#else
char* find_line_feed(char* at, char* end) {
  void* const found = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
  return found ? static_cast<char*>(found) : end;
}
std::size_t name_length(std::string_view line, std::size_t) {
  return token_length(line);
}
#endif

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

std::optional<std::uint64_t> decimal(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    if (__builtin_mul_overflow(value, 10u, &value) ||
        __builtin_add_overflow(value, static_cast<std::uint64_t>(c - '0'), &value)) {
      return std::nullopt;
    }
  }
  return value;
}

/// The digits of "HTTP/1.1"; nothing if it is no version at all.
std::optional<std::string_view> version_of(std::string_view text) {
  if (text.size() != 8 || !text.starts_with("HTTP/") || !is_digit(text[5]) || text[6] != '.' ||
      !is_digit(text[7])) {
    return std::nullopt;
  }
  return text.substr(5);
}

bool is_absolute(std::string_view target) {
  const std::size_t colon = target.substr(0, 32).find("://");
  return colon != std::string_view::npos && is_token(target.substr(0, colon));
}

}  // namespace

const Flaw& flaw_of(Fault fault) {
  return kFlaws[static_cast<std::size_t>(fault)];
}

namespace {

using Lanes [[gnu::vector_size(32)]] = std::uint8_t;

[[gnu::always_inline]] inline TextMarks marks_by_lanes(const char* at, std::size_t size) {
  using Words [[gnu::vector_size(32)]] = std::uint64_t;
  constexpr std::size_t kMostCounted = 255;  // in a byte
  TextMarks marks;
  Lanes control{}, bare_cr{}, lines{};
  // A block looks one byte further.
  const auto look = [&](const char* block) __attribute__((always_inline)) {
    Lanes c, next;
    std::memcpy(&c, block, sizeof c);
    std::memcpy(&next, block + 1, sizeof next);
    const auto feed = reinterpret_cast<Lanes>(c == '\n');
    const auto cr = reinterpret_cast<Lanes>(c == '\r');
    const auto low = reinterpret_cast<Lanes>(c < 0x20);
    const auto tab = reinterpret_cast<Lanes>(c == '\t');
    control |= (low & ~(feed | cr | tab)) | reinterpret_cast<Lanes>(c == 0x7f);
    bare_cr |= cr & ~reinterpret_cast<Lanes>(next == '\n');
    lines -= feed;
  };
  const auto count_lines = [&]() __attribute__((always_inline)) {
    constexpr std::uint64_t kPairs = 0x00ff00ff00ff00ff;
    const Words words = reinterpret_cast<Words>(lines);
    const Words sums = (words & kPairs) + (words >> 8 & kPairs);
    marks.lines += ((sums[0] + sums[1] + sums[2] + sums[3]) * 0x0001000100010001) >> 48;
    lines = Lanes{};
  };
  while (size > sizeof(Lanes)) {
    const std::size_t blocks = std::min((size - 1) / sizeof(Lanes), kMostCounted);
    const char* const end = at + blocks * sizeof(Lanes);
    for (; at != end; at += sizeof(Lanes)) look(at);
    size -= blocks * sizeof(Lanes);
    count_lines();
  }
  char last[sizeof(Lanes) + 1];
  std::fill_n(last, sizeof last, ' ');
  std::copy_n(at, size, last);
  last[size] = '\n';  // a CR at the end is none without LF
  look(last);
  count_lines();
  if (size < sizeof(Lanes)) --marks.lines;
  const auto any = [](const Lanes& found) __attribute__((always_inline)) {
    const Words words = reinterpret_cast<const Words&>(found);
    return (words[0] | words[1] | words[2] | words[3]) != 0;
  };
  marks.control = any(control);
  marks.bare_cr = any(bare_cr);
  return marks;
}

#ifdef __x86_64__
[[gnu::target("avx2")]] TextMarks marks_by_avx2(const char* at, std::size_t size) {
  return marks_by_lanes(at, size);
}
const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
#endif

}  // namespace

TextMarks marks_of(std::string_view text) {
#ifdef __x86_64__
  if (has_avx2) return marks_by_avx2(text.data(), text.size());
#endif
  return marks_by_lanes(text.data(), text.size());
}

[[gnu::always_inline]] inline void HeadParser::field_line(std::string_view line,
                                                          std::size_t readable, bool store) {
  const std::size_t length = name_length(line, readable);
  std::string_view name = line.substr(0, length);
  std::size_t colon = length;
  if (colon == line.size() || line[colon] != ':' || name.empty()) {
    colon = line.find(':');
    if (colon == std::string_view::npos) {
      head_.faults.add(Fault::malformed_field);
      return;
    }
    name = trimmed(line.substr(0, colon));
    head_.faults.add(is_token(name) ? Fault::space_before_colon : Fault::malformed_field);
  }
  std::string_view value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (!value.empty() && (value.front() <= ' ' || value.back() <= ' ')) value = trimmed(value);
  if (store && head_.fields == capacity_) {
    head_.faults.add(Fault::many_fields);
    store = false;
  }
  if (store) std::construct_at(fields_ + head_.fields++, name, value);
  constexpr std::uint32_t kKnownLengths =
      1u << 4 | 1u << 7 | 1u << 10 | 1u << 12 | 1u << 14 | 1u << 16 | 1u << 17;
  if (name.size() < 32 && (kKnownLengths >> name.size() & 1) != 0) known_field(name, value, store);
}

void HeadParser::parse(char* text, std::size_t size, const TextMarks& marks) {
  work(size);
  if (marks.control) head_.faults.add(Fault::control_character);
  if (marks.bare_cr) head_.faults.add(Fault::bare_cr);
  char* const end = text + size;
  for (char* at = text; at < end;) {
    const bool first = at == text;
    char* lf = find_line_feed(at, end);
    // A folded line (obs-fold) goes on where the next begins with white space.
    while (end - lf > 1 && is_space(lf[1]) && !first && lf > at && *at != '\r') {
      head_.faults.add(Fault::obs_fold);
      if (lf[-1] == '\r') lf[-1] = ' ';
      *lf = ' ';
      lf = find_line_feed(lf + 1, end);
    }
    char* line_end = lf;
    if (line_end > at && line_end[-1] == '\r') {
      --line_end;
    } else if (lf < end) {
      head_.faults.add(Fault::bare_lf);
    }
    const std::string_view line(at, static_cast<std::size_t>(line_end - at));
    if (first) {
      start_line(line);
    } else if (!line.empty()) {
      field_line(line, static_cast<std::size_t>(end - at), true);
    }
    at = lf + 1;
  }
}

void HeadParser::start_line(std::string_view line) {
  head_.kind == Kind::request ? request_line(line) : status_line(line);
}

void HeadParser::request_line(std::string_view line) {
  const std::string_view whole = line;
  head_.method = line.substr(0, token_length(line));
  line.remove_prefix(head_.method.size());
  if (line.empty() || line.front() != ' ') {
    head_.faults.add(Fault::malformed_start_line);
    return;
  }
  line = trimmed(line);
  // The version is what follows the last space: a target with spaces in it is still one target.
  const std::size_t space = line.find_last_of(' ');
  const std::string_view last =
      space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
  head_.target = line;
  if (last.starts_with("HTTP/")) {
    head_.target = trimmed(line.substr(0, space));
    head_.version = version_of(last);
    if (!head_.version) head_.faults.add(Fault::malformed_start_line);
  } else if (is_simple_request(whole)) {
    head_.version = "0.9";
  } else {
    head_.faults.add(Fault::malformed_start_line);
  }
  if (whole.size() > kMaxRequestLine) {
    head_.faults.add(Fault::long_request_line);
    head_.target = head_.target.substr(0, kMaxRequestLine - head_.method.size());
  }
  check_target();
}

void HeadParser::check_target() {
  const std::string_view target = head_.target;
  if (http::find_any<' ', '\t'>(target) < target.size()) {
    head_.faults.add(Fault::space_in_target);
  }
  const bool connects = head_.method == "CONNECT";
  const bool fits = target.starts_with("/") ? !connects
                    : target == "*"         ? head_.method == "OPTIONS"
                    : is_absolute(target)   ? !connects
                                            : connects && target.find(':') != target.npos;
  if (!fits) head_.faults.add(Fault::bad_target);
  if (!head_.method.empty() && head_.method.front() >= 'a' && head_.method.front() <= 'z') {
    head_.faults.add(Fault::method_in_lower_case);
  }
  if (head_.version && !head_.version->starts_with("1.") && !head_.is_0_9()) {
    head_.faults.add(Fault::unknown_version);
  }
}

void HeadParser::status_line(std::string_view line) {
  const std::string_view version = line.substr(0, line.find(' '));
  head_.version = version_of(version);
  line.remove_prefix(version.size());
  line = trimmed(line);
  const std::string_view digits = line.substr(0, line.find(' '));
  const std::optional<std::uint64_t> status = decimal(digits);
  const bool valid = status && digits.size() == 3 && digits[0] >= '1';
  if (!head_.version || !valid) head_.faults.add(Fault::malformed_start_line);
  if (valid) head_.status = static_cast<std::uint16_t>(*status);
  line.remove_prefix(digits.size());
  if (!line.empty()) line.remove_prefix(1);
  head_.reason = line;
  if (head_.version && !head_.version->starts_with("1.")) head_.faults.add(Fault::unknown_version);
}

void HeadParser::field_line(std::string_view line, bool store) {
  field_line(line, line.size(), store);
}

void HeadParser::known_field(std::string_view name, std::string_view value, bool store) {
  const auto keep = [&](std::optional<std::string_view>& where) {
    if (store && !where) where = value;
  };
  switch (name.size()) {
    case 4:
      if (!same_ignoring_case(name, "host")) return;
      if (head_.host) head_.faults.add(Fault::repeated_host);
      return keep(head_.host);
    case 7:
      if (same_ignoring_case(name, "upgrade")) keep(head_.upgrade);
      return;
    case 10:
      if (!same_ignoring_case(name, "connection")) return;
      for (std::string_view rest = value; !rest.empty();) {
        if (same_ignoring_case(trimmed(cut(rest, ',')), "upgrade")) head_.upgrades = true;
      }
      return;
    case 12:
      if (same_ignoring_case(name, "content-type")) keep(head_.content_type);
      return;
    case 14:
      if (same_ignoring_case(name, "content-length")) content_length(value);
      return;
    case 16:
      if (same_ignoring_case(name, "content-encoding")) keep(head_.content_encoding);
      return;
    case 17:
      if (same_ignoring_case(name, "transfer-encoding")) transfer_encoding(value);
      return;
    default:
      return;
  }
}

void HeadParser::content_length(std::string_view value) {
  bool again = head_.has_length;
  head_.has_length = true;
  std::string_view rest = value;
  do {
    const std::optional<std::uint64_t> length = decimal(trimmed(cut(rest, ',')));
    if (!length) {
      head_.faults.add(Fault::invalid_length);
    } else if (!again) {
      head_.length = length;
    } else if (head_.length == length) {
      head_.faults.add(Fault::repeated_length);
    } else if (head_.length) {
      head_.faults.add(Fault::conflicting_lengths);
    }
    again = true;
  } while (!rest.empty());
}

void HeadParser::transfer_encoding(std::string_view value) {
  if (head_.coding == TransferCoding::none) head_.coding = TransferCoding::other;
  std::string_view rest = value;
  do {
    std::string_view element = cut(rest, ',');
    const std::string_view coding = trimmed(cut(element, ';'));
    if (same_ignoring_case(coding, "chunked")) {
      if (chunked_before_) head_.faults.add(Fault::obscured_coding);
      chunked_before_ = true;
      head_.coding = other_coding_ ? TransferCoding::coded_chunks : TransferCoding::chunked;
      continue;
    }
    if (coding.empty()) {
      head_.faults.add(Fault::obscured_coding);
      continue;
    }
    constexpr std::array<std::string_view, 6> kRegistered = {"gzip",     "x-gzip",     "deflate",
                                                             "compress", "x-compress", "identity"};
    bool registered = false;
    for (const std::string_view each : kRegistered) registered |= same_ignoring_case(coding, each);
    if (!registered) head_.faults.add(Fault::obscured_coding);
    other_coding_ = true;
    head_.coding = TransferCoding::other;
  } while (!rest.empty());
}

const Head& HeadParser::finish() {
  Faults& faults = head_.faults;
  if (head_.coding != TransferCoding::none) {
    if (head_.has_length) faults.add(Fault::length_and_coding);
    if (head_.coding == TransferCoding::other) faults.add(Fault::coding_not_final);
    if (head_.is_1_0()) faults.add(Fault::coding_in_1_0);
    if (faults.has(Fault::space_before_colon)) faults.add(Fault::obscured_coding);
  }
  const bool needs_host =
      head_.kind == Kind::request && head_.version && !head_.is_1_0() && !head_.is_0_9();
  if (needs_host && !head_.host && !faults.has(Fault::long_head)) faults.add(Fault::missing_host);
  return head_;
}

}  // namespace wirelens::http1
