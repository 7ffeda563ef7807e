// http1/message.cc - reading a head.
#include "http1/message.h"

#include <algorithm>
#include <array>
#include <memory>

#include "base/work.h"
#include "common/http_text.h"
#include "http1/start_line.h"
#include "http1/text_marks.h"

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

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

/// The fields that known_field() knows.
constexpr std::string_view kKnown[] = {
    "host",           "upgrade",          "connection",       "content-type",
    "content-length", "content-encoding", "transfer-encoding"};

/// By first letter and length, which most other fields do not share with these.
bool may_be_known(std::string_view name) {
  static constexpr auto kLengths = [] {
    std::array<std::uint32_t, 32> lengths{};
    for (const std::string_view known : kKnown) lengths[known[0] & 31] |= 1u << known.size();
    return lengths;
  }();
  return !name.empty() && name.size() < 32 && (kLengths[name[0] & 31] >> name.size() & 1) != 0;
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

[[gnu::always_inline]] inline void HeadParser::field_line(std::string_view line,
                                                          std::size_t name_length, bool store) {
  std::string_view name(line.data(), name_length);
  std::size_t colon = name_length;
  if (colon == line.size() || line[colon] != ':' || name.empty()) {
    colon = line.find(':');
    if (colon == std::string_view::npos) {
      head_.faults.add(Fault::malformed_field);
      return;
    }
    name = trimmed(line.substr(0, colon));
    head_.faults.add(is_token(name) ? Fault::space_before_colon : Fault::malformed_field);
  }
  std::string_view value = line;
  value.remove_prefix(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (!value.empty() && (value.front() <= ' ' || value.back() <= ' ')) value = trimmed(value);
  if (store && head_.fields == capacity_) {
    head_.faults.add(Fault::many_fields);
    store = false;
  }
  if (store) std::construct_at(fields_ + head_.fields++, name, value);
  if (may_be_known(name)) known_field(name, value, store);
}

void HeadParser::parse(char* text, const TextMarks& marks) {
  const std::size_t size = marks.size();
  work(size);
  if (marks.control()) head_.faults.add(Fault::control_character);
  if (marks.bare_cr()) head_.faults.add(Fault::bare_cr);
  for (std::size_t at = 0; at < size;) {
    std::size_t lf = marks.line_end(at);
    // A folded line (obs-fold) goes on where the next begins with white space.
    while (size - lf > 1 && is_space(text[lf + 1]) && at > 0 && lf > at && text[at] != '\r') {
      head_.faults.add(Fault::obs_fold);
      if (text[lf - 1] == '\r') text[lf - 1] = ' ';
      text[lf] = ' ';
      lf = marks.line_end(lf + 1);
    }
    std::size_t end = lf;
    if (end > at && text[end - 1] == '\r') {
      --end;
    } else if (lf < size) {
      head_.faults.add(Fault::bare_lf);
    }
    const std::string_view line(text + at, end - at);
    if (at == 0) {
      start_line(line);
    } else if (!line.empty()) {
      std::size_t name = marks.name_end(at) - at;
      if (name < line.size() && is_token(line[name])) name += token_length(line.substr(name));
      field_line(line, name, true);
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
  field_line(line, token_length(line), store);
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
