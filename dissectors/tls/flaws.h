// tls/flaws.h - what can be wrong with TLS on the wire.
#pragma once

#include "event/flaw.h"

namespace wirelens::tls {

inline constexpr Flaw kMalformedHandshake{"tls.malformed_handshake", "RFC 8446 4"};
inline constexpr Flaw kLongHandshake{"tls.long_handshake_message", "wirelens: 128 KiB"};
inline constexpr Flaw kMalformedRecord{"tls.malformed_record", "RFC 8446 5.1"};
/// Bytes that are no record where one must begin.
inline constexpr Flaw kNotTls{"tls.not_tls", "RFC 8446 5.1"};
/// Plain HTTP met TLS: one end is on the wrong port.
inline constexpr Flaw kPlainHttp{"tls.plain_http", "RFC 9110 4.2.2"};
inline constexpr Flaw kHeartbleed{"tls.heartbleed", "RFC 6520 4"};
/// Heartbeats are forbidden while a handshake goes on: they would not be encrypted.
inline constexpr Flaw kEarlyHeartbeat{"tls.heartbeat_in_handshake", "RFC 6520 4"};
inline constexpr Flaw kDecryptionFailed{"tls.decryption_failed", "RFC 8446 5.2"};

}  // namespace wirelens::tls
