// starttls/starttls.cc - units of talk, and the TLS record behind them.
#include "starttls/starttls.h"

#include <algorithm>

#include "common/http_text.h"
#include "dissect/conversation.h"

namespace wirelens::starttls {
namespace {

/// Bytes of one direction that are read in the hope of TLS, and of one unit.
constexpr std::uint64_t kMaxTalk = 32 * 1024;
constexpr std::size_t kMaxUnit = 16 * 1024;

/// The length of the unit at the beginning of `bytes`, or 0 when it is not whole yet. `seen` bytes
/// were looked at before.
using Unit = std::size_t (*)(Direction from, Bytes bytes, std::size_t seen);

std::size_t up_to(char last, Bytes bytes, std::size_t seen) {
  const std::size_t at = as_text(bytes).find(last, seen);
  return at == std::string_view::npos ? 0 : at + 1;
}
std::size_t line(Direction, Bytes bytes, std::size_t seen) {
  return up_to('\n', bytes, seen);
}
std::size_t element(Direction, Bytes bytes, std::size_t seen) {
  return up_to('>', bytes, seen);
}
/// A BER element: a type, and a length in one byte or in the next few.
std::size_t ber(Direction, Bytes bytes, std::size_t) {
  ByteReader reader(bytes);
  reader.skip(1);
  std::size_t length = reader.u8();
  if (length > 0x80) {
    std::size_t more = std::min<std::size_t>(length & 0x7f, 4);
    for (length = 0; more > 0; --more) length = (length << 8) | reader.u8();
  }
  return reader.ok() && reader.left() >= length ? bytes.size() - reader.left() + length : 0;
}
/// The client asks in 8 bytes, the server answers in one.
std::size_t ssl_request(Direction from, Bytes bytes, std::size_t) {
  const std::size_t length = from == Direction::from_client ? 8 : 1;
  return bytes.size() >= length ? length : 0;
}
std::size_t mysql_packet(Direction, Bytes bytes, std::size_t) {
  if (bytes.size() < 4) return 0;
  const std::size_t length = 4 + (load_le32(bytes.data()) & 0xffffff);
  return bytes.size() >= length ? length : 0;
}

/// How a handshake record of TLS begins.
constexpr std::string_view kTlsRecord = "\x16\x03";

class UpToTls final : public Dissector {
 public:
  UpToTls(Conversation& conversation, Unit unit, unsigned units)
      : conversation_(conversation), unit_(unit), units_(units) {}

  Dissection read(Context&, Input& in) override { return read_units(in); }
  /// Where units begin behind a hole is seen by lines only; TLS begins where a unit does.
  Dissection resume(Context&, Input& in) override { return read_units(in); }
  void finish(Context&) override {}

 private:
  Dissection read_units(Input& in);

