// event/json_fields.h - a struct as JSON, from its fields().
//
// As write_fields() with a JsonWriter, but the names are known when this is compiled: each is
// copied with its quotes, comma and colon by a few moves, and numbers are written in place.
#pragma once

#include <array>
#include <cmath>

#include "event/fields.h"
#include "event/json_text.h"

namespace wirelens {

/// ,"name":
template <Described T, std::size_t kIndex>
struct JsonKey {
  static constexpr std::string_view kName = std::get<kIndex>(T::fields()).name;
  static constexpr auto kText = [] {
    std::array<char, kName.size() + 4> text{',', '"'};
    std::size_t at = 2;
    for (const char c : kName) text[at++] = c;
    text[at++] = '"';
    text[at] = ':';
    return text;
  }();
};

template <Described T>
char* json_fields(char* at, const T& value, JsonText& out);

/// `{` goes where the first name's comma went.
template <Described T>
char* json_object(char* at, const T& value, JsonText& out) {
  const std::size_t place = out.offset(at);
  at = json_fields(at, value, out);
  at += out.offset(at) == place;
  *out.at(place) = '{';
  *at++ = '}';
  return out.room(at);
}

/// One value, which is there.
template <class T>
char* json_value(char* at, const T& value, JsonText& out) {
  if constexpr (std::same_as<T, bool>) {
    return JsonText::boolean(at, value);
  } else if constexpr (std::unsigned_integral<T>) {
    return JsonText::natural(at, value);
  } else if constexpr (std::signed_integral<T>) {
    return JsonText::integer(at, value);
  } else if constexpr (std::same_as<T, double>) {
    return JsonText::number(at, value);
  } else if constexpr (std::same_as<T, Duration>) {
    return JsonText::duration(at, value);
  } else if constexpr (std::same_as<T, Timestamp>) {
    return out.time(at, value);
  } else if constexpr (std::same_as<T, std::string_view>) {
    return out.text(at, value);
  } else if constexpr (NamedEnum<T>) {
    return out.text(at, name_of(value));
  } else if constexpr (is_pair<T>) {
    *at++ = '[';
    at = json_value(at, value.first, out);
    *at++ = ',';
    at = json_value(at, value.second, out);
    *at++ = ']';
    return out.room(at);
  } else if constexpr (std::same_as<T, Measures>) {
    const std::size_t place = out.offset(at);
    for (const Measure& each : value) {
      if (!std::isfinite(each.value)) continue;
      *at++ = ',';
      at = out.text(at, each.name);
      *at++ = ':';
      at = out.room(JsonText::number(at, each.value));
    }
    at += out.offset(at) == place;
    *out.at(place) = '{';
    *at++ = '}';
    return out.room(at);
  } else if constexpr (is_span<T>) {
    *at++ = '[';
    for (const auto& element : value) {
      at = out.room(json_value(at, element, out));
      *at++ = ',';
    }
    at -= !value.empty();
    *at++ = ']';
    return out.room(at);
  } else {
    static_assert(Described<T>, "a member type that fields.h does not know");
    return json_object(at, value, out);
  }
}

/// What comes behind a name that a number lacks that JSON cannot say.
template <class T>
bool json_says(const T& value) {
  if constexpr (std::same_as<T, double>) return std::isfinite(value);
  return true;
}

template <Described T, std::size_t kIndex>
char* json_field(char* at, const T& value, JsonText& out) {
  static constexpr auto kField = std::get<kIndex>(T::fields());
  if constexpr (kField.applies != nullptr) {
    if (!(value.*(kField.applies))) return at;
  }
  const auto& member = value.*(kField.member);
  const auto put = [&](const auto& present) {
    if (!json_says(present)) return at;
    constexpr const auto& kText = JsonKey<T, kIndex>::kText;
    std::memcpy(at, kText.data(), kText.size());
    return json_value(at + kText.size(), present, out);
  };
  if constexpr (is_optional<std::remove_cvref_t<decltype(member)>>) {
    return member ? put(*member) : at;
  } else {
    return put(member);
  }
}

/// All fields that are there, each behind a comma. `at` has room, and so has what this gives.
template <Described T>
char* json_fields(char* at, const T& value, JsonText& out) {
  return [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    static_assert(((JsonKey<T, kIndex>::kText.size() + JsonText::kMaxScalar) + ... + 0) <
                  JsonText::kSlack);
    ((at = json_field<T, kIndex>(at, value, out)), ...);
    return out.room(at);
  }
  (std::make_index_sequence<std::tuple_size_v<decltype(T::fields())>>{});
}

}  // namespace wirelens
