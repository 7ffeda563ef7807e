// event/fields.h - one description of a struct serves every format.
//
// An event, or a struct inside one, lists its members once:
//
//   struct Alert {
//     std::string_view from;
//     std::optional<std::uint8_t> level;
//     static constexpr auto fields() {
//       return std::tuple(field("from", &Alert::from, "who sent it: client or server"),
//                         field("level", &Alert::level, "1 warning, 2 fatal"));
//     }
//   };
//
// From that list come the JSON of a record, its schema, and the deep copy that crosses threads.
//
//   member type                       in a record
//   ------------------------------    ----------------------------------------------------
//   bool                              true or false
//   integers                          number
//   double                            number
//   Duration                          seconds, a number
//   Timestamp                         RFC 3339 text, UTC, nanoseconds
//   std::string_view                  text (bytes from the wire; a writer escapes them)
//   PlainText                         text of the program's own
//   enum with name_of(e)              text
//   struct with fields()              object
//   std::span<const T>                list
//   std::pair<A, B>                   list of two
//   Measures                          object: a number under each name
//   std::optional<T>                  absent when empty: what is unknown is never 0 or ""
#pragma once

#include <concepts>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/time.h"

namespace wirelens {

template <class Owner, class Member>
struct Field {
  std::string_view name;
  Member Owner::*member;
  std::string_view about;          ///< one phrase for the schema: meaning, unit, source
  bool Owner::*applies = nullptr;  ///< where that member is false, the field is absent

