// tls/handshake.h - what is known of one handshake, and its `tls` record.
//
// Follows RFC 8446 section 2 and RFC 5246 section 7.3 from outside. What protected records hide is
// judged by their types, lengths and order:
//   - TLS 1.2 and before: behind ChangeCipherSpec, the first handshake record is Finished;
//   - TLS 1.3: behind the ServerHello, all that the server sends is its flight; the client's first
//     record is its Finished (or certificate), or an alert, which is shorter than any of them. A
//     client that sends early data is only believed a record as long as a Finished.
#pragma once

#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dissect/dissector.h"
#include "event/tls.h"
#include "tls/certificate_record.h"
#include "tls/decryption.h"
#include "tls/fingerprint.h"
#include "tls/hello.h"
#include "tls/message_stream.h"
#include "tls/messages.h"
#include "tls/record.h"

namespace wirelens::tls {

class Handshake {
 public:
  static constexpr std::size_t kMaxAlerts = 8;
  static constexpr std::size_t kMaxMessages = 32;
  static constexpr std::size_t kMaxNotTls = 64;

  /// `client`: who of the connection's ends is TLS' client. `renegotiation`: within a session.
  Handshake(Context& context, Direction client, bool renegotiation);

  // ---- what was read
  /// A message in clear, or opened. `first` and `last`: the packets that it came in.
  void message(Context& context, Direction from, const HandshakeMessage& message,
               const Stamp& first, const Stamp& last);
  /// A hello of SSL 2.0, also one for later versions; `body` behind its header.
  void ssl2_client_hello(Bytes body, const Stamp& stamp);
  void ssl2_server_hello(Bytes body, const Stamp& stamp);
  void change_cipher_spec(Direction from, const Stamp& stamp);
  /// level and description, or nothing if it is encrypted.
  void alert(Direction from, Bytes content, const Stamp& stamp);
  /// A record that nobody could open.
  void protected_record(Direction from, const RecordHeader& header, const Stamp& stamp);
  /// Bytes that are no TLS came, and how they begin.
  void not_tls(Direction from, const Stamp& stamp);
  void not_tls_begins(Bytes bytes);
  /// Bytes of a direction are missing: what was not seen may have been there.
  void lost(Direction from) { half(from).lost = true; }
  /// A record was opened: keys for it are known.
  void decrypted() { decrypted_ = true; }
  /// It was not seen, and was one of TLS 1.3: keys were found by this record, after so many trials.
  void found(std::uint16_t cipher, std::uint64_t tried, const Stamp& stamp);

  // ---- what follows from it
  /// Anything was seen that a record can tell of.
  bool begun() const { return started_.has_value(); }
  /// Both ends have finished it.
  bool complete() const { return finished_.has_value(); }
  /// Nothing of it was seen, so far or at all.
  bool unseen() const { return !begun() || tried_; }
  /// Complete, or it went by unseen: nothing more of it will come.
  bool over() const { return complete() || missed_; }
  /// An end has said no, or did not speak TLS.
  bool failed() const { return failed_; }
  /// Its record is written.
  bool told() const { return told_; }
  /// The ServerHello was seen.
  bool hellos_done() const { return agreement_.version != 0; }
  bool is_tls13() const { return tls::is_tls13(agreement_.version); }
  const Agreement& agreement() const { return agreement_; }
  Direction client() const { return client_; }
  Role role(Direction from) const { return from == client_ ? Role::client : Role::server; }
  /// The server asked for another ClientHello, as only TLS 1.3 does.
  bool retried() const { return retried_; }
  bool offers_early_data() const { return early_offered_; }
  std::string_view alpn() const { return alpn_; }
  bool has_changed_cipher(Direction from) const { return half(from).changed_cipher; }
  std::optional<Duration> duration() const;

  /// Writes the record, once.
  void tell(Context& context);

 private:
  struct Half {
    explicit Half(std::pmr::memory_resource& memory) : chain(&memory) {}

