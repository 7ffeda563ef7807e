// tls/opening.cc - a record's header and the type of its first message; hellos of SSL 2.0.
#include "tls/opening.h"

#include "tls/messages.h"
#include "tls/record.h"

namespace wirelens::tls {
namespace {

Opening opening_of_ssl2(Bytes first) {
  constexpr std::size_t kEnough = 11;
  if ((first[0] & 0x80) == 0) return Opening::nothing;
  if (first.size() < kEnough) {
    const bool may_be = (first.size() < 3 || first[2] == Ssl2Header::kClientHello) &&
                        (first.size() < 4 || first[3] == 0 || first[3] == 3);
    return may_be ? Opening::unsure : Opening::nothing;
  }
  const auto header = read_ssl2_header(first);
  if (!header || header->message != Ssl2Header::kClientHello) return Opening::nothing;
  ByteReader lengths(first.subspan(5));
  const std::size_t ciphers = lengths.u16(), session = lengths.u16(), challenge = lengths.u16();
  const bool fits = ciphers % 3 == 0 && ciphers > 0 && (session == 0 || session == 16) &&
                    challenge >= 16 && challenge <= 32 &&
                    9 + ciphers + session + challenge == header->length;
  return fits ? Opening::client_hello : Opening::nothing;
}

}  // namespace

Opening opening_of(Bytes first) {
  if (first[0] < 20 || first[0] > 24) return opening_of_ssl2(first);
  if (first.size() > 1 && first[1] != 3) return Opening::nothing;
  constexpr std::size_t kEnough = RecordHeader::kSize + 1;
  if (first.size() < kEnough) return Opening::unsure;
  const auto header = read_record_header(first);
  if (!header) return Opening::nothing;
  switch (header->type) {
    case ContentType::handshake:
      if (first[5] == static_cast<std::uint8_t>(HandshakeType::client_hello)) {
        return Opening::client_hello;
      }
      if (first[5] == static_cast<std::uint8_t>(HandshakeType::server_hello)) {
        return Opening::server_hello;
      }
      return Opening::record;
    case ContentType::alert:
      return header->length == 2 || header->length >= 18 ? Opening::record : Opening::nothing;
    case ContentType::change_cipher_spec:
      return header->length == 1 ? Opening::record : Opening::nothing;
    case ContentType::application_data:
      return header->length >= 16 ? Opening::record : Opening::nothing;
    case ContentType::heartbeat:
      return Opening::nothing;
  }
  return Opening::nothing;
}

}  // namespace wirelens::tls
