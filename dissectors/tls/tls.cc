// tls/tls.cc - record after record, in both directions.
#include "tls/tls.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/secret.h"
#include "dissect/conversation.h"
#include "tls/decryption.h"
#include "tls/find_record.h"
#include "tls/flaws.h"
#include "tls/handshake.h"
#include "tls/message_stream.h"
#include "tls/opening.h"
#include "tls/rules/rules.h"

namespace wirelens::tls {
namespace {

/// By its first RecordHeader::kSize bytes.
bool speaks_http(std::string_view text) {
  for (const std::string_view word :
       {"HTTP/", "GET /", "POST ", "HEAD ", "PUT /", "DELET", "OPTIO", "CONNE", "PATCH"}) {
    if (text.starts_with(word)) return true;
  }
  return false;
}

/// What the protocol inside sees: the connection, and that it is protected. What it keeps is wiped
/// when it lets go of it.
class Inside final : public InnerContext {
 public:
  explicit Inside(Context& outer) : InnerContext(outer), wiping_(outer.memory()) {}

  bool secure() const override { return true; }
  std::pmr::memory_resource& memory() override { return wiping_; }
  std::optional<Duration> tls_handshake() const override { return handshake_; }
  void handshake_took(std::optional<Duration> duration) { handshake_ = duration; }

 private:
  WipingResource wiping_;
  std::optional<Duration> handshake_;
};

class Tls final : public Dissector {
 public:
  Tls(Context& context, Conversation& conversation, Direction client)
      : conversation_(conversation),
        client_(client),
        handshake_(std::in_place, context, client, false),
        decryption_(begin_decryption(context)),
        inside_(context),
        sides_{Side(context.memory()), Side(context.memory())} {}

  Dissection read(Context& context, Input& in) override {
    return read_records(context, in, context.midstream());
  }
  Dissection resume(Context& context, Input& in) override {
    after_hole(context, in);
    return read_records(context, in, true);
  }
  void finish(Context& context) override;

 private:
  struct Side {
    explicit Side(std::pmr::memory_resource& memory) : messages(memory) {}

    MessageStream messages;
    Stamp begun;                   // packet of the first byte of the message being put together
    std::uint64_t record_end = 0;  // position in the stream; 0: not known
    std::uint64_t taken = 0;       // position behind the last record that was whole
    std::optional<std::uint64_t> hole;  // number of the first record that one swallowed
    bool spoke = false;                 // a record was read
    bool unsure = false;                // where it goes on behind a hole is a guess
    bool early = false;                 // protection is that of early data
    bool late = false;         // its keys came when part of the content had been stepped over
    std::uint64_t passed = 0;  // records under these keys that were stepped over
    std::uint64_t learnt = 0;  // secrets that were known when protection was asked for last
    std::unique_ptr<RecordProtection> protection;
  };

  Dissection read_records(Context& context, Input& in, bool lost);
  Part<bool> go_on_behind_hole(Input& in);
  std::optional<bool> is_protected(Direction from, const RecordHeader& header) const;
  Part<bool> looks_protected(Input& in, const RecordHeader& header);
  bool needs_server_hello(Direction from, const RecordHeader& header) const;
  Part<bool> read_something_else(Context& context, Input& in);
  Part<bool> read_ssl2_hello(Input& in, Ssl2Header header);

  void take_unknown(Context& context, Input& in, const RecordHeader& header, Bytes fragment);
  void take_protected(Context& context, Input& in, const RecordHeader& header, Bytes fragment);
  void take_content(Context& context, Input& in, ContentType type, Bytes content,
                    const Stamp& first);
  void take_messages(Context& context, Input& in, Bytes content, const Stamp& first);
  void take_message(Context& context, Input& in, const HandshakeMessage& message,
                    const Stamp& first);
  void take_alert(Context& context, Input& in, Bytes content);
  void change_keys(Direction from, const HandshakeMessage& message);
  void protect(Direction from, Epoch epoch);
  void catch_up(Direction from);
  void give_inside(Direction from, Bytes content, const Stamp& stamp);
  void tell_hole(Direction from, std::uint64_t end, std::uint64_t number, const Stamp& stamp);
  void after_hole(Context& context, Input& in);
  void settle(Context& context);