    bool changed_cipher = false;
    bool finished = false;
    bool lost = false;
    std::uint16_t protected_records = 0;
    Stamp finished_at;
    std::pmr::vector<std::uint8_t> chain;  // body of the Certificate message
    std::optional<std::uint64_t> certificates;
  };
  struct EarlyRecord {
    std::uint16_t length;
    Stamp stamp;
  };
  struct KeptAlert {
    Direction from;
    bool readable;
    std::uint8_t level;
    std::uint8_t description;
    std::uint64_t packet;
  };

  void client_hello(Context& context, Bytes body);
  void server_hello(Context& context, Bytes body);
  void certificate(Context& context, Direction from, Bytes body);
  void compressed_certificate(Context& context, Direction from, Bytes body);
  void encrypted_extensions(Context& context, Direction from, Bytes body);
  void step(Direction from, std::string_view message, const Stamp& stamp);
  void finish(Direction from, const Stamp& stamp);
  void judge_client_record(const EarlyRecord& record);

  Half& half(Direction from) { return halves_[index(from)]; }
  const Half& half(Direction from) const { return halves_[index(from)]; }
  Half& server() { return half(opposite(client_)); }

  static TlsAlert alert_of(const KeptAlert& alert, std::pmr::memory_resource& arena);
  void tell_hello(const ClientHello& hello, TlsSession& record,
                  std::pmr::memory_resource& arena) const;
  void tell_ssl2_hello(TlsSession& record, std::pmr::memory_resource& arena) const;
  void tell_agreement(TlsSession& record, std::pmr::memory_resource& arena) const;
  void tell_course(TlsSession& record, std::pmr::memory_resource& arena) const;
  void tell_certificates(Context& context, CertificateRecord& certificates,
                         TlsSession& record) const;

  Direction client_;
  bool renegotiation_;
  bool told_ = false;
  bool failed_ = false;
  bool missed_ = false;
  std::optional<std::uint64_t> tried_;  // secrets, until one opened a record of its session
  bool decrypted_ = false;
  bool early_offered_ = false;
  std::optional<bool> early_accepted_;
  bool ticket_offered_ = false;
  bool ech_offered_ = false;
  bool esni_offered_ = false;
  bool ech_rejected_ = false;
  bool retried_ = false;
  bool downgraded_ = false;
  bool status_sent_ = false;
  std::size_t scts_ = 0;
  bool certificate_requested_ = false;
  bool done_seen_ = false;  // ServerHelloDone
  bool renegotiation_info_ = false;
  std::optional<bool> resumed_;
  std::string_view resumed_by_;
  std::optional<Timestamp> started_;
  std::optional<Stamp> finished_;
  Agreement agreement_;
  std::optional<std::uint16_t> group_;
  std::optional<std::uint16_t> dh_bits_;
  std::optional<std::uint16_t> signature_;
  std::optional<std::uint16_t> compression_;  // of the server's certificates
  std::optional<std::uint32_t> ticket_lifetime_;
  std::optional<Ja3> ja3s_;
  std::pmr::vector<std::uint8_t> hello_;  // the first ClientHello
  Bytes offered_session_;                 // within
  std::uint16_t best_offered_ = 0;        // the best version in it
  std::pmr::vector<std::uint8_t> ssl2_ciphers_;
  std::uint16_t ssl2_version_ = 0;
  std::pmr::string alpn_;
  std::pmr::string not_tls_;
  std::optional<NotTls> not_tls_at_;
  std::array<Half, 2> halves_;
  std::pmr::vector<EarlyRecord> early_records_;  // of the client, before the ServerHello was read
  std::pmr::vector<KeptAlert> alerts_;
  std::pmr::vector<TlsMessage> messages_;
};

/// Writes a `tls_alert`, if `content` can be read.
void tell_alert(Context& context, Direction from, Bytes content, const Stamp& stamp);

}  // namespace wirelens::tls
