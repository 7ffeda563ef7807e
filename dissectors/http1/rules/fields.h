// http1/rules/fields.h - what the rules of HTTP read in an exchange.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "common/exchange_fields.h"
#include "detect/digest.h"
#include "event/exchange.h"
#include "event/peers.h"

namespace wirelens::http1 {

using http::request_field;
using http::response_field;

/// The value of a Connection field.
constexpr bool says_close(std::string_view connection) {
  return http::same_ignoring_case(connection, "close");
}

/// It lasts as long as it is wanted: an event stream, a tunnel, another protocol.
inline bool lasts(const Exchange& exchange) {
  return exchange.content_type.value_or("").starts_with("text/event-stream") ||
         exchange.method == "CONNECT" || exchange.status == 101;
}

inline bool is_text(std::optional<std::string_view> type) {
  if (!type) return false;
  return type->starts_with("text/") || type->find("json") != type->npos ||
         type->find("javascript") != type->npos || type->find("xml") != type->npos;
}

/// A flaw by which two readers may see the end of a message in two places.
inline bool is_ambiguous(std::string_view flaw) {
  constexpr std::string_view kAmbiguous[] = {"http.length_and_coding", "http.conflicting_lengths",
                                             "http.invalid_length",    "http.coding_not_final",
                                             "http.obscured_coding",   "http.coding_in_1_0",
                                             "http.space_before_colon"};
  return std::find(std::begin(kAmbiguous), std::end(kAmbiguous), flaw) != std::end(kAmbiguous);
}

inline std::string host_of(const Exchange& exchange, const PeerAddress& server) {
  return exchange.host ? std::string(*exchange.host) : server.text();
}
/// The same for a table to be asked by; `room` is where the text lies if it has to be made.
inline std::string_view host_in(std::string& room, const Exchange& exchange,
                                const PeerAddress& server) {
  return exchange.host ? *exchange.host : std::string_view(room = server.text());
}

/// "/stock", without the query.
inline std::string_view path_of(const Exchange& exchange) {
  constexpr std::size_t kLongest = 200;
  const std::string_view path = exchange.path.value_or("");
  return path.substr(0, std::min(path.find('?'), kLongest));
}

/// "shop.test/stock".
inline std::string resource_of(const Exchange& exchange) {
  return fmt::format("{}{}", exchange.host.value_or(""), path_of(exchange));
}
/// The same, written into `room`.
inline std::string_view resource_in(std::string& room, const Exchange& exchange) {
  return room.assign(exchange.host.value_or("")).append(path_of(exchange));
}

/// One client and one resource ("shop.test/stock"), for a table that every exchange has to pass.
inline std::uint64_t digest_of(const PeerAddress& client, std::string_view resource) {
  return detect::Digest().add(client.host()).add(resource).value();
}

/// The resource alone, without its text.
inline std::uint64_t digest_of(const Exchange& exchange) {
  return detect::Digest().add(exchange.host.value_or("")).add(path_of(exchange)).value();
}
inline std::uint64_t digest_of(const PeerAddress& client, const Exchange& exchange) {
  return detect::Digest()
      .add(client.host())
      .add(exchange.host.value_or(""))
      .add(path_of(exchange))
      .value();
}

/// Where a Location leads, in the words of resource_of().
inline std::string target_of(const Exchange& exchange, std::string_view location) {
  const std::size_t scheme = location.find("://");
  if (scheme != location.npos) {
    location.remove_prefix(scheme + 3);
    return std::string(location.substr(0, location.find_first_of("?#")));
  }
  location = location.substr(0, location.find_first_of("?#"));
  const std::string_view host = exchange.host.value_or("");
  if (location.starts_with('/')) return fmt::format("{}{}", host, location);
  const std::string_view path = exchange.path.value_or("/");
  return fmt::format("{}{}{}", host, path.substr(0, path.rfind('/') + 1), location);
}

}  // namespace wirelens::http1
