// tls/handshake_record.cc - a handshake as its record tells it.
#include <algorithm>

#include "tls/alert_words.h"
#include "tls/handshake.h"

namespace wirelens::tls {
namespace {

using Texts = std::span<const std::string_view>;

/// Room for lists of a record, that live as long as the arena.
template <class T>
class List {
 public:
  List(std::pmr::memory_resource& arena, std::size_t most)
      : at_(static_cast<T*>(
            arena.allocate(std::max<std::size_t>(most, 1) * sizeof(T), alignof(T)))) {}
  void add(const T& value) { new (at_ + count_++) T(value); }
  std::span<const T> all() const { return {at_, count_}; }

 private:
  T* at_;
  std::size_t count_ = 0;
};

std::string_view text_of(std::string_view name, std::uint32_t number, int digits,
                         std::pmr::memory_resource& arena) {
  if (!name.empty()) return name;
  auto* letters = static_cast<char*>(arena.allocate(static_cast<std::size_t>(2 + digits), 1));
  letters[0] = '0';
  letters[1] = 'x';
  for (int i = 0; i < digits; ++i) {
    letters[2 + i] = "0123456789ABCDEF"[(number >> (4 * (digits - 1 - i))) & 15];
  }
  return {letters, static_cast<std::size_t>(2 + digits)};
}

std::string_view name_of_level(std::uint8_t level) {
  return level == 1 ? "warning" : level == 2 ? "fatal" : std::string_view();
}

/// Most entries that a list of a record has.
constexpr std::size_t kMostListed = 512;

/// The names of a list of numbers, GREASE left out.
Texts names_of(const Numbers& numbers, std::string_view (*name)(std::uint16_t),
               std::pmr::memory_resource& arena) {
  List<std::string_view> names(arena, std::min(numbers.size(), kMostListed));
  for (const std::uint16_t number : numbers) {
    if (names.all().size() == kMostListed) break;
    if (!is_grease(number)) names.add(text_of(name(number), number, 4, arena));
  }
  return names.all();
}

/// A cipher kind of SSL 2.0 has three bytes; those of later versions begin with 0.
Texts ssl2_names(Bytes kinds, std::pmr::memory_resource& arena) {
  kinds = kinds.first(std::min(kinds.size(), 3 * kMostListed));
  List<std::string_view> names(arena, kinds.size() / 3);
  for (; kinds.size() >= 3; kinds = kinds.subspan(3)) {
    const std::uint16_t low = load_be16(&kinds[1]);
    const std::uint32_t number = (std::uint32_t{kinds[0]} << 16) | low;
    names.add(text_of(kinds[0] == 0 ? name_of_cipher(low) : name_of_ssl2_cipher(number), number, 6,
                      arena));
  }
  return names.all();
}

Texts alpn_names(Bytes list, std::pmr::memory_resource& arena) {
  constexpr std::size_t kMost = 64;
  List<std::string_view> names(arena, kMost);
  AlpnNames all(list);
  while (const auto name = all.next()) {
    const bool grease = name->size() == 2 && is_grease(load_be16(as_bytes(*name).data()));
    if (!grease && names.all().size() < kMost) names.add(*name);
  }
  return names.all();
}

/// RFC 8446 appendix D.4: with TLS 1.3 on offer a session id may be there for show; with a ticket
/// (RFC 5077 section 3.4) it is the client's invention.
std::optional<std::string_view> offered_session(const ClientHello& hello) {
  if (hello.psk_identities > 0) return "psk";
  if (hello.ticket_bytes > 0) return "ticket";
  if (!hello.session_id.empty() && !is_tls13(hello.best_version())) return "id";
  return std::nullopt;
}

/// What a browser shows of a handshake that failed for something else than a certificate that can
/// be seen.
std::optional<std::string_view> refusal_shown(const TlsSession& record) {
  if (record.messages.empty()) return std::nullopt;
  if (record.not_tls && record.not_tls->from == Direction::from_server) {
    return "SSL_ERROR_RX_RECORD_TOO_LONG";
  }
  if (!record.alerts) return std::nullopt;
  for (const TlsAlert& alert : *record.alerts) {
    if (alert.level != "fatal" || !alert.description) continue;
    if (alert.from == Direction::from_server) {
      return words_of_server_alert(*alert.description).browser;
    }
    const std::string_view refusal = words_of_refusal(*alert.description).chromium;
    if (refusal.empty() && *alert.description != "certificate_unknown") {
      return words_of_client_alert(*alert.description).browser;
    }
    // A certificate that can be seen has been judged.
    const bool hidden = !record.certificates && !refusal.empty();
    return hidden ? std::optional(refusal) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

void Handshake::tell_ssl2_hello(TlsSession& record, std::pmr::memory_resource& arena) const {
  List<std::string_view> versions(arena, 1);
  versions.add(text_of(name_of_version(ssl2_version_), ssl2_version_, 4, arena));
  record.client_versions = versions.all();
  record.client_ciphers = ssl2_names(ssl2_ciphers_, arena);
}

void Handshake::tell_hello(const ClientHello& hello, TlsSession& record,
                           std::pmr::memory_resource& arena) const {
  if (hello.versions.empty()) {
    List<std::string_view> versions(arena, 1);
    versions.add(text_of(name_of_version(hello.legacy_version), hello.legacy_version, 4, arena));
    record.client_versions = versions.all();
  } else {
    record.client_versions = names_of(hello.versions, name_of_version, arena);
  }
  record.client_ciphers = names_of(hello.ciphers, name_of_cipher, arena);
  record.server_name = hello.server_name;
  if (!hello.alpn.empty()) record.client_alpn = alpn_names(hello.alpn, arena);
  record.offered_session = offered_session(hello);
  if (early_offered_) {
    record.early_data = !early_accepted_ ? "offered" : *early_accepted_ ? "accepted" : "rejected";
  }
  if (esni_offered_) record.ech = "esni";
  if (ech_offered_) record.ech = ech_rejected_ ? "rejected" : "offered";
}

void Handshake::tell_agreement(TlsSession& record, std::pmr::memory_resource& arena) const {
  if (!hellos_done()) return;
  const Agreement& agreed = agreement_;
  record.version = text_of(name_of_version(agreed.version), agreed.version, 4, arena);
  if (agreed.version == kSsl2) return;
  record.cipher = text_of(name_of_cipher(agreed.cipher), agreed.cipher, 4, arena);
  if (group_) record.group = text_of(name_of_group(*group_), *group_, 4, arena);
  record.dh_bits = dh_bits_;
  if (signature_) record.signature = text_of(name_of_signature(*signature_), *signature_, 4, arena);
  if (!alpn_.empty()) record.alpn = alpn_;
  if (is_tls13()) return;
  record.extended_master_secret = agreed.extended_master_secret;
  record.secure_renegotiation = renegotiation_info_;
  if (agreed.encrypt_then_mac) record.encrypt_then_mac = true;
}

void Handshake::tell_course(TlsSession& record, std::pmr::memory_resource& arena) const {
  record.established = complete() || tried_;
  if (tried_) record.handshake_seen = false;
  record.secrets_tried = tried_;
  record.resumed = resumed_;
  if (resumed_ == true) record.resumed_by = resumed_by_;
  if (retried_) record.retried = true;
  if (downgraded_) record.downgraded = true;
  if (renegotiation_) record.renegotiation = true;
  if (status_sent_) record.ocsp_stapled = true;
  if (scts_ > 0) record.scts = scts_;
  if (certificate_requested_) record.client_certificate_requested = true;
  record.ticket_lifetime = ticket_lifetime_;
  record.certificate_count = half(opposite(client_)).certificates;
  if (compression_) {
    record.certificate_compression =
        text_of(name_of_compression(*compression_), *compression_, 4, arena);
  }
  if (!alerts_.empty()) {
    List<TlsAlert> alerts(arena, alerts_.size());
    for (const KeptAlert& each : alerts_) alerts.add(alert_of(each, arena));
    record.alerts = alerts.all();
  }
  record.messages = messages_;
  if (not_tls_at_) {
    record.not_tls = not_tls_at_;
    record.not_tls->begins = not_tls_;
  }
  record.handshake_time = duration();
  record.decrypted = decrypted_;
}

void Handshake::tell_certificates(Context& context, CertificateRecord& certificates,
                                  TlsSession& record) const {
  const Half& server = half(opposite(client_));
  const auto of_server = read_certificate(server.chain, is_tls13());
  const auto of_client = read_certificate(half(client_).chain, is_tls13());
  certificates.tell_server(context, of_server.der(), record.server_name.value_or(""), *started_,
                           record);
  certificates.tell_client(of_client.der(), record);
  if (of_server.count > kMostCertificates) {
    context.flaw(kTooManyCertificates, opposite(client_));
  }
  if (is_tls13() && resumed_ == false && !server.certificates) {
    record.verification = "not_observable";
  }
}

TlsAlert Handshake::alert_of(const KeptAlert& alert, std::pmr::memory_resource& arena) {
  TlsAlert told{alert.from, std::nullopt, std::nullopt, alert.packet};
  if (!alert.readable) return told;
  told.level = text_of(name_of_level(alert.level), alert.level, 2, arena);
  told.description = text_of(name_of_alert(alert.description), alert.description, 2, arena);
  return told;
}

void tell_alert(Context& context, Direction from, Bytes content, const Stamp& stamp) {
  if (content.size() != 2) return;
  std::array<std::byte, 64> room;
  std::pmr::monotonic_buffer_resource arena(room.data(), room.size());
  TlsAlertSeen seen;
  seen.from = from;
  seen.level = text_of(name_of_level(content[0]), content[0], 2, arena);
  seen.description = text_of(name_of_alert(content[1]), content[1], 2, arena);
  seen.packet = stamp.packet;
  context.emit(stamp.time, seen);
}

void Handshake::tell(Context& context) {
  if (told_ || !begun()) return;
  told_ = true;
  std::array<std::byte, 8192> room;
  std::pmr::monotonic_buffer_resource arena(room.data(), room.size());
  std::optional<Ja3> ja3;
  std::optional<Ja4> ja4;
  TlsSession record;
  tell_agreement(record, arena);
  tell_course(record, arena);
  record.round_trip = context.handshake();
  if (!ssl2_ciphers_.empty()) tell_ssl2_hello(record, arena);
  if (!hello_.empty()) {
    const ClientHello hello = read_client_hello(hello_);
    tell_hello(hello, record, arena);
    ja3 = ja3_of(hello);
    ja4 = ja4_of(hello, Carrier::tcp);
    record.ja3 = ja3->text();
    record.ja4 = ja4->text();
  }
  if (ja3s_) record.ja3s = ja3s_->text();
  CertificateRecord certificates;
  tell_certificates(context, certificates, record);
  if (!record.established && !record.browser_error) record.browser_error = refusal_shown(record);
  context.emit(*started_, record);
}

}  // namespace wirelens::tls
