// tests/support/tls_bytes.cc - lengths before lists.
#include "support/tls_bytes.h"

namespace wirelens::testing {

std::string number8(std::size_t value) {
  return std::string(1, static_cast<char>(value));
}
std::string number16(std::size_t value) {
  return number8(value >> 8) + number8(value & 0xff);
}
std::string number24(std::size_t value) {
  return number8(value >> 16) + number16(value & 0xffff);
}
std::string list8(std::string_view bytes) {
  return number8(bytes.size()).append(bytes);
}
std::string list16(std::string_view bytes) {
  return number16(bytes.size()).append(bytes);
}
std::string list24(std::string_view bytes) {
  return number24(bytes.size()).append(bytes);
}
std::string numbers16(const std::vector<std::uint16_t>& numbers) {
  std::string out;
  for (const std::uint16_t number : numbers) out += number16(number);
  return out;
}

std::string tls_record(std::uint8_t type, std::string_view fragment, std::uint16_t version) {
  return number8(type) + number16(version) + list16(fragment);
}
std::string tls_opaque(std::uint8_t type, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(0x80 + (i * 37) % 128);
  return tls_record(type, bytes);
}
std::string tls_message(std::uint8_t type, std::string_view body) {
  return number8(type) + list24(body);
}
std::string tls_alert(std::uint8_t level, std::uint8_t description) {
  return tls_record(kAlertRecord, number8(level) + number8(description));
}
std::string tls_change_cipher_spec() {
  return tls_record(kChangeCipherSpec, "\1");
}

namespace {

std::string extensions(const std::vector<TlsExtension>& all) {
  std::string list;
  for (const auto& [type, data] : all) list += number16(type) + list16(data);
  return all.empty() ? std::string() : list16(list);
}

}  // namespace

std::string client_hello(const ClientHelloSpec& spec) {
  std::vector<TlsExtension> all;
  if (!spec.server_name.empty()) {
    all.emplace_back(0, list16(number8(0) + list16(spec.server_name)));
  }
  if (!spec.alpn.empty()) {
    std::string names;
    for (const std::string& name : spec.alpn) names += list8(name);
    all.emplace_back(16, list16(names));
  }
  if (!spec.versions.empty()) all.emplace_back(43, list8(numbers16(spec.versions)));
  all.insert(all.end(), spec.more.begin(), spec.more.end());
  return number16(spec.version) + spec.random + list8(spec.session_id) +
         list16(numbers16(spec.ciphers)) + list8(std::string(1, '\0')) + extensions(all);
}

std::string server_hello(const ServerHelloSpec& spec) {
  std::vector<TlsExtension> all;
  if (!spec.alpn.empty()) all.emplace_back(16, list16(list8(spec.alpn)));
  all.insert(all.end(), spec.more.begin(), spec.more.end());
  return number16(spec.version) + spec.random + list8(spec.session_id) + number16(spec.cipher) +
         number8(0) + extensions(all);
}

std::string server_hello13(std::uint16_t cipher, std::vector<TlsExtension> more) {
  more.emplace_back(43, number16(0x0304));
  more.emplace_back(51, number16(29) + list16(std::string(32, 'k')));
  return server_hello({.cipher = cipher, .more = std::move(more)});
}

std::string certificates12(const std::vector<std::string>& der) {
  std::string list;
  for (const std::string& each : der) list += list24(each);
  return list24(list);
}

std::string client_hello_record(const ClientHelloSpec& spec) {
  return tls_record(kHandshakeRecord, tls_message(1, client_hello(spec)), 0x0301);
}
std::string server_flight12(const ServerHelloSpec& spec) {
  const std::string key = number8(3) + number16(23) + list8(std::string(65, 'p')) +
                          number16(0x0804) + list16(std::string(64, 'g'));
  return tls_record(kHandshakeRecord, tls_message(2, server_hello(spec))) +
         tls_record(kHandshakeRecord, tls_message(11, certificates12({"leaf", "root"}))) +
         tls_record(kHandshakeRecord, tls_message(12, key) + tls_message(14, ""));
}
std::string client_flight12() {
  return tls_record(kHandshakeRecord, tls_message(16, std::string(66, 'e'))) +
         tls_change_cipher_spec() + tls_opaque(kHandshakeRecord, 40);
}
std::string server_finish12() {
  return tls_change_cipher_spec() + tls_opaque(kHandshakeRecord, 40);
}

}  // namespace wirelens::testing
