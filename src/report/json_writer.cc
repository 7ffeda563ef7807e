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
  std::memcpy(at_, bytes.data(), bytes.size());
  at_ += bytes.size();
}

void JsonWriter::key(std::string_view name, std::size_t extra) {
  reserve(name.size() + 4 + extra);
  if (at_[-1] != '{' && at_[-1] != '[') put(',');
  if (name.empty()) return;
  put('"');
  put(name);
  put("\":");
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
  key(name, 5);
  put(value ? std::string_view("true") : std::string_view("false"));
}

void JsonWriter::integer(std::string_view name, std::int64_t value) {
  key(name, kNumberRoom);
  at_ = std::to_chars(at_, end_, value).ptr;
}

void JsonWriter::natural(std::string_view name, std::uint64_t value) {
  key(name, kNumberRoom);
  at_ = std::to_chars(at_, end_, value).ptr;
}

void JsonWriter::number(std::string_view name, double value) {
  if (!std::isfinite(value)) return;
  key(name, kNumberRoom);
  at_ = std::to_chars(at_, end_, value).ptr;
}

void JsonWriter::duration(std::string_view name, Duration value) {
  key(name, kNumberRoom);
  const std::int64_t count = value.count();
  if (count < 0) put('-');
  const auto total =
      count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  at_ = std::to_chars(at_, end_, total / 1'000'000'000).ptr;
  std::uint64_t fraction = total % 1'000'000'000;
  if (fraction == 0) return;
  put('.');
  for (std::uint64_t unit = 100'000'000; fraction != 0; unit /= 10) {
    put(static_cast<char>('0' + fraction / unit));
    fraction %= unit;
  }
}

void JsonWriter::time(std::string_view name, Timestamp value) {
  key(name, kMaxRfc3339 + 2);
  put('"');
  at_ += format_rfc3339(value, at_);
  put('"');
}

void JsonWriter::text(std::string_view name, std::string_view value) {
  key(name, 2);
  string(value);
}

void JsonWriter::begin_object(std::string_view name) {
  key(name, 1);
  put('{');
}

void JsonWriter::end_object() {
  reserve(1);
  put('}');
}

void JsonWriter::begin_list(std::string_view name) {
  key(name, 1);
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
    while (value.size() >= kWord) {
      std::uint64_t word;
      std::memcpy(&word, value.data(), kWord);
      if (unusual(word)) break;
      std::memcpy(at_, &word, kWord);
      at_ += kWord;
      value.remove_prefix(kWord);
    }
    while (!value.empty() && !is_unusual(value.front())) {
      put(value.front());
      value.remove_prefix(1);
    }
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
