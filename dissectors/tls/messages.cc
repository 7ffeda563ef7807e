// tls/messages.cc - certificates, key exchanges, tickets.
#include "tls/messages.h"

#include <bit>

#include "tls/hello.h"

namespace wirelens::tls {

CertificateChain read_certificate(Bytes body, bool tls13) {
  CertificateChain chain;
  ByteReader reader(body);
  if (tls13) reader.skip(reader.u8());  // certificate_request_context
  ByteReader list(reader.take(reader.u24()));
  while (list.left() > 0) {
    const Bytes der = list.take(list.u24());
    Extensions extensions(tls13 ? list.take(list.u16()) : Bytes());
    if (!list.ok()) break;
    while (const auto extension = extensions.next()) {
      if (extension->type == ExtensionType::status_request) chain.ocsp = true;
      if (extension->type == ExtensionType::signed_certificate_timestamp) {
        chain.scts += count_scts(extension->data);
      }
    }
    if (chain.count < kMaxChain) chain.certificates[chain.count] = der;
    ++chain.count;
  }
  chain.whole = reader.done() && list.ok();
  return chain;
}

std::optional<CompressedCertificate> read_compressed_certificate(Bytes body) {
  ByteReader reader(body);
  CompressedCertificate found{reader.u16(), reader.u24(), {}};
  found.compressed = reader.take(reader.u24());
  if (!reader.done()) return std::nullopt;
  return found;
}

namespace {

std::optional<std::uint16_t> scheme_behind(ByteReader& reader, std::uint16_t version) {
  if (version < kTls12 || !reader.ok() || reader.left() < 4) return std::nullopt;
  return reader.u16();
}

std::uint16_t bits_of(Bytes number) {
  while (!number.empty() && number[0] == 0) number = number.subspan(1);
  if (number.empty()) return 0;
  return static_cast<std::uint16_t>(8 * (number.size() - 1) +
                                    static_cast<std::size_t>(std::bit_width(number[0])));
}

}  // namespace

ServerKeyExchange read_server_key_exchange(Bytes body, std::uint16_t cipher,
                                           std::uint16_t version) {
  ServerKeyExchange found;
  const std::string_view name = name_of_cipher(cipher);
  ByteReader reader(body);
  if (name.find("_PSK_") != name.npos) reader.skip(reader.u16());  // psk_identity_hint
  if (name.find("_ECDH") != name.npos) {
    constexpr std::uint8_t kNamedCurve = 3;
    if (reader.u8() != kNamedCurve) return found;
    const std::uint16_t group = reader.u16();
    reader.skip(reader.u8());
    if (!reader.ok()) return found;
    found.group = group;
  } else if (name.find("_DHE_") != name.npos || name.find("_DH_anon_") != name.npos) {
    const Bytes prime = reader.take(reader.u16());
    reader.skip(reader.u16());
    reader.skip(reader.u16());
    if (!reader.ok() || prime.size() > 8192) return found;
    found.prime_bits = bits_of(prime);
  } else {
    return found;
  }
  const bool anonymous = name.find("_anon_") != name.npos;
  if (!anonymous) found.signature = scheme_behind(reader, version);
  return found;
}

std::optional<std::uint16_t> read_certificate_verify(Bytes body, std::uint16_t version) {
  ByteReader reader(body);
  return scheme_behind(reader, version);
}

std::optional<std::uint32_t> read_ticket_lifetime(Bytes body) {
  ByteReader reader(body);
  const std::uint32_t seconds = reader.u32();
  if (!reader.ok()) return std::nullopt;
  return seconds;
}

}  // namespace wirelens::tls
