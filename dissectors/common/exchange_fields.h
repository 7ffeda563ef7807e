// common/exchange_fields.h - what rules of several protocols read in an exchange.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

#include "common/http_text.h"
#include "event/exchange.h"

namespace wirelens::http {

/// The value of the first field of that name, given in lower case; empty if there is none.
inline std::string_view field_of(const std::optional<std::span<const HeaderField>>& fields,
                                 std::string_view lowered) {
  if (!fields) return {};
  for (const auto& [name, value] : *fields) {
    if (same_ignoring_case(name, lowered)) return trimmed(value);
  }
  return {};
}
inline std::string_view request_field(const Exchange& exchange, std::string_view lowered) {
  return field_of(exchange.request_headers, lowered);
}
inline std::string_view response_field(const Exchange& exchange, std::string_view lowered) {
  return field_of(exchange.response_headers, lowered);
}

/// The request's target without its query, at most 200 bytes of it.
inline std::string_view path_of(const Exchange& exchange) {
  constexpr std::size_t kLongest = 200;
  const std::string_view target = exchange.path.value_or("");
  return target.substr(0, std::min(target.find('?'), kLongest));
}

}  // namespace wirelens::http
