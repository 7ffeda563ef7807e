// report/json_writer.cc - numbers by to_chars, text eight bytes at a time.
#include "report/json_writer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/bytes.h"
#include "report/wire_text.h"

namespace wirelens {
namespace {

constexpr std::size_t kNumberRoom = 32;  ///< the longest double or integer in decimal
constexpr std::size_t kEscapeRoom = 12;  ///< two \uNNNN
constexpr std::size_t kWord = 8;
constexpr char kHexadecimal[] = "0123456789abcdef";

/// Not 0 if a byte of `word` is below 0x20, 0x7F or above, a quote or a backslash.
std::uint64_t unusual(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  const auto below = [](std::uint64_t value, std::uint64_t limit) {
    return (value - kOnes * limit) & ~value;
  };
  const std::uint64_t quote = below(word ^ kOnes * '"', 1);
  const std::uint64_t backslash = below(word ^ kOnes * '\\', 1);
  return (below(word, 0x20) | quote | backslash | (word + kOnes) | word) & kHigh;
}

bool is_unusual(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte >= 0x7F || c == '"' || c == '\\';
}

/// As memcpy(), without a call for what is as short as most names and numbers: two moves that may
/// overlap.
void copy(const char* from, std::size_t count, char* to) {
  const auto by = [&](auto word) {
    auto last = word;
    std::memcpy(&word, from, sizeof word);
    std::memcpy(&last, from + count - sizeof last, sizeof last);
    std::memcpy(to, &word, sizeof word);
    std::memcpy(to + count - sizeof last, &last, sizeof last);
  };
  if (count > 2 * kWord) {
    std::memcpy(to, from, count);
  } else if (count >= kWord) {
    by(std::uint64_t{});
  } else if (count >= 4) {
    by(std::uint32_t{});
  } else if (count >= 2) {
    by(std::uint16_t{});
  } else if (count == 1) {
    *to = *from;
  }
}

/// Bytes at the front of `text` that are copied as they are.
std::size_t plain_prefix(std::string_view text) {
  std::size_t at = 0;
  for (; at + kWord <= text.size(); at += kWord) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, kWord);
    if (unusual(word)) break;
  }
  if (at > 0 && at < text.size() && text.size() - at < kWord) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + text.size() - kWord, kWord);  // overlaps what was looked at
    if (!unusual(word)) return text.size();
  }
  while (at < text.size() && !is_unusual(text[at])) ++at;
  return at;
}

}  // namespace

JsonWriter::JsonWriter(std::size_t capacity)
    : buffer_(new char[capacity]), at_(buffer_.get()), end_(at_ + capacity) {}

void JsonWriter::grow(std::size_t count) {
  const std::size_t used = size();
  const std::size_t capacity =
      std::max(2 * static_cast<std::size_t>(end_ - buffer_.get()), used + count);
  std::unique_ptr<char[]> larger(new char[capacity]);
  std::memcpy(larger.get(), buffer_.get(), used);
  buffer_ = std::move(larger);
  at_ = buffer_.get() + used;
  end_ = buffer_.get() + capacity;
}

void JsonWriter::put(std::string_view bytes) {
  copy(bytes.data(), bytes.size(), at_);
  at_ += bytes.size();
}

// What is written may alias at_ for all that the compiler knows, so it is kept in a register.
char* JsonWriter::key(std::string_view name, std::size_t extra) {
  reserve(name.size() + 4 + extra);
  char* at = at_;
  *at = ',';
  at += at[-1] != '{' && at[-1] != '[';
  if (name.empty()) return at;
  *at++ = '"';
  copy(name.data(), name.size(), at);
  at += name.size();
  *at++ = '"';
  *at++ = ':';
  return at;
}

void JsonWriter::begin_record(std::string_view type, Timestamp time,
                              std::optional<ConnectionId> connection) {
  reserve(1);
  put('{');
  text("type", type);
  this->time("ts", time);
  if (connection) natural("conn", *connection);
}

