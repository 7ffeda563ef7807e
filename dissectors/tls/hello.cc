// tls/hello.cc - fields and extensions of hellos.
#include "tls/hello.h"

#include <algorithm>
#include <array>

namespace wirelens::tls {
namespace {

/// A list with its length in 16 bits before it, and nothing else.
Bytes list16(Bytes data) {
  ByteReader reader(data);
  const Bytes list = reader.take(reader.u16());
  return reader.done() ? list : Bytes();
}
Bytes list8(Bytes data) {
  ByteReader reader(data);
  const Bytes list = reader.take(reader.u8());
  return reader.done() ? list : Bytes();
}

/// RFC 6066 section 3: the first name of type host_name.
std::optional<std::string_view> host_name(Bytes data) {
  ByteReader names(list16(data));
  while (names.left() > 0) {
    const std::uint8_t type = names.u8();
    const Bytes name = names.take(names.u16());
    if (!names.ok()) return std::nullopt;
    if (type == 0 && !name.empty()) return as_text(name);
  }
  return std::nullopt;
}

/// RFC 8446 section 4.2.11: how many identities are offered.
std::size_t psk_identities(Bytes data) {
  ByteReader offer(data);
  ByteReader identities(offer.take(offer.u16()));
  std::size_t count = 0;
  while (identities.left() > 0) {
    identities.skip(identities.u16());
    identities.skip(4);  // obfuscated_ticket_age
    if (!identities.ok()) break;
    ++count;
  }
  return count;
}

void read_extension(const Extension& extension, ClientHello& hello) {
  const Bytes data = extension.data;
  switch (extension.type) {
    case ExtensionType::server_name:
      hello.server_name = host_name(data);
      break;
    case ExtensionType::application_layer_protocol_negotiation:
      hello.alpn = list16(data);
      break;
    case ExtensionType::supported_versions:
      hello.versions = Numbers(list8(data));
      break;
    case ExtensionType::supported_groups:
      hello.groups = Numbers(list16(data));
      break;
    case ExtensionType::signature_algorithms:
      hello.signatures = Numbers(list16(data));
      break;
    case ExtensionType::ec_point_formats:
      hello.point_formats = list8(data);
      break;
    case ExtensionType::compress_certificate:
      hello.certificate_compressions = Numbers(list8(data));
      break;
    case ExtensionType::session_ticket:
      hello.ticket_bytes = data.size();
      break;
    case ExtensionType::pre_shared_key:
      hello.psk_identities = psk_identities(data);
      break;
    case ExtensionType::early_data:
      hello.early_data = true;
      break;
    case ExtensionType::encrypted_client_hello:
      hello.ech = !data.empty() && data[0] == 0;  // outer
      break;
    case ExtensionType::encrypted_server_name:
      hello.esni = true;
      break;
    case ExtensionType::extended_master_secret:
      hello.extended_master_secret = true;
      break;
    case ExtensionType::encrypt_then_mac:
      hello.encrypt_then_mac = true;
      break;
    case ExtensionType::status_request:
      hello.status_request = true;
      break;
    case ExtensionType::signed_certificate_timestamp:
      hello.sct = true;
      break;
    case ExtensionType::renegotiation_info:
      hello.renegotiation_info = true;
      hello.renegotiates = data.size() > 1;
      break;
    case ExtensionType::post_handshake_auth:
      hello.post_handshake_auth = true;
      break;
    default:
      break;
  }
}

std::optional<std::string_view> chosen_alpn(Bytes data) {
  return AlpnNames(list16(data)).next();
}

void read_extension(const Extension& extension, ServerHello& hello) {
  ByteReader data(extension.data);
  switch (extension.type) {
    case ExtensionType::supported_versions:
      if (extension.data.size() == 2) hello.selected_version = data.u16();
      break;
    case ExtensionType::application_layer_protocol_negotiation:
      hello.alpn = chosen_alpn(extension.data);
      break;
    case ExtensionType::key_share:
      if (extension.data.size() >= 2) hello.group = data.u16();
      break;
    case ExtensionType::pre_shared_key:
      if (extension.data.size() == 2) hello.psk_identity = data.u16();
      break;
    case ExtensionType::session_ticket:
      hello.session_ticket = true;
      break;
    case ExtensionType::extended_master_secret:
      hello.extended_master_secret = true;
      break;
    case ExtensionType::encrypt_then_mac:
      hello.encrypt_then_mac = true;
      break;
    case ExtensionType::status_request:
      hello.status_request = true;
      break;
    case ExtensionType::signed_certificate_timestamp:
      hello.scts = count_scts(extension.data);
      break;
    case ExtensionType::renegotiation_info:
      hello.renegotiation_info = true;
      break;
    case ExtensionType::encrypted_client_hello:
      hello.ech_confirmation = true;
      break;
    default:
      break;
  }
}

/// Extensions are what is left, if anything is (RFC 5246 section 7.4.1.2).
template <class Hello>
void read_extensions(ByteReader& reader, Hello& hello) {
  if (reader.ok() && reader.left() > 0) {
    // A list that is cut short still tells what it began with.
    const std::size_t length = reader.u16();
    hello.extensions = reader.take(std::min(length, reader.left()));
    Extensions extensions(hello.extensions);
    while (const auto extension = extensions.next()) read_extension(*extension, hello);
    hello.whole = hello.extensions.size() == length && extensions.ok() && reader.done();
  } else {
    hello.whole = reader.done();
  }
}

constexpr std::array<std::uint8_t, 32> kRetryRandom = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
constexpr std::string_view kSentinel = "DOWNGRD";  // and 1: TLS 1.2, 0: TLS 1.1 or below

}  // namespace

std::size_t count_scts(Bytes data) {
  ByteReader list(list16(data));
  std::size_t count = 0;
  while (list.left() > 0) {
    list.skip(list.u16());
    if (!list.ok()) break;
    ++count;
  }
  return count;
}

std::uint16_t ClientHello::best_version() const {
  std::uint16_t best = 0;
  for (const std::uint16_t version : versions) {
    if (!is_grease(version)) best = std::max(best, version);
  }
  return best != 0 ? best : legacy_version;
}

bool ClientHello::offers(std::uint16_t version) const {
  for (const std::uint16_t each : versions) {
    if (each == version) return true;
  }
  return false;
}

bool ServerHello::is_retry() const {
  return std::equal(random.begin(), random.end(), kRetryRandom.begin(), kRetryRandom.end());
}

bool ServerHello::is_downgrade() const {
  return random.size() == 32 && as_text(random).substr(24, 7) == kSentinel && random[31] <= 1;
}

ClientHello read_client_hello(Bytes body) {
  ClientHello hello;
  ByteReader reader(body);
  hello.legacy_version = reader.u16();
  hello.random = reader.take(32);
  hello.session_id = reader.take(reader.u8());
  hello.ciphers = Numbers(reader.take(reader.u16()));
  hello.compression_methods = reader.take(reader.u8());
  read_extensions(reader, hello);
  if (hello.session_id.size() > 32) hello.whole = false;
  return hello;
}

ServerHello read_server_hello(Bytes body) {
  ServerHello hello;
  ByteReader reader(body);
  hello.legacy_version = reader.u16();
  hello.random = reader.take(32);
  // Drafts of TLS 1.3 up to 21 have neither session id nor compression.
  const bool brief = (hello.legacy_version >> 8) == 0x7f && hello.legacy_version < 0x7f16;
  if (!brief) hello.session_id = reader.take(reader.u8());
  hello.cipher = reader.u16();
  if (!brief) hello.compression = reader.u8();
  read_extensions(reader, hello);
  return hello;
}

EncryptedExtensions read_encrypted_extensions(Bytes body) {
  EncryptedExtensions found;
  ByteReader reader(body);
  Extensions extensions(reader.take(reader.u16()));
  while (const auto extension = extensions.next()) {
    switch (extension->type) {
      case ExtensionType::application_layer_protocol_negotiation:
        found.alpn = chosen_alpn(extension->data);
        break;
      case ExtensionType::early_data:
        found.early_data = true;
        break;
      case ExtensionType::encrypted_client_hello:
        found.ech_retry = true;
        break;
      default:
        break;
    }
  }
  found.whole = reader.done() && extensions.ok();
  return found;
}

}  // namespace wirelens::tls
