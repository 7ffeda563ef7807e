// tls/record.h - the record layer: RFC 8446 section 5.1, and how it looked before.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "tls/names.h"

namespace wirelens::tls {

/// What stands before every fragment.
struct RecordHeader {
  static constexpr std::size_t kSize = 5;
  /// Most that a record may hold: 2^14 and what protection adds (TLS 1.2: 2048, RFC 5246 6.2.3).
  static constexpr std::size_t kMaxLength = 16384 + 2048;

  ContentType type{};
  std::uint16_t version = 0;  ///< 3.x; tells little since TLS 1.3
  std::uint16_t length = 0;   ///< of the fragment

  std::size_t whole() const { return kSize + length; }
};

/// The header at the beginning of `bytes` (at least kSize), if it can be one.
std::optional<RecordHeader> read_record_header(Bytes bytes);

/// An SSLv2 record that holds a hello (the SSL 2.0 draft, section 2.1; RFC 5246 appendix E.2):
/// two bytes of length with the high bit set, then the message.
struct Ssl2Header {
  static constexpr std::size_t kSize = 2;
  static constexpr std::uint8_t kClientHello = 1;
  static constexpr std::uint8_t kServerHello = 4;

  std::uint16_t length = 0;
  std::uint8_t message = 0;
};
/// The header at the beginning of `bytes` (at least 5), if it is one of a hello.
std::optional<Ssl2Header> read_ssl2_header(Bytes bytes);

}  // namespace wirelens::tls
