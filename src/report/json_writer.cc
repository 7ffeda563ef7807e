// report/json_writer.cc - records around what event/json_text.h writes, and what is escaped.
#include "report/json_writer.h"

#include <cmath>
#include <cstring>

#include "report/wire_text.h"

namespace wirelens {
namespace {

constexpr char kHexadecimal[] = "0123456789abcdef";

char* unicode_escape(char* at, std::uint32_t unit) {
  at = JsonText::put(at, "\\u");
  for (int shift = 12; shift >= 0; shift -= 4) *at++ = kHexadecimal[unit >> shift & 15];
  return at;
}

}  // namespace

JsonWriter::JsonWriter(std::size_t capacity) : JsonText(capacity), at_(at(0)) {}

// What is written may alias at_ for all that the compiler knows, so it is kept in a register.
char* JsonWriter::key(std::string_view name) {
  char* at = room(at_, name.size());
  *at = ',';
  at += at != begin() && at[-1] != '{' && at[-1] != '[';
  if (name.empty()) return at;
  *at++ = '"';
  std::memcpy(at, name.data(), name.size());
  at += name.size();
  return put(at, "\":");
}

void JsonWriter::begin_record(std::string_view type, Timestamp time,
                              std::optional<ConnectionId> connection) {
  char* at = put(room(at_), "{\"type\":");
  at = put(JsonText::text(at, type), ",\"ts\":");
  at = JsonText::time(at, time);
  if (connection) at = JsonText::natural(put(at, ",\"conn\":"), *connection);
  at_ = at;
}

void JsonWriter::end_record() {
  at_ = put(room(at_), "}\n");
}

void JsonWriter::record(const Event& event) {
  at_ = event.type().json(room(at_), event.time(), event.connection(), event.payload(), *this);
}

void JsonWriter::begin_document() {
  at_ = put(room(at_), "{");
}

void JsonWriter::boolean(std::string_view name, bool value) {
  at_ = JsonText::boolean(key(name), value);
}

void JsonWriter::integer(std::string_view name, std::int64_t value) {
  at_ = JsonText::integer(key(name), value);
}

void JsonWriter::natural(std::string_view name, std::uint64_t value) {
  at_ = JsonText::natural(key(name), value);
}

void JsonWriter::number(std::string_view name, double value) {
  if (std::isfinite(value)) at_ = JsonText::number(key(name), value);
}

void JsonWriter::duration(std::string_view name, Duration value) {
  at_ = JsonText::duration(key(name), value);
}

void JsonWriter::time(std::string_view name, Timestamp value) {
  at_ = JsonText::time(key(name), value);
}

void JsonWriter::text(std::string_view name, std::string_view value) {
  at_ = JsonText::text(key(name), value);
}

void JsonWriter::begin_object(std::string_view name) {
  at_ = put(key(name), "{");
}

void JsonWriter::end_object() {
  at_ = put(room(at_), "}");
}

void JsonWriter::begin_list(std::string_view name) {
  at_ = put(key(name), "[");
}

void JsonWriter::end_list() {
  at_ = put(room(at_), "]");
}

char* JsonWriter::escape(char* at, std::string_view& rest) const {
  const Scalar scalar = first_scalar(rest);
  if (!scalar.valid || reads_as_escape(rest)) {
    at = put(at, "\\\\x");
    *at++ = kHexadecimal[scalar.value >> 4];
    *at++ = kHexadecimal[scalar.value & 15];
  } else if (scalar.value == '\\') {
    at = put(at, "\\\\");
  } else if (!acts(scalar.value)) {
    rest.copy(at, scalar.length);
    at += scalar.length;
  } else if (scalar.value < 0x10000) {
    at = unicode_escape(at, scalar.value);
  } else {
    at = unicode_escape(at, 0xD800 + ((scalar.value - 0x10000) >> 10));
    at = unicode_escape(at, 0xDC00 + ((scalar.value - 0x10000) & 0x3FF));
  }
  rest.remove_prefix(scalar.length);
  return at;
}

}  // namespace wirelens