  /// The same field, but only where `condition` holds.
  constexpr Field when(bool Owner::*condition) const { return {name, member, about, condition}; }
};
template <class Owner, class Member>
constexpr Field<Owner, Member> field(std::string_view name, Member Owner::*member,
                                     std::string_view about) {
  return {name, member, about, nullptr};
}

/// Words of the program's own and addresses: ASCII that shows itself, without a quote or a
/// backslash, so that a writer has nothing to escape.
class PlainText : public std::string_view {
 public:
  using std::string_view::string_view;
  constexpr PlainText(std::string_view text) : std::string_view(text) {}
  PlainText(const std::string& text) : std::string_view(text) {}
};

/// A number whose name is only known when the program runs. The name is a literal.
struct Measure {
  std::string_view name;
  double value = 0;
};
using Measures = std::span<const Measure>;

template <class T>
concept Described = requires {
  T::fields();
};

template <class T>
concept NamedEnum = std::is_enum_v<T> && requires(T value) {
  { name_of(value) } -> std::convertible_to<std::string_view>;
};

template <class T>
inline constexpr bool is_text = std::same_as<T, std::string_view> || std::same_as<T, PlainText>;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_span = false;
template <class T>
inline constexpr bool is_span<std::span<const T>> = true;
template <class T>
inline constexpr bool is_pair = false;
template <class A, class B>
inline constexpr bool is_pair<std::pair<A, B>> = true;

/// What a format implements to write any event. Inside a list `name` is empty.
class FieldWriter {
 public:
  virtual ~FieldWriter() = default;
  virtual void boolean(std::string_view name, bool value) = 0;
  virtual void integer(std::string_view name, std::int64_t value) = 0;
  virtual void natural(std::string_view name, std::uint64_t value) = 0;
  virtual void number(std::string_view name, double value) = 0;
  virtual void duration(std::string_view name, Duration value) = 0;
  virtual void time(std::string_view name, Timestamp value) = 0;
  virtual void text(std::string_view name, std::string_view value) = 0;
  virtual void begin_object(std::string_view name) = 0;
  virtual void end_object() = 0;
  virtual void begin_list(std::string_view name) = 0;
  virtual void end_list() = 0;
};

template <Described T>
void write_fields(const T& value, FieldWriter& out);

/// Writes one value under `name`.
template <class T>
void write_value(std::string_view name, const T& value, FieldWriter& out) {
  if constexpr (is_optional<T>) {
    if (value) write_value(name, *value, out);
  } else if constexpr (std::same_as<T, bool>) {
    out.boolean(name, value);
  } else if constexpr (std::unsigned_integral<T>) {
    out.natural(name, value);
  } else if constexpr (std::signed_integral<T>) {
    out.integer(name, value);
  } else if constexpr (std::same_as<T, double>) {
    out.number(name, value);
  } else if constexpr (std::same_as<T, Duration>) {
    out.duration(name, value);
  } else if constexpr (std::same_as<T, Timestamp>) {
    out.time(name, value);
  } else if constexpr (is_text<T>) {
    out.text(name, value);
  } else if constexpr (NamedEnum<T>) {
    out.text(name, name_of(value));
  } else if constexpr (is_pair<T>) {
    out.begin_list(name);
    write_value({}, value.first, out);
    write_value({}, value.second, out);
    out.end_list();
  } else if constexpr (std::same_as<T, Measures>) {
    out.begin_object(name);
    for (const Measure& each : value) out.number(each.name, each.value);
    out.end_object();
  } else if constexpr (is_span<T>) {
    out.begin_list(name);
    for (const auto& element : value) write_value({}, element, out);
    out.end_list();
  } else {
    static_assert(Described<T>, "a member type that fields.h does not know");
    out.begin_object(name);
    write_fields(value, out);
    out.end_object();
  }
}

template <Described T>
void write_fields(const T& value, FieldWriter& out) {
  const auto write = [&](const auto& each) {
    if (each.applies && !(value.*(each.applies))) return;
    write_value(each.name, value.*(each.member), out);
  };
  std::apply([&](const auto&... each) { (write(each), ...); }, T::fields());
}

/// What `wirelens schema` hears about every field of a record type.
class SchemaWriter {
 public:
  enum class Kind : std::uint8_t { boolean, integer, natural, number, time, text };
  virtual ~SchemaWriter() = default;
  virtual void scalar(std::string_view name, Kind kind, bool required, std::string_view about) = 0;
  virtual void begin_object(std::string_view name, bool required, std::string_view about) = 0;
  virtual void end_object() = 0;
  /// What follows up to end_list() describes the elements: one, or the two of a pair.
  virtual void begin_list(std::string_view name, bool required, std::string_view about) = 0;
  virtual void end_list() = 0;
  /// An object of numbers under names that are not known beforehand.
  virtual void numbers(std::string_view name, bool required, std::string_view about) {
    begin_object(name, required, about);
    end_object();
  }
};

template <Described T>
void write_schema(SchemaWriter& out);

template <class T>
void write_schema_of(std::string_view name, bool required, std::string_view about,
                     SchemaWriter& out) {
  using Kind = SchemaWriter::Kind;
  if constexpr (is_optional<T>) {
    write_schema_of<typename T::value_type>(name, false, about, out);
  } else if constexpr (std::same_as<T, bool>) {
    out.scalar(name, Kind::boolean, required, about);
  } else if constexpr (std::unsigned_integral<T>) {
    out.scalar(name, Kind::natural, required, about);
  } else if constexpr (std::signed_integral<T>) {
    out.scalar(name, Kind::integer, required, about);
  } else if constexpr (std::same_as<T, double> || std::same_as<T, Duration>) {
    out.scalar(name, Kind::number, required, about);
  } else if constexpr (std::same_as<T, Timestamp>) {
    out.scalar(name, Kind::time, required, about);
  } else if constexpr (is_text<T> || NamedEnum<T>) {
    out.scalar(name, Kind::text, required, about);
  } else if constexpr (is_pair<T>) {
    out.begin_list(name, required, about);
    write_schema_of<typename T::first_type>({}, true, {}, out);
    write_schema_of<typename T::second_type>({}, true, {}, out);
    out.end_list();
  } else if constexpr (std::same_as<T, Measures>) {
    out.numbers(name, required, about);
  } else if constexpr (is_span<T>) {
    out.begin_list(name, required, about);
    write_schema_of<typename T::value_type>({}, true, {}, out);
    out.end_list();
  } else {
    out.begin_object(name, required, about);
    write_schema<T>(out);
    out.end_object();
  }
}

template <Described T>
void write_schema(SchemaWriter& out) {
  std::apply(
      [&]<class... Members>(const Field<T, Members>&... each) {
        (write_schema_of<Members>(each.name, !each.applies, each.about, out), ...);
      },
      T::fields());
}

/// Copies what `value` borrows into `arena`, so that it outlives the call that lent it.
template <class T>
void deepen(T& value, std::pmr::memory_resource& arena) {
  if constexpr (is_optional<T>) {
    if (value) deepen(*value, arena);
  } else if constexpr (is_pair<T>) {
    deepen(value.first, arena);
    deepen(value.second, arena);
  } else if constexpr (is_text<T>) {
    if (value.empty()) return;
    auto* copy = static_cast<char*>(arena.allocate(value.size(), 1));
    value.copy(copy, value.size());
    value = T(copy, value.size());
  } else if constexpr (is_span<T>) {
    using Element = std::remove_const_t<typename T::element_type>;
    if (value.empty()) return;
    auto* copy =
        static_cast<Element*>(arena.allocate(value.size() * sizeof(Element), alignof(Element)));
    for (std::size_t i = 0; i < value.size(); ++i) deepen(*new (copy + i) Element(value[i]), arena);
    value = {copy, value.size()};
  } else if constexpr (Described<T>) {
    std::apply([&](const auto&... each) { (deepen(value.*(each.member), arena), ...); },
               T::fields());
  }
}

}  // namespace wirelens
