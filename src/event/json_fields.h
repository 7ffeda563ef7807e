// event/json_fields.h - a struct as JSON, from its fields().
//
// As write_fields() with a JsonWriter, but the names are known when this is compiled: each is
// copied with its quotes, comma and colon by a few moves, and numbers are written in place. Where
// figures follow each other that most records say 0 of, all of them are one piece of text.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

#include "event/fields.h"
#include "event/json_text.h"

namespace wirelens {

/// Pieces of text that are known when this is compiled, as one.
template <std::size_t... kSizes>
constexpr auto joined(const std::array<char, kSizes>&... pieces) {
  std::array<char, (kSizes + ... + 0)> text{};
  std::size_t at = 0;
  ((std::copy(pieces.begin(), pieces.end(), text.begin() + at), at += kSizes), ...);
  return text;
}
template <std::size_t kSize>
constexpr auto piece(const char (&literal)[kSize]) {
  std::array<char, kSize - 1> text{};
  std::copy_n(literal, kSize - 1, text.begin());
  return text;
}
template <std::size_t kSize>
constexpr auto piece(std::string_view word) {
  std::array<char, kSize> text{};
  std::copy_n(word.begin(), kSize, text.begin());
  return text;
}

/// ,"name":
template <Described T, std::size_t kIndex>
struct JsonKey {
  static constexpr std::string_view kName = std::get<kIndex>(T::fields()).name;
  static constexpr auto kText = joined(piece(",\""), piece<kName.size()>(kName), piece("\":"));
};

/// Numbers of which most records say 0: a counter, a time that was lost.
template <class T>
inline constexpr bool is_figure =
    (std::unsigned_integral<T> && !std::same_as<T, bool>) || std::same_as<T, Duration>;

/// For each field of T the one behind the run of figures that begins with it, all of them there
/// under the same condition; itself if no run of kFewest or more does. Within a run 0.
template <Described T>
inline constexpr auto kRuns = [] {
  constexpr std::size_t kFewest = 3;
  constexpr auto of = []<class... Members>(const Field<T, Members>&... each) {
    return std::pair(std::array{is_figure<Members>...}, std::array{each.applies...});
  };
  constexpr auto fields = std::apply(of, T::fields());
  std::array<std::size_t, fields.first.size()> runs{};
  for (std::size_t begin = 0; begin < runs.size();) {
    const auto goes_on = [&](std::size_t at) {
      return at < runs.size() && fields.first[at] && fields.second[at] == fields.second[begin];
    };
    std::size_t end = begin;
    while (goes_on(end)) ++end;
    if (end - begin < kFewest) {
      runs[begin] = begin;
      ++begin;
      continue;
    }
    runs[begin] = end;
    begin = end;
  }
  return runs;
}();

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

/// Behind whose JSON there may be less room than before: neither text nor list nor object.
template <class T>
inline constexpr bool is_scalar =
    std::is_arithmetic_v<T> || std::same_as<T, Duration> || std::same_as<T, Timestamp>;

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
    return out.plain(at, name_of(value));
  } else if constexpr (std::same_as<T, PlainText>) {
    return out.plain(at, value);
  } else if constexpr (std::same_as<T, std::pair<std::string_view, std::string_view>>) {
    return out.texts(at, value.first, value.second);
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
      at = json_value(at, element, out);
      *at++ = ',';
      if constexpr (is_scalar<typename T::value_type>) at = out.room(at);
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
bool json_applies(const T& value) {
  static constexpr auto kField = std::get<kIndex>(T::fields());
  if constexpr (kField.applies != nullptr) return value.*(kField.applies);
  return true;
}

/// The field if it is there; it applies.
template <Described T, std::size_t kIndex>
char* json_field(char* at, const T& value, JsonText& out) {
  static constexpr auto kField = std::get<kIndex>(T::fields());
  const auto& member = value.*(kField.member);
  const auto put = [&](const auto& present) {
    if (!json_says(present)) return at;
    return json_value(JsonText::put(at, JsonKey<T, kIndex>::kText), present, out);
  };
  if constexpr (is_optional<std::remove_cvref_t<decltype(member)>>) {
    return member ? put(*member) : at;
  } else {
    return put(member);
  }
}

/// Of a figure: not 0 if it is not.
template <Described T, std::size_t kIndex>
std::uint64_t json_bits(const T& value) {
  static constexpr auto kField = std::get<kIndex>(T::fields());
  const auto& figure = value.*(kField.member);
  if constexpr (std::same_as<decltype(figure), const Duration&>) {
    return static_cast<std::uint64_t>(figure.count());
  } else {
    return std::uint64_t{figure};
  }
}

/// A run of figures (see kRuns) from field kBegin on, which apply.
template <Described T, std::size_t kBegin, std::size_t... kOffset>
char* json_figures(char* at, const T& value, JsonText& out, std::index_sequence<kOffset...>) {
  static constexpr auto kZeros = joined(joined(JsonKey<T, kBegin + kOffset>::kText, piece("0"))...);
  if ((json_bits<T, kBegin + kOffset>(value) | ...) == 0) return JsonText::put(at, kZeros);
  ((at = json_field<T, kBegin + kOffset>(at, value, out)), ...);
  return at;
}

/// What begins with field kIndex: itself, a run of figures, or nothing within a run.
template <Described T, std::size_t kIndex>
char* json_from(char* at, const T& value, JsonText& out) {
  constexpr std::size_t kEnd = kRuns<T>[kIndex];
  if constexpr (kEnd == 0 && kIndex != 0) return at;
  if (!json_applies<T, kIndex>(value)) return at;
  if constexpr (kEnd <= kIndex) {
    return json_field<T, kIndex>(at, value, out);
  } else {
    return json_figures<T, kIndex>(at, value, out, std::make_index_sequence<kEnd - kIndex>());
  }
}

/// All fields that are there, each behind a comma. `at` has room, and so has what this gives.
template <Described T>
char* json_fields(char* at, const T& value, JsonText& out) {
  return [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    static_assert(((JsonKey<T, kIndex>::kText.size() + JsonText::kMaxScalar) + ... + 0) <
                  JsonText::kSlack);
    ((at = json_from<T, kIndex>(at, value, out)), ...);
    return out.room(at);
  }
  (std::make_index_sequence<std::tuple_size_v<decltype(T::fields())>>{});
}

/// A record, which is a line: {"type":"http","ts":"...","conn":7, the fields, }.
template <Described T>
char* json_record(char* at, Timestamp time, std::optional<std::uint64_t> connection, const T& value,
                  JsonText& out) {
  static constexpr std::string_view kName = T::kName;
  static constexpr auto kHead =
      joined(piece("{\"type\":\""), piece<kName.size()>(kName), piece("\",\"ts\":"));
  at = out.time(JsonText::put(at, kHead), time);
  if (connection) at = JsonText::natural(JsonText::put(at, ",\"conn\":"), *connection);
  at = json_fields(out.room(at), value, out);
  return JsonText::put(at, "}\n");
}

}  // namespace wirelens
