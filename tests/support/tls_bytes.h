// tests/support/tls_bytes.h - TLS written by hand: records, messages, hellos.
//
//   script.client(tls_record(22, tls_message(1, client_hello({.server_name = "shop.test"}))));
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wirelens::testing {

inline constexpr std::uint8_t kChangeCipherSpec = 20, kAlertRecord = 21, kHandshakeRecord = 22,
                              kDataRecord = 23, kHeartbeatRecord = 24;

std::string number8(std::size_t value);
std::string number16(std::size_t value);
std::string number24(std::size_t value);
/// With its length before it, in 8, 16 or 24 bits.
std::string list8(std::string_view bytes);
std::string list16(std::string_view bytes);
std::string list24(std::string_view bytes);
std::string numbers16(const std::vector<std::uint16_t>& numbers);

std::string tls_record(std::uint8_t type, std::string_view fragment,
                       std::uint16_t version = 0x0303);
/// A record that is protected: `size` bytes that nobody can read.
std::string tls_opaque(std::uint8_t type, std::size_t size);
std::string tls_message(std::uint8_t type, std::string_view body);
std::string tls_alert(std::uint8_t level, std::uint8_t description);
std::string tls_change_cipher_spec();

using TlsExtension = std::pair<std::uint16_t, std::string>;

struct ClientHelloSpec {
  std::uint16_t version = 0x0303;
  std::string random = std::string(32, 'c');
  std::string session_id = {};
  std::vector<std::uint16_t> ciphers = {0x1301, 0xc02f, 0x009c};
  std::string server_name = "shop.test";  // empty: no extension
  std::vector<std::string> alpn = {};
  std::vector<std::uint16_t> versions = {};
  std::vector<TlsExtension> more = {};
};
struct ServerHelloSpec {
  std::uint16_t version = 0x0303;
  std::string random = std::string(32, 's');
  std::string session_id = {};
  std::uint16_t cipher = 0xc02f;
  std::string alpn = {};
  std::vector<TlsExtension> more = {};
};

/// Bodies of messages.
std::string client_hello(const ClientHelloSpec& spec);
std::string server_hello(const ServerHelloSpec& spec);
std::string server_hello13(std::uint16_t cipher = 0x1301, std::vector<TlsExtension> more = {});
std::string certificates12(const std::vector<std::string>& der);

/// Client's and server's flights of a full TLS 1.2 handshake, each in records.
std::string client_hello_record(const ClientHelloSpec& spec = {});
std::string server_flight12(const ServerHelloSpec& spec = {});
std::string client_flight12();
std::string server_finish12();

}  // namespace wirelens::testing