void JsonWriter::end_record() {
  reserve(2);
  put("}\n");
}

void JsonWriter::begin_document() {
  reserve(1);
  put('{');
}

void JsonWriter::boolean(std::string_view name, bool value) {
  at_ = key(name, 5);
  put(value ? std::string_view("true") : std::string_view("false"));
}

void JsonWriter::integer(std::string_view name, std::int64_t value) {
  at_ = std::to_chars(key(name, kNumberRoom), end_, value).ptr;
}

void JsonWriter::natural(std::string_view name, std::uint64_t value) {
  at_ = put_natural(value, key(name, kNumberRoom));
}

/// Most numbers of most records are 0.
char* JsonWriter::put_natural(std::uint64_t value, char* at) {
  if (value >= 10) return std::to_chars(at, end_, value).ptr;
  *at = static_cast<char>('0' + value);
  return at + 1;
}

void JsonWriter::number(std::string_view name, double value) {
  if (!std::isfinite(value)) return;
  at_ = std::to_chars(key(name, kNumberRoom), end_, value).ptr;
}

void JsonWriter::duration(std::string_view name, Duration value) {
  char* at = key(name, kNumberRoom);
  const std::int64_t count = value.count();
  if (count < 0) *at++ = '-';
  const auto total =
      count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  std::uint64_t unit = 1'000'000'000;
  at = put_natural(total / unit, at);
  std::uint64_t fraction = total % unit;
  if (fraction != 0) {
    for (; fraction % 1000 == 0; fraction /= 1000) unit /= 1000;
    char* const point = at;
    at = std::to_chars(at, end_, unit + fraction).ptr;
    *point = '.';  // in place of the 1 that kept the zeros behind it
    while (at[-1] == '0') --at;
  }
  at_ = at;
}

void JsonWriter::time(std::string_view name, Timestamp value) {
  char* at = key(name, kMaxRfc3339 + 2);
  *at++ = '"';
  at += format_rfc3339(value, at);
  *at++ = '"';
  at_ = at;
}

void JsonWriter::text(std::string_view name, std::string_view value) {
  at_ = key(name, 2);
  string(value);
}

void JsonWriter::begin_object(std::string_view name) {
  at_ = key(name, 1);
  put('{');
}

void JsonWriter::end_object() {
  reserve(1);
  put('}');
}

void JsonWriter::begin_list(std::string_view name) {
  at_ = key(name, 1);
  put('[');
}

void JsonWriter::end_list() {
  reserve(1);
  put(']');
}

void JsonWriter::string(std::string_view value) {
  reserve(value.size() + 2 + kWord);
  put('"');
  while (!value.empty()) {
    const std::size_t plain = plain_prefix(value);
    std::memcpy(at_, value.data(), plain);
    at_ += plain;
    value.remove_prefix(plain);
    if (value.empty()) break;
    reserve(value.size() + 2 + kWord + kEscapeRoom);
    value.remove_prefix(escape(value));
  }
  put('"');
}

std::size_t JsonWriter::escape(std::string_view rest) {
  const Scalar scalar = first_scalar(rest);
  if (!scalar.valid || reads_as_escape(rest)) {
    put("\\\\x");
    put(kHexadecimal[scalar.value >> 4]);
    put(kHexadecimal[scalar.value & 15]);
  } else if (scalar.value == '"' || scalar.value == '\\') {
    put('\\');
    put(static_cast<char>(scalar.value));
  } else if (!acts(scalar.value)) {
    put(rest.substr(0, scalar.length));
  } else if (scalar.value < 0x10000) {
    unicode_escape(scalar.value);
  } else {
    unicode_escape(0xD800 + ((scalar.value - 0x10000) >> 10));
    unicode_escape(0xDC00 + ((scalar.value - 0x10000) & 0x3FF));
  }
  return scalar.length;
}

void JsonWriter::unicode_escape(std::uint32_t unit) {
  put("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) put(kHexadecimal[unit >> shift & 15]);
}

}  // namespace wirelens