  Conversation& conversation_;
  Unit unit_;
  unsigned units_;  // most of them before TLS begins
};

Dissection UpToTls::read_units(Input& in) {
  const std::uint64_t begin = in.position();
  const auto scan = [this, from = in.from()](Bytes bytes, std::size_t seen) {
    return unit_(from, bytes, seen);
  };
  for (unsigned units = 0; co_await in.more(); ++units) {
    bool is_tls = in.available().front() == kTlsRecord.front();
    if (is_tls) {
      co_await in.more(kTlsRecord.size());
      is_tls = as_text(in.available()).starts_with(kTlsRecord);
    }
    if (is_tls) {
      // The server's record may be read before the client's that it answers.
      if (in.from() == Direction::from_server) co_await in.hold();
      conversation_.hand_over("tls");
      co_return;
    }
    if (units == units_) break;
    const Token token = co_await in.gather(scan, kMaxUnit);
    if (!token.complete || in.position() - begin > kMaxTalk) break;
  }
  conversation_.give_up();
}

template <auto kUnit, unsigned kUnits>
std::unique_ptr<Dissector> open(Context& context, Conversation& conversation) {
  return std::unique_ptr<Dissector>(new (context.memory()) UpToTls(conversation, kUnit, kUnits));
}

bool starts(Bytes first, std::string_view word) {
  return http::same_ignoring_case(as_text(first).substr(0, word.size()), word);
}
/// The beginning of `word` has come, and more may.
bool may_become(Bytes first, std::string_view word) {
  return first.size() < word.size() &&
         http::same_ignoring_case(as_text(first), word.substr(0, first.size()));
}
bool contains(Bytes first, std::string_view lowered) {
  const std::string_view text = as_text(first);
  for (std::size_t at = 0; at + lowered.size() <= text.size(); ++at) {
    if (http::same_ignoring_case(text.substr(at, lowered.size()), lowered)) return true;
  }
  return false;
}
Fit fit_of(Bytes first, std::initializer_list<std::string_view> words) {
  Fit fit = Fit::no;
  const char letter = http::lower(as_text(first).front());
  for (const std::string_view word : words) {
    if (word.front() != letter) continue;
    if (starts(first, word)) return Fit::certain;
    if (may_become(first, word)) fit = Fit::unsure;
  }
  return fit;
}

/// SMTP and FTP greet alike; the greeting's words, or the client's first command, tell which.
Fit greeting(Bytes first, std::string_view mine) {
  if (first[0] != '2') return Fit::no;
  if (may_become(first, "220 ") || may_become(first, "220-")) return Fit::unsure;
  if (!starts(first, "220 ") && !starts(first, "220-")) return Fit::no;
  return contains(first.first(std::min<std::size_t>(first.size(), 256)), mine) ? Fit::certain
                                                                               : Fit::unsure;
}
Fit probe_smtp(Direction from, Bytes first) {
  if (from == Direction::from_server) return greeting(first, "smtp");
  return fit_of(first, {"ehlo ", "helo ", "lhlo "});
}
Fit probe_ftp(Direction from, Bytes first) {
  if (from == Direction::from_server) return greeting(first, "ftp");
  return fit_of(first, {"auth tls", "auth ssl", "feat\r\n"});
}
Fit probe_imap(Direction from, Bytes first) {
  if (from != Direction::from_server) return Fit::no;
  return fit_of(first, {"* ok ", "* preauth "});
}
Fit probe_pop3(Direction from, Bytes first) {
  return from == Direction::from_server ? fit_of(first, {"+ok "}) : Fit::no;
}
Fit probe_xmpp(Direction, Bytes first) {
  if (first[0] != '<') return Fit::no;
  const Fit fit = fit_of(first, {"<stream:stream"});
  if (fit != Fit::no) return fit;
  if (may_become(first, "<?xml ")) return Fit::unsure;
  if (!starts(first, "<?xml ")) return Fit::no;
  return contains(first.first(std::min<std::size_t>(first.size(), 256)), "<stream:stream")
             ? Fit::certain
         : first.size() < 256 ? Fit::unsure
                              : Fit::no;
}
Fit probe_ldap(Direction from, Bytes first) {
  // An ExtendedRequest with the name of StartTLS.
  constexpr std::string_view kName = "1.3.6.1.4.1.1466.20037";
  if (from != Direction::from_client || first[0] != 0x30) return Fit::no;
  if (first.size() < 16) return Fit::unsure;
  const Bytes message = first.first(std::min<std::size_t>(first.size(), 48));
  if (as_text(message).find(kName) != std::string_view::npos) return Fit::certain;
  return message.size() < 48 && as_text(message).find('\x77') != std::string_view::npos
             ? Fit::unsure
             : Fit::no;
}
Fit probe_postgresql(Direction from, Bytes first) {
  constexpr std::string_view kRequest("\0\0\0\x08\x04\xd2\x16\x2f", 8);
  return from == Direction::from_client ? fit_of(first, {kRequest}) : Fit::no;
}
Fit probe_mysql(Direction from, Bytes first) {
  // A greeting: its length, sequence number 0, protocol 10, the server's version.
  if (from != Direction::from_server) return Fit::no;
  if (first.size() < 6) return first[0] >= 40 ? Fit::unsure : Fit::no;
  const bool greets = first[0] >= 40 && first[1] == 0 && first[2] == 0 && first[3] == 0 &&
                      first[4] == 10 && http::is_digit(static_cast<char>(first[5]));
  return greets ? Fit::certain : Fit::no;
}

template <auto kProbe>
std::optional<Direction> speaker(Bytes first) {
  for (const Direction from : {Direction::from_client, Direction::from_server}) {
    if (!first.empty() && kProbe(from, first) == Fit::certain) return from;
  }
  return std::nullopt;
}

constexpr unsigned kManyLines = 1000;

template <auto kProbe, auto kUnit, unsigned kUnits>
constexpr Protocol protocol(std::string_view name) {
  return {name, Transport::tcp, kProbe, open<kUnit, kUnits>, {}, speaker<kProbe>};
}

}  // namespace

constinit const Protocol kSmtp = protocol<probe_smtp, line, kManyLines>("smtp");
constinit const Protocol kImap = protocol<probe_imap, line, kManyLines>("imap");
constinit const Protocol kPop3 = protocol<probe_pop3, line, kManyLines>("pop3");
constinit const Protocol kFtp = protocol<probe_ftp, line, kManyLines>("ftp");
// Both ends of XMPP begin alike.
constinit const Protocol kXmpp = {
    "xmpp", Transport::tcp, probe_xmpp, open<element, kManyLines>, {}};
constinit const Protocol kLdap = protocol<probe_ldap, ber, 1>("ldap");
constinit const Protocol kPostgresql = protocol<probe_postgresql, ssl_request, 1>("postgresql");
constinit const Protocol kMysql = protocol<probe_mysql, mysql_packet, 1>("mysql");

}  // namespace wirelens::starttls
