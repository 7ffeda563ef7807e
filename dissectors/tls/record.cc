// tls/record.cc - headers of records.
#include "tls/record.h"

namespace wirelens::tls {

std::optional<RecordHeader> read_record_header(Bytes bytes) {
  const std::uint8_t type = bytes[0];
  if (type < 20 || type > 24) return std::nullopt;
  RecordHeader header{static_cast<ContentType>(type), load_be16(&bytes[1]), load_be16(&bytes[3])};
  if (header.version < kSsl3 || header.version > kTls13) return std::nullopt;
  if (header.length > RecordHeader::kMaxLength) return std::nullopt;
  // Only application data may be empty (RFC 8446 section 5.1).
  if (header.length == 0 && header.type != ContentType::application_data) return std::nullopt;
  if (header.type == ContentType::change_cipher_spec && header.length > 256) return std::nullopt;
  return header;
}

std::optional<Ssl2Header> read_ssl2_header(Bytes bytes) {
  if ((bytes[0] & 0x80) == 0) return std::nullopt;
  Ssl2Header header{static_cast<std::uint16_t>(load_be16(bytes.data()) & 0x7fff), bytes[2]};
  if (header.message == Ssl2Header::kClientHello) {
    // Version 2, or 3.x in a hello that SSLv2 servers understand, too.
    const bool version = load_be16(&bytes[3]) == kSsl2 || (bytes[3] == 3 && bytes[4] <= 3);
    if (version && header.length >= 9 + 3 + 16) return header;
  }
  if (header.message == Ssl2Header::kServerHello) {
    // session-id-hit is 0 or 1, certificate-type 0 (none) or 1 (X.509).
    if (bytes[3] <= 1 && bytes[4] <= 1 && header.length >= 11 + 16) return header;
  }
  return std::nullopt;
}

}  // namespace wirelens::tls
