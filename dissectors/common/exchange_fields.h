// common/exchange_fields.h - what rules of several protocols read in an exchange.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
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

/// "shop.test/stock": the authority, or `server` if there is none, and the target without its
/// query; at most 200 bytes of each.
inline std::string resource_of(std::optional<std::string_view> host,
                               std::optional<std::string_view> target, std::string_view server) {
  constexpr std::size_t kLongest = 200;
  const std::string_view path = target.value_or("");
  std::string resource(host.value_or(server).substr(0, kLongest));
  return resource.append(path.substr(0, std::min(path.find('?'), kLongest)));
}

}  // namespace wirelens::http
