// tls/handshake.cc - what each message and each protected record tells.
#include "tls/handshake.h"

#include <algorithm>

#include "tls/certificate_compression.h"
#include "tls/flaws.h"

namespace wirelens::tls {
namespace {

/// Protected records of the client that are remembered until the ServerHello has been read.
constexpr std::size_t kMaxEarlyRecords = 8;

void keep(std::pmr::vector<std::uint8_t>& place, Bytes bytes) {
  place.assign(bytes.begin(), bytes.end());
}

/// A TLS 1.3 record around `content` bytes: a byte of type, and the tag.
std::size_t tls13_length(std::uint16_t cipher, std::size_t content) {
  const bool short_tag = name_of_cipher(cipher).ends_with("_CCM_8_SHA256");
  return content + 1 + (short_tag ? 8 : 16);
}
constexpr std::size_t kAlertSize = 2;
/// A Finished of TLS 1.3: a hash of the cipher suite's, behind its header.
std::size_t finished_size(std::uint16_t cipher) {
  const bool long_hash = name_of_cipher(cipher).ends_with("_SHA384");
  return HandshakeMessage::kHeader + (long_hash ? 48 : 32);
}

}  // namespace

Handshake::Handshake(Context& context, Direction client, bool renegotiation)
    : client_(client),
      renegotiation_(renegotiation),
      hello_(&context.memory()),
      ssl2_ciphers_(&context.memory()),
      alpn_(&context.memory()),
      not_tls_(&context.memory()),
      halves_{Half(context.memory()), Half(context.memory())},
      early_records_(&context.memory()),
      alerts_(&context.memory()),
      messages_(&context.memory()) {}

void Handshake::step(Direction from, std::string_view message, const Stamp& stamp) {
  constexpr std::size_t kMost = 8;  // that all but a few handshakes have
  if (!started_) started_ = stamp.time;
  if (messages_.empty()) messages_.reserve(kMost);
  if (messages_.size() < kMaxMessages)
    messages_.push_back({from, message, stamp.packet, stamp.time});
}

void Handshake::message(Context& context, Direction from, const HandshakeMessage& message,
                        const Stamp& first, const Stamp& last) {
  if (!started_) started_ = first.time;
  const Bytes body = message.body;
  const bool by_server = from != client_;
  std::string_view name = name_of(message.type);
  switch (message.type) {
    case HandshakeType::client_hello:
      if (!by_server) client_hello(context, body);
      break;
    case HandshakeType::server_hello: {
      const bool retried = retried_;
      if (by_server) server_hello(context, body);
      if (retried_ != retried) name = name_of(HandshakeType::hello_retry_request);
      break;
    }
    case HandshakeType::encrypted_extensions:
      encrypted_extensions(context, from, body);
      break;
    case HandshakeType::compressed_certificate:
      compressed_certificate(context, from, body);
      break;
    case HandshakeType::certificate:
      certificate(context, from, body);
      break;
    case HandshakeType::certificate_status:
      status_sent_ = true;
      break;
    case HandshakeType::certificate_request:
      certificate_requested_ = true;
      break;
    case HandshakeType::server_key_exchange: {
      const auto exchange = read_server_key_exchange(body, agreement_.cipher, agreement_.version);
      group_ = exchange.group;
      dh_bits_ = exchange.prime_bits;
      signature_ = exchange.signature;
      break;
    }
    case HandshakeType::certificate_verify:
      if (by_server) signature_ = read_certificate_verify(body, agreement_.version);
      break;
    case HandshakeType::server_hello_done:
      done_seen_ = true;
      break;
    case HandshakeType::new_session_ticket:
      ticket_lifetime_ = read_ticket_lifetime(body);
      break;
    case HandshakeType::finished:
      finish(from, last);
      break;
    default:
      break;
  }
  step(from, name.empty() ? "unknown" : name, last);
}

void Handshake::client_hello(Context& context, Bytes body) {
  const bool first = hello_.empty();
  if (first) keep(hello_, body);
  const ClientHello hello = read_client_hello(first ? Bytes(hello_) : body);
  if (!hello.whole) context.flaw(kMalformedHandshake, client_, "client_hello");
  if (first) {
    // Drafts of TLS 1.3 don't count: a server of the RFC's speaks none of them.
    best_offered_ = hello.offers(kTls13) ? kTls13 : std::min(hello.best_version(), kTls12);
    offered_session_ = hello.session_id;
    early_offered_ = hello.early_data;
    ticket_offered_ = hello.ticket_bytes > 0;
    ech_offered_ = hello.ech;
    esni_offered_ = hello.esni;
    if (hello.server_name && !renegotiation_) context.name_server(*hello.server_name);
  }
  // The second one, after a retry, has the same random (RFC 8446 section 4.1.2).
  std::copy(hello.random.begin(), hello.random.end(), agreement_.client_random.begin());
}

void Handshake::server_hello(Context& context, Bytes body) {
  if (ja3s_) return;  // there is only one
  const Direction from = opposite(client_);
  const ServerHello hello = read_server_hello(body);
  if (!hello.whole) context.flaw(kMalformedHandshake, from, "server_hello");
  if (hello.random.size() < 32) return;
  if (hello.group) group_ = hello.group;
  if (hello.is_retry()) {
    retried_ = true;
    if (early_offered_) early_accepted_ = false;
    return;
  }
  ja3s_ = ja3s_of(hello);
  agreement_.version = hello.version();
  agreement_.cipher = hello.cipher;
  agreement_.compression = hello.compression;
  agreement_.extended_master_secret = hello.extended_master_secret;
  agreement_.encrypt_then_mac = hello.encrypt_then_mac;
  std::copy(hello.random.begin(), hello.random.end(), agreement_.server_random.begin());
  if (hello.alpn) alpn_ = *hello.alpn;
  renegotiation_info_ = hello.renegotiation_info;
  scts_ = hello.scts;

  downgraded_ = hello.is_downgrade() && best_offered_ > hello.version();
  if (is_tls13()) {
    resumed_ = hello.psk_identity.has_value();
    if (*resumed_) resumed_by_ = "psk";
    if (early_offered_ && !*resumed_) early_accepted_ = false;
  } else if (!hello.session_id.empty() &&
             std::equal(hello.session_id.begin(), hello.session_id.end(), offered_session_.begin(),
                        offered_session_.end())) {
    resumed_ = true;
    resumed_by_ = ticket_offered_ ? "ticket" : "id";
  }
  for (const EarlyRecord& record : early_records_) judge_client_record(record);
  early_records_.clear();
}

void Handshake::encrypted_extensions(Context& context, Direction from, Bytes body) {
  const EncryptedExtensions found = read_encrypted_extensions(body);
  if (!found.whole) context.flaw(kMalformedHandshake, from, "encrypted_extensions");
  if (found.alpn) alpn_ = *found.alpn;
  if (early_offered_) early_accepted_ = found.early_data;
  ech_rejected_ = found.ech_retry;
}

void Handshake::certificate(Context& context, Direction from, Bytes body) {
  const CertificateChain chain = read_certificate(body, is_tls13());
  if (!chain.whole) context.flaw(kMalformedHandshake, from, "certificate");
  if (from != client_ && chain.ocsp) status_sent_ = true;
  if (from != client_) scts_ += chain.scts;
  keep(half(from).chain, body);
  half(from).certificates = chain.count;
}

void Handshake::compressed_certificate(Context& context, Direction from, Bytes body) {
  const auto compressed = read_compressed_certificate(body);
  if (compressed && from != client_) compression_ = compressed->algorithm;
  if (compressed && name_of_compression(compressed->algorithm).empty()) return;
  if (compressed && compressed->size > kMaxMessage) return context.flaw(kLongHandshake, from);
  const auto opened = compressed ? decompress(*compressed, context.ledger()) : std::nullopt;
  if (!opened) return context.flaw(kMalformedHandshake, from, "compressed_certificate");
  certificate(context, from, *opened);
}

void Handshake::change_cipher_spec(Direction from, const Stamp& stamp) {
  Half& sender = half(from);
  if (!sender.changed_cipher) step(from, "change_cipher_spec", stamp);
  sender.changed_cipher = true;
  const bool known = hellos_done() && !is_tls13();
  // A server that ends its flight without ServerHelloDone takes up an earlier session.
  if (known && from != client_ && !sender.lost && !resumed_) {
    resumed_ = !done_seen_;
    if (*resumed_) resumed_by_ = ticket_offered_ ? "ticket" : "id";
  }
}

void Handshake::alert(Direction from, Bytes content, const Stamp& stamp) {
  if (!started_) started_ = stamp.time;
  const bool readable = content.size() == kAlertSize;
  constexpr std::uint8_t kFatal = 2;
  constexpr std::uint8_t kCloseNotify = 0;
  if (!readable || content[0] == kFatal || content[1] == kCloseNotify) failed_ = !complete();
  if (alerts_.size() >= kMaxAlerts) return;
  alerts_.push_back({from, readable, readable ? content[0] : std::uint8_t{0},
                     readable ? content[1] : std::uint8_t{0}, stamp.packet});
}

void Handshake::found(std::uint16_t cipher, std::uint64_t tried, const Stamp& stamp) {
  if (tried_) return;
  agreement_.version = kTls13;
  agreement_.cipher = cipher;
  tried_ = tried;
  missed_ = true;
  if (!started_) started_ = stamp.time;
}

void Handshake::protected_record(Direction from, const RecordHeader& header, const Stamp& stamp) {
  if (complete() || tried_) return;
  Half& sender = half(from);
  const bool data = header.type == ContentType::application_data;
  if (data && !begun()) {
    missed_ = true;
    return;
  }
  if (!hellos_done() && data) {
    // Both speak, and no ServerHello was seen: it is in a hole.
    if (sender.protected_records++ == 0 && half(opposite(from)).protected_records > 0) {
      missed_ = true;
    }
  }
  if (!hellos_done() && from == client_) {
    if (early_records_.size() < kMaxEarlyRecords) early_records_.push_back({header.length, stamp});
    return;
  }
  if (is_tls13() && from == client_) return judge_client_record({header.length, stamp});
  if (is_tls13()) {
    if (sender.finished) return;
    if (header.length == tls13_length(agreement_.cipher, kAlertSize)) return alert(from, {}, stamp);
    if (sender.protected_records++ == 0) step(from, "encrypted", stamp);
    // Where its flight ends cannot be seen; the client's Finished answers it.
    finish(from, stamp);
    return;
  }
  switch (header.type) {
    case ContentType::alert:
      return alert(from, {}, stamp);
    case ContentType::handshake:
      if (!sender.finished) step(from, name_of(HandshakeType::finished), stamp);
      return finish(from, stamp);
    case ContentType::application_data:
      // A server speaks when the handshake is done; a client may not have waited for its end.
      if (!hellos_done()) return;
      finish(from, stamp);
      if (from != client_) finish(client_, stamp);
      return;
    default:
      return;
  }
}

void Handshake::judge_client_record(const EarlyRecord& record) {
  Half& client = half(client_);
  if (client.finished) return;
  if (!is_tls13()) return finish(client_, record.stamp);
  const std::size_t length = record.length;
  if (length == tls13_length(agreement_.cipher, kAlertSize)) {
    return alert(client_, {}, record.stamp);
  }
  if (early_offered_ && length != tls13_length(agreement_.cipher, finished_size(agreement_.cipher)))
    return;
  step(client_, "encrypted", record.stamp);
  finish(client_, record.stamp);
}

void Handshake::finish(Direction from, const Stamp& stamp) {
  Half& sender = half(from);
  if (sender.finished) return;
  sender.finished = true;
  sender.finished_at = stamp;
  const Half& other = half(opposite(from));
  if (!other.finished || failed_) return;
  // In TLS 1.3 the client has the last word; before, whoever comes second.
  const bool before = stamp.packet < other.finished_at.packet;
  finished_ = is_tls13() ? half(client_).finished_at : before ? other.finished_at : stamp;
  if (!resumed_ && !half(opposite(client_)).lost) resumed_ = false;
}

void Handshake::not_tls(Direction from, const Stamp& stamp) {
  if (!started_) started_ = stamp.time;
  if (not_tls_at_) return;
  not_tls_at_ = NotTls{from, {}, stamp.packet};
  failed_ = !complete();
}

void Handshake::not_tls_begins(Bytes bytes) {
  if (not_tls_.empty()) not_tls_ = as_text(bytes.first(std::min(bytes.size(), kMaxNotTls)));
}

void Handshake::ssl2_client_hello(Bytes body, const Stamp& stamp) {
  step(client_, name_of(HandshakeType::client_hello), stamp);
  ByteReader reader(body);
  reader.skip(1);  // its type
  ssl2_version_ = reader.u16();
  const std::size_t ciphers = reader.u16();
  const std::size_t session = reader.u16();
  const std::size_t challenge = reader.u16();
  keep(ssl2_ciphers_, reader.take(ciphers));
  reader.skip(session);
  const Bytes random = reader.take(challenge);
  // RFC 5246 appendix E.2: the challenge is the random's end.
  if (!random.empty() && random.size() <= 32) {
    std::copy(random.begin(), random.end(), agreement_.client_random.end() - random.size());
  }
}

void Handshake::ssl2_server_hello(Bytes body, const Stamp& stamp) {
  step(opposite(client_), name_of(HandshakeType::server_hello), stamp);
  ByteReader reader(body);
  reader.skip(1);
  resumed_ = reader.u8() != 0;
  if (*resumed_) resumed_by_ = "id";
  reader.skip(1);  // certificate type
  agreement_.version = reader.u16();
  const std::size_t certificate = reader.u16();
  if (certificate > 0) server().certificates = 1;
  // Who takes which cipher, and whether both finish, is told in messages that are encrypted.
}

std::optional<Duration> Handshake::duration() const {
  if (!started_ || !finished_ || finished_->time < *started_) return std::nullopt;
  return finished_->time - *started_;
}

}  // namespace wirelens::tls