  Side& side(Direction from) { return sides_[index(from)]; }
  bool opens_anything() const { return sides_[0].protection || sides_[1].protection; }
  /// It may yet, by a key log that grows.
  bool may_open() const {
    return decryption_ && decryption_->may_learn() && handshake_->hellos_done();
  }

  /// No hello was seen, and the secrets of `from` are to be found by what they open.
  bool may_find(Direction from) const {
    return decryption_ && handshake_->unseen() && decryption_->may_find(handshake_->role(from));
  }

  Conversation& conversation_;
  Direction client_;
  std::optional<Handshake> handshake_;
  std::unique_ptr<Decryption> decryption_;
  Inside inside_;
  std::unique_ptr<Conversation> inner_;
  std::array<Side, 2> sides_;
  bool client_waits_ = false;   // for the ServerHello
  bool renegotiating_ = false;  // it is not the first handshake
  bool ssl2_ = false;           // both speak SSL 2.0
};

Dissection Tls::read_records(Context& context, Input& in, bool lost) {
  Side& mine = side(in.from());
  if (lost) {
    auto going_on = go_on_behind_hole(in);
    const bool found = co_await going_on;
    if (!found) co_return;
  }
  while (co_await in.more(RecordHeader::kSize)) {
    const auto header = read_record_header(in.available());
    if (!header) {
      auto reading = read_something_else(context, in);
      const bool goes_on = co_await reading;
      if (!goes_on) break;
      continue;
    }
    mine.spoke = true;
    mine.record_end = in.position() + header->whole();
    if (needs_server_hello(in.from(), *header)) {
      client_waits_ = true;
      co_await in.hold();
      client_waits_ = false;
    }
    const std::optional<bool> known = is_protected(in.from(), *header);
    bool hidden = known.value_or(true);
    if (!known) {
      auto looking = looks_protected(in, *header);
      hidden = co_await looking;
    }
    const Stamp first = in.next_stamp();
    if (hidden && !mine.protection && may_open()) catch_up(in.from());
    const bool unknown = hidden && !mine.protection && may_find(in.from());
    if (hidden && !mine.protection && !unknown) {
      const std::uint64_t passed = co_await in.pass(header->whole());
      if (passed < header->whole()) break;
      ++mine.passed;
      handshake_->protected_record(in.from(), *header, in.last_stamp());
    } else {
      const std::optional<Bytes> record = co_await in.take(header->whole());
      if (!record) break;
      const Bytes fragment = record->subspan(RecordHeader::kSize);
      if (unknown) {
        take_unknown(context, in, *header, fragment);
      } else if (hidden) {
        take_protected(context, in, *header, fragment);
      } else {
        take_content(context, in, header->type, fragment, first);
      }
    }
    mine.record_end = 0;
    mine.taken = in.position();
    settle(context);
    const bool searching = may_find(Direction::from_client) || may_find(Direction::from_server);
    if (handshake_->over() && !opens_anything() && !may_open() && !searching) {
      conversation_.give_up();
      co_return;
    }
  }
  co_await in.pass_rest();
  tell_hole(in.from(), in.position(), 0, in.last_stamp());
  if (inner_) inner_->end(inside_, in.from(), in.ended_cleanly(), in.last_stamp());
}

std::optional<bool> Tls::is_protected(Direction from, const RecordHeader& header) const {
  constexpr std::size_t kPlainAlert = 2;
  if (header.type == ContentType::application_data) return true;
  if (header.type == ContentType::change_cipher_spec) return false;
  if (renegotiating_) return true;  // under the keys of the handshake before
  if (!handshake_->has_changed_cipher(from)) return false;
  if (header.type == ContentType::alert) return header.length != kPlainAlert;
  if (handshake_->is_tls13() || handshake_->retried()) return false;
  if (handshake_->hellos_done() || header.type != ContentType::handshake) return true;
  return std::nullopt;
}

Part<bool> Tls::looks_protected(Input& in, const RecordHeader& header) {
  // A client of TLS 1.3 may send ChangeCipherSpec, for show, before its second ClientHello.
  constexpr std::size_t kEnough = RecordHeader::kSize + HandshakeMessage::kHeader;
  if (header.length < HandshakeMessage::kHeader) co_return true;
  const bool more = co_await in.more(kEnough);
  if (!more) co_return true;
  ByteReader message(in.available().subspan(RecordHeader::kSize));
  const bool hello = message.u8() == static_cast<std::uint8_t>(HandshakeType::client_hello);
  co_return !(hello && message.u24() + HandshakeMessage::kHeader >= header.length);
}

/// The capture may show the client's answer before what it answers.
bool Tls::needs_server_hello(Direction from, const RecordHeader& header) const {
  const bool needs = header.type == ContentType::change_cipher_spec ||
                     header.type == ContentType::application_data;
  return decryption_ && needs && from == client_ && handshake_->begun() &&
         !handshake_->hellos_done();
}

/// A record from the middle of a session.
void Tls::take_unknown(Context& context, Input& in, const RecordHeader& header, Bytes fragment) {
  Side& mine = side(in.from());
  const Role role = handshake_->role(in.from());
  auto found = decryption_->find(role, header, fragment, in.last_stamp().packet);
  if (found) {
    mine.protection = std::move(found->protection);
    handshake_->found(found->cipher, found->tried, in.last_stamp());
    return take_protected(context, in, header, fragment);
  }
  ++mine.passed;
  if (!may_find(in.from())) handshake_->protected_record(in.from(), header, in.last_stamp());
}

void Tls::take_protected(Context& context, Input& in, const RecordHeader& header, Bytes fragment) {
  Side& mine = side(in.from());
  const Stamp stamp = in.last_stamp();
  auto opened = mine.protection->open(header, fragment);
  if (!opened && mine.early && handshake_->hellos_done()) {
    // Early data was refused: there is no EndOfEarlyData.
    protect(in.from(), Epoch::handshake);
    if (mine.protection) opened = mine.protection->open(header, fragment);
  }
  if (!opened) return context.flaw(kDecryptionFailed, in.from());
  handshake_->decrypted();
  tell_hole(in.from(), in.position() - header.whole(), mine.protection->number() - 1, stamp);
  take_content(context, in, opened->type, opened->content, stamp);
}

void Tls::take_content(Context& context, Input& in, ContentType type, Bytes content,
                       const Stamp& first) {
  switch (type) {
    case ContentType::change_cipher_spec:
      handshake_->change_cipher_spec(in.from(), in.last_stamp());
      if (handshake_->hellos_done() && !handshake_->is_tls13()) {
        protect(in.from(), Epoch::application);
      }
      break;
    case ContentType::alert:
      take_alert(context, in, content);
      break;
    case ContentType::handshake:
      take_messages(context, in, content, first);
      break;
    case ContentType::application_data:
      give_inside(in.from(), content, in.last_stamp());
      break;
    case ContentType::heartbeat: {
      // RFC 6520 section 4: a payload longer than the record asks for what lies behind it.
      ByteReader heartbeat(content);
      heartbeat.skip(1);
      const std::size_t payload = heartbeat.u16();
      if (payload > heartbeat.left()) context.flaw(kHeartbleed, in.from());
      if (!handshake_->complete()) context.flaw(kEarlyHeartbeat, in.from());
      break;
    }
  }
}

void Tls::take_messages(Context& context, Input& in, Bytes content, const Stamp& first) {
  Side& mine = side(in.from());
  if (!mine.messages.midway()) mine.begun = first;
  mine.messages.offer(content);
  while (const auto message = mine.messages.next()) {
    take_message(context, in, *message, mine.begun);
    mine.begun = in.last_stamp();
  }
  if (mine.messages.take_too_long()) context.flaw(kLongHandshake, in.from());
}

void Tls::take_message(Context& context, Input& in, const HandshakeMessage& message,
                       const Stamp& first) {
  if (handshake_->told()) {
    const bool again = message.type == HandshakeType::client_hello && !handshake_->is_tls13();
    if (again) {
      handshake_.emplace(context, client_, true);
      renegotiating_ = true;
    }
  }
  if (!handshake_->told()) {
    handshake_->message(context, in.from(), message, first, in.last_stamp());
  }
  if (!decryption_) return;
  decryption_->message(handshake_->role(in.from()), message.type, message.whole,
                       handshake_->agreement());
  change_keys(in.from(), message);
}

void Tls::change_keys(Direction from, const HandshakeMessage& message) {
  switch (message.type) {
    case HandshakeType::client_hello:
      if (from == client_ && handshake_->offers_early_data() && !side(from).early) {
        protect(from, Epoch::early);
        side(from).early = side(from).protection != nullptr;
      }
      break;
    case HandshakeType::server_hello:
      if (from == client_ || !handshake_->hellos_done()) break;
      if (client_waits_) conversation_.input(client_).release();
      if (!handshake_->is_tls13()) break;
      protect(from, Epoch::handshake);
      if (!side(client_).early) protect(client_, Epoch::handshake);
      break;
    case HandshakeType::end_of_early_data:
      if (from == client_ && side(from).early) protect(from, Epoch::handshake);
      break;
    case HandshakeType::finished:
      if (handshake_->is_tls13()) protect(from, Epoch::application);
      break;
    case HandshakeType::key_update:
      if (side(from).protection) side(from).protection->update();
      break;
    default:
      break;
  }
}

void Tls::protect(Direction from, Epoch epoch) {
  if (!decryption_) return;
  Side& theirs = side(from);
  theirs.early = false;
  theirs.passed = 0;
  theirs.learnt = decryption_->learnt();
  theirs.protection =
      decryption_->protection(handshake_->role(from), epoch, handshake_->agreement());
}

/// Keys that come when records under them have gone by: what follows can be read.
void Tls::catch_up(Direction from) {
  Side& mine = side(from);
  if (mine.learnt == decryption_->learnt()) return;
  const bool tls13 = handshake_->is_tls13();
  if (!tls13 && !handshake_->has_changed_cipher(from)) return;
  const bool done = !tls13 || handshake_->complete();
  const std::uint64_t passed = mine.passed;
  protect(from, done ? Epoch::application : Epoch::handshake);
  if (!mine.protection) {
    mine.passed = passed;
    return;
  }
  mine.late = done && passed > 0;
  if (!tls13 || !done) return mine.protection->missed(passed);
  // Some of those records were the handshake's, and numbered for themselves.
  constexpr std::uint64_t kLongestFlight = 32;
  mine.protection->missed(passed - std::min(passed, kLongestFlight));
  mine.protection->missed(std::nullopt);
}

void Tls::take_alert(Context& context, Input& in, Bytes content) {
  // HTTP/1 handed on what was answered by an alert: the client spoke HTTP to a TLS port.
  if (!handshake_->begun() && conversation_.handed_on()) context.flaw(kPlainHttp, client_);
  if (!handshake_->told()) return handshake_->alert(in.from(), content, in.last_stamp());
  tell_alert(context, in.from(), content, in.last_stamp());
}

void Tls::give_inside(Direction from, Bytes content, const Stamp& stamp) {
  Side& mine = side(from);
  if (!inner_) {
    inside_.handshake_took(handshake_->duration());
    inner_.reset(new (inside_.memory()) Conversation(conversation_.protocols(), inside_.memory()));
    const Protocol* named = find_protocol(conversation_.protocols(), handshake_->alpn());
    inner_->begin(inside_, named ? named->name : Conversation::kWhateverFits);
  }
  if (std::exchange(mine.late, false)) {
    inner_->gap(inside_, from, RecordHeader::kMaxLength, stamp);
  }
  inner_->data(inside_, from, content, stamp);
}

void Tls::settle(Context& context) {
  if (!handshake_->over() || handshake_->told()) return;
  handshake_->tell(context);
  inside_.handshake_took(handshake_->duration());
}

Part<bool> Tls::read_something_else(Context& context, Input& in) {
  Side& mine = side(in.from());
  const Bytes bytes = in.available();
  if (!mine.spoke) {
    if (const auto header = read_ssl2_header(bytes)) {
      auto reading = read_ssl2_hello(in, *header);
      const bool goes_on = co_await reading;
      co_return goes_on;
    }
  }
  if (ssl2_) co_return false;
  if (mine.unsure) {
    auto finding = find_record(in);
    const bool found = co_await finding;
    co_return found;
  }
  if (handshake_->complete()) {
    context.flaw(kMalformedRecord, in.from());
    co_return false;
  }
  context.flaw(speaks_http(as_text(bytes)) ? kPlainHttp : kNotTls, in.from());
  handshake_->not_tls(in.from(), in.next_stamp());
  co_await in.more(Handshake::kMaxNotTls);
  handshake_->not_tls_begins(in.available());
  co_return false;
}

Part<bool> Tls::read_ssl2_hello(Input& in, Ssl2Header header) {
  const std::optional<Bytes> record = co_await in.take(Ssl2Header::kSize + header.length);
  if (!record) co_return false;
  side(in.from()).spoke = true;
  const Bytes body = record->subspan(Ssl2Header::kSize);
  if (header.message == Ssl2Header::kClientHello) {
    handshake_->ssl2_client_hello(body, in.last_stamp());
    co_return true;
  }
  // What follows in SSL 2.0 itself is not read.
  ssl2_ = true;
  handshake_->ssl2_server_hello(body, in.last_stamp());
  co_return false;
}

Part<bool> Tls::go_on_behind_hole(Input& in) {
  Side& mine = side(in.from());
  if (mine.record_end > in.position()) {
    co_await in.pass(mine.record_end - in.position());
    co_return true;
  }
  if (mine.record_end == in.position() && mine.record_end > 0) co_return true;
  mine.unsure = true;
  auto finding = find_record(in);
  const bool found = co_await finding;
  co_return found;
}

void Tls::after_hole(Context&, Input& in) {
  Side& mine = side(in.from());
  mine.messages.drop();
  mine.spoke = true;
  handshake_->lost(in.from());
  const bool within = mine.record_end >= in.position() && mine.record_end > 0;
  if (!mine.protection) return;
  // In front of all that is said inside are handshake messages: tickets.
  if (inner_ && !mine.hole) mine.hole = mine.protection->number();
  mine.protection->missed(within ? std::optional<std::uint64_t>(1) : std::nullopt);
}

/// A hole has come to its end, and lost all records up to the one with this number (0: nobody knows
/// which). What it took from who reads inside is what it took but for what surrounds each record.
void Tls::tell_hole(Direction from, std::uint64_t end, std::uint64_t number, const Stamp& stamp) {
  Side& mine = side(from);
  if (!mine.hole || !mine.protection) return;
  const std::uint64_t first = *mine.hole;
  mine.hole.reset();
  if (end <= mine.taken) return;
  constexpr std::size_t kAny = RecordHeader::kMaxLength / 2;
  const std::uint64_t bytes = end - mine.taken;
  const std::uint64_t around = RecordHeader::kSize + kAny - mine.protection->content_size(kAny);
  const std::uint64_t least = bytes / (RecordHeader::kSize + RecordHeader::kMaxLength) + 1;
  const std::uint64_t records = number > first ? number - first : least;
  const std::uint64_t overhead = records * around;
  inner_->gap(inside_, from, bytes > overhead ? bytes - overhead : 1, stamp);
}

void Tls::finish(Context& context) {
  handshake_->tell(context);
  for (const Direction from : {Direction::from_client, Direction::from_server}) {
    tell_hole(from, conversation_.input(from).position(), 0, context.packet());
  }
  if (inner_) inner_->finish(inside_, context.packet());
}

Fit probe(Direction, Bytes first) {
  switch (opening_of(first)) {
    case Opening::nothing:
      return Fit::no;
    case Opening::unsure:
      return Fit::unsure;
    default:
      return Fit::certain;
  }
}

std::optional<Direction> speaker(Bytes first) {
  if (first.empty()) return std::nullopt;
  switch (opening_of(first)) {
    case Opening::client_hello:
      return Direction::from_client;
    case Opening::server_hello:
      return Direction::from_server;
    default:
      return std::nullopt;
  }
}

/// The client is who says ClientHello, whatever the ports made believe.
Direction client_of(Conversation& conversation) {
  const auto says = [&](Direction from, Direction role) {
    return speaker(conversation.input(from).available()) == role;
  };
  const bool turned = says(Direction::from_client, Direction::from_server) ||
                      says(Direction::from_server, Direction::from_client);
  return turned ? Direction::from_server : Direction::from_client;
}

std::unique_ptr<Dissector> open(Context& context, Conversation& conversation) {
  return std::unique_ptr<Dissector>(new (context.memory())
                                        Tls(context, conversation, client_of(conversation)));
}

constexpr std::array<const EventType*, 2> kEvents = {&kEventType<TlsSession>,
                                                     &kEventType<TlsAlertSeen>};

}  // namespace

const Protocol kProtocol = {.name = "tls",
                            .transport = Transport::tcp,
                            .probe = probe,
                            .open = open,
                            .events = kEvents,
                            .speaker = speaker,
                            .rules = rules()};

}  // namespace wirelens::tls
