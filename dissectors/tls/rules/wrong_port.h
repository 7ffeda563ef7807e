// tls/rules/wrong_port.h - TLS here, plain text there: what both rules about it read.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "event/tls.h"

namespace wirelens::tls {

/// Ports where TLS begins with the first byte (IANA's registry, and the customary second ones of
/// HTTPS and MQTT).
inline bool is_tls_port(std::uint16_t port) {
  constexpr std::uint16_t kPorts[] = {443, 465,  563,  636,  853,  989,  990,  992,  993,  994,
                                      995, 2376, 5061, 5223, 5671, 6443, 6697, 8443, 8883, 9443};
  return std::binary_search(std::begin(kPorts), std::end(kPorts), port);
}

/// The server answered a ClientHello in plain text.
inline bool is_answered_in_clear(const TlsSession& session) {
  return session.not_tls && session.not_tls->from == Direction::from_server &&
         !session.messages.empty();
}
inline bool is_http(std::string_view bytes) {
  return bytes.starts_with("HTTP/");
}
/// The first line, at most 48 bytes of it.
inline std::string first_line(std::string_view bytes) {
  constexpr std::size_t kLongest = 48;
  return std::string(bytes.substr(0, std::min(bytes.find_first_of("\r\n"), kLongest)));
}

/// What the user of a TLS client sees that is answered in clear.
inline constexpr std::string_view kAnsweredInClear =
    "Firefox shows SSL_ERROR_RX_RECORD_TOO_LONG, Chromium ERR_SSL_PROTOCOL_ERROR, OpenSSL says "
    "\"wrong version number\".";

}  // namespace wirelens::tls
