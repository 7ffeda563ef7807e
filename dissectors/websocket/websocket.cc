// websocket/websocket.cc - reads the frames of both sides, and tells of their messages.
#include "websocket/websocket.h"

#include <array>
#include <functional>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "common/preview.h"
#include "dissect/conversation.h"
#include "websocket/course.h"
#include "websocket/handshake.h"
#include "websocket/message.h"
#include "websocket/rules/rules.h"
#include "websocket/search.h"

namespace wirelens::websocket {
namespace {

constexpr Flaw kUnmaskedClient{"websocket.unmasked_client_frame", "RFC 6455 5.1"};
constexpr Flaw kMaskedServer{"websocket.masked_server_frame", "RFC 6455 5.1"};
constexpr Flaw kReservedBits{"websocket.reserved_bits", "RFC 6455 5.2"};
constexpr Flaw kBadOpcode{"websocket.bad_opcode", "RFC 6455 5.2"};
constexpr Flaw kLongLength{"websocket.length_not_minimal", "RFC 6455 5.2"};
constexpr Flaw kLongControl{"websocket.control_too_long", "RFC 6455 5.5"};
constexpr Flaw kFragmentedControl{"websocket.fragmented_control", "RFC 6455 5.5"};
constexpr Flaw kAfterClose{"websocket.frame_after_close", "RFC 6455 5.5.1"};
constexpr Flaw kBadClose{"websocket.bad_close", "RFC 6455 7.4"};
constexpr Flaw kFramingLost{"websocket.framing_lost", "RFC 6455 5.2"};

/// Frames behind a place that was found by search, until it is beyond doubt.
constexpr unsigned kProbation = 4;
constexpr std::size_t kOpcodes = 16;
/// Packets that are remembered while their bytes wait for a search to end.
constexpr std::size_t kMaxArrivals = 64;

/// RFC 6455 section 7.4: what may stand in a close frame.
constexpr bool is_close_code(std::uint16_t code) {
  const bool defined = code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
  return defined || (code >= 3000 && code < 5000);
}

/// Pings of one side that wait for their pongs.
class Pings {
 public:
  void sent(std::string_view payload, const Stamp& stamp) {
    Ping& place = pings_[next_++ % pings_.size()];
    if (place.waits) give_up(place, stamp.time);
    if (!unheard_since_) unheard_since_ = stamp.time;
    place = {std::hash<std::string_view>{}(payload), stamp.packet, stamp.time, true};
  }
  /// When the ping that this pong answers was sent. A pong may leave earlier ones unanswered.
  std::optional<Timestamp> answered(std::string_view payload) {
    const std::size_t hash = std::hash<std::string_view>{}(payload);
    for (std::size_t back = 1; back <= pings_.size() && back <= next_; ++back) {
      Ping& ping = pings_[(next_ - back) % pings_.size()];
      if (!ping.waits) break;
      if (ping.hash != hash) continue;
      unheard_since_.reset();
      for (std::size_t older = back; older <= pings_.size() && older <= next_; ++older) {
        pings_[(next_ - older) % pings_.size()].waits = false;
      }
      return ping.time;
    }
    return std::nullopt;
  }
  /// Those that nobody answered until `now`.
  const Unanswered& finish(Timestamp now) {
    for (std::size_t back = std::min(next_, pings_.size()); back > 0; --back) {
      Ping& ping = pings_[(next_ - back) % pings_.size()];
      if (ping.waits) give_up(ping, now);
    }
    return unanswered_;
  }

 private:
  /// A pong that is no later than this may be on its way yet.
  static constexpr Duration kPatience = std::chrono::seconds(1);

  struct Ping {
    std::size_t hash = 0;
    std::uint64_t packet = 0;
    Timestamp time{};
    bool waits = false;
  };
  void give_up(Ping& ping, Timestamp now) {
    ping.waits = false;
    if (now - ping.time < kPatience) return;
    if (unanswered_.count++ == 0) unanswered_.packet = ping.packet;
    const Timestamp since = unheard_since_.value_or(ping.time);
    unanswered_.longest = std::max(unanswered_.longest, now - since);
  }

  std::array<Ping, 8> pings_{};
  std::size_t next_ = 0;
  std::optional<Timestamp> unheard_since_;  // the first ping behind the last pong
  Unanswered unanswered_;
};

class WebSocket final : public Dissector, private MessageListener {
 public:
  WebSocket(Context& context, Conversation& conversation);

  Dissection read(Context& context, Input& in) override {
    return read_frames(context, in, !handshake_.seen());
  }
  Dissection resume(Context& context, Input& in) override {
    sides_[index(in.from())]->assembly.lose();
    course_.lossy = true;
    if (reader_) reader_->lost(context, in.from());
    return read_frames(context, in, true);
  }
  void finish(Context& context) override;

 private:
  struct Side {
    Side(WebSocket& owner, Direction from, std::size_t keep)
        : assembly(from, keep, owner.handshake_.compression(from), !owner.handshake_.seen(),
                   owner.context_.ledger(), owner.context_.memory(), owner),
          arrivals(&owner.context_.memory()) {}
    Stamp stamp_of_next(const Input& in);

    Assembly assembly;
    Pings pings;
    bool closed = false;
    /// Where in the stream the bytes of a packet begin, of those that had to wait.
    std::pmr::vector<std::pair<std::uint64_t, Stamp>> arrivals;
    std::uint64_t arrived_until = 0;  // the end of those bytes
  };

  Dissection read_frames(Context& context, Input& in, bool lost);
  Part<bool> find_frame(Input& in, bool at_packet);
  bool is_plausible(const FrameHeader& header, Direction from) const;
  void check(const FrameHeader& header, Direction from, bool closed);
  void count(const FrameHeader& header, const Stamp& first, Direction from);
  void message(Direction from, const Message& message) override;
  void flawed(const Flaw& flaw, Direction from) override { context_.flaw(flaw, from); }
  void control(Direction from, const Message& message, MessageSeen& seen, std::string_view& shown);
  void pass_on(Direction from, const Message& message);
  void note_silence(const Stamp& now);
  void tell_course();

  Context& context_;
  Conversation& conversation_;
  Handshake handshake_;
  std::unique_ptr<MessageReader> reader_;
  std::array<std::optional<Side>, 2> sides_;
  std::array<std::array<std::uint64_t, kOpcodes>, 2> frames_{};
  std::optional<Timestamp> began_;
  Session session_;
  Course course_;
  std::pmr::string close_reason_;
  RoundTrip rtt_;
  Duration rtt_sum_{};
  std::string preview_;
};

std::uint64_t& of(PerSide& both, Direction from) {
  return from == Direction::from_client ? both.client : both.server;
}

WebSocket::WebSocket(Context& context, Conversation& conversation)
    : context_(context),
      conversation_(conversation),
      handshake_(context.memory()),
      close_reason_(&context.memory()) {
  std::size_t keep = kPreviewBytes;
  if (const Exchange* exchange = conversation.exchange()) {
    handshake_.read(*exchange, [&](const Flaw& flaw, Direction from) { context.flaw(flaw, from); });
    const std::string_view target = exchange->path.value_or(std::string_view());
    const Protocol* inside = find_claimant(conversation.protocols(), target);
    if (inside && inside->open_messages) {
      context.speaks(inside->name);
      reader_ = inside->open_messages(context, *exchange);
      keep = kMaxInnerMessage;
    }
  }
  for (const Direction from : {Direction::from_client, Direction::from_server}) {
    sides_[index(from)].emplace(*this, from, keep);
  }
  course_.last = context.packet();
}

// ---- frames -----------------------------------------------------------------------------------

bool WebSocket::is_plausible(const FrameHeader& header, Direction from) const {
  const bool right_mask = header.masked == (from == Direction::from_client);
  const bool control = is_control(header.opcode);
  return is_known(header.opcode) && right_mask && header.possible() &&
         (!control || (header.final && header.length <= kMaxControl)) &&
         (header.reserved == 0 || header.compressed());
}

void WebSocket::check(const FrameHeader& header, Direction from, bool closed) {
  const bool client = from == Direction::from_client;
  if (client && !header.masked) flawed(kUnmaskedClient, from);
  if (!client && header.masked) flawed(kMaskedServer, from);
  if (!is_known(header.opcode)) flawed(kBadOpcode, from);
  if (!header.minimal) flawed(kLongLength, from);
  if (closed) flawed(kAfterClose, from);
  const bool deflate = handshake_.compression(from).agreed || !handshake_.seen();
  const bool begins = header.opcode == Opcode::text || header.opcode == Opcode::binary;
  const std::uint8_t allowed = deflate && begins ? 4 : 0;
  if ((header.reserved & ~allowed) != 0 && !handshake_.other_extensions()) {
    flawed(kReservedBits, from);
  }
  if (!is_control(header.opcode)) return;
  if (header.length > kMaxControl) flawed(kLongControl, from);
  if (!header.final) flawed(kFragmentedControl, from);
}

void WebSocket::count(const FrameHeader& header, const Stamp& first, Direction from) {
  if (!began_) began_ = first.time;
  note_silence(first);
  ++frames_[index(from)][static_cast<std::size_t>(header.opcode)];
}

/// The packet of the next byte, also while several wait together.
Stamp WebSocket::Side::stamp_of_next(const Input& in) {
  Stamp stamp = in.next_stamp();
  if (arrivals.empty()) return stamp;
  if (in.position() >= arrived_until) {
    arrivals.clear();
    arrivals.shrink_to_fit();
    return stamp;
  }
  for (const auto& [begin, packet] : arrivals) {
    if (begin <= in.position()) stamp = packet;
  }
  return stamp;
}

Part<bool> WebSocket::find_frame(Input& in, bool at_packet) {
  const bool compression = handshake_.compression(in.from()).agreed || !handshake_.seen();
  Search search(in.from(), compression, at_packet ? 0 : in.newest_stamp().packet);
  Side& side = *sides_[index(in.from())];
  side.arrivals.clear();
  std::size_t before = 0;
  for (;;) {
    const bool another = search.arrived(in.available().size(), in.newest_stamp().packet);
    if (another && side.arrivals.size() < kMaxArrivals) {
      side.arrivals.emplace_back(in.position() + before, in.newest_stamp());
    }
    side.arrived_until = in.position() + in.available().size();
    const Search::Found found = search.look(in.available(), in.ended());
    if (search.skip() > 0) {
      co_await in.take(search.skip());
      search.skipped();
    }
    if (found == Search::Found::yes || in.ended()) co_return found == Search::Found::yes;
    before = in.available().size();
    co_await in.more(before + 1);
  }
}

Dissection WebSocket::read_frames(Context&, Input& in, bool lost) {
  const Direction from = in.from();
  Side& side = *sides_[index(from)];
  unsigned probation = 0;
  bool at_packet = true;  // the first bytes here are the first ones of a packet
  while (co_await in.more()) {
    if (lost) {
      auto finding = find_frame(in, at_packet);
      lost = !co_await finding;
      if (lost) break;
      probation = kProbation;
    }
    at_packet = false;
    const Stamp first = side.stamp_of_next(in);
    const auto whole_header = [](Bytes bytes, std::size_t) {
      const std::size_t length = header_length(bytes);
      return length <= bytes.size() ? length : 0;
    };
    const Token token = co_await in.gather(whole_header, kMaxHeader);
    if (!token.complete) break;
    FrameHeader header = parse_header(token.bytes);
    const bool plausible = is_plausible(header, from);
    if (probation > 0) {
      --probation;
      lost = !plausible;
      if (lost) continue;
    }
    check(header, from, side.closed);
    const bool senseless = !is_known(header.opcode) && (header.reserved & 3) != 0;
    if (senseless || !header.possible()) {
      flawed(kFramingLost, from);
      side.assembly.lose();
      lost = true;
      continue;
    }
    if (handshake_.seen() && !handshake_.compression(from).agreed) header.reserved = 0;
    count(header, first, from);
    if (!is_known(header.opcode)) {
      of(session_.wire_bytes, from) += co_await in.pass(header.length);
      continue;
    }
    side.assembly.begin_frame(header, first);
    const std::uint64_t passed = co_await in.pass(header.length, &side.assembly);
    side.assembly.end_frame(passed == header.length);
    course_.last = context_.packet();
  }
}

// ---- messages ---------------------------------------------------------------------------------

void WebSocket::control(Direction from, const Message& message, MessageSeen& seen,
                        std::string_view& shown) {
  if (message.opcode == Opcode::ping) {
    ++session_.pings;
    if (message.complete) sides_[index(from)]->pings.sent(shown, message.first);
  } else if (message.opcode == Opcode::pong) {
    ++session_.pongs;
    const auto sent = sides_[index(opposite(from))]->pings.answered(shown);
    if (!sent || message.first.time < *sent) return;
    const Duration time = message.first.time - *sent;
    rtt_.min = rtt_.samples == 0 ? time : std::min(rtt_.min, time);
    rtt_.max = std::max(rtt_.max, time);
    rtt_sum_ += time;
    ++rtt_.samples;
  } else {
    sides_[index(from)]->closed = true;
    if (shown.size() >= 2) {
      seen.close_code = load_be16(as_bytes(shown).data());
      shown.remove_prefix(2);
    }
    const bool legal = seen.close_code ? is_close_code(*seen.close_code) : message.wire_bytes == 0;
    if (!legal && message.complete) flawed(kBadClose, from);
    if (session_.closed_by) return;
    session_.closed_by = from;
    session_.close_code = seen.close_code;
    close_reason_ = shown.substr(0, kMaxControl - 2);
  }
}

void WebSocket::message(Direction from, const Message& message) {
  MessageSeen seen;
  std::string_view shown = message.kept;
  of(session_.wire_bytes, from) += message.wire_bytes;
  if (message.is_control()) {
    control(from, message, seen, shown);
  } else {
    ++of(session_.messages, from);
    of(session_.bytes, from) += message.bytes;
  }
  seen.stream = context_.stream();
  seen.from = from;
  if (message.opcode) seen.opcode = name_of(*message.opcode);
  if (message.sized) seen.bytes = message.bytes;
  seen.wire_bytes = message.wire_bytes;
  seen.fragments = message.fragments;
  seen.compressed = message.compressed;
  seen.packet = message.first.packet;
  seen.complete = message.complete;
  if (!shown.empty()) {
    write_preview(shown, context_.settings().show_secrets, preview_);
    seen.preview = preview_;
  }
  context_.emit(message.first.time, seen);
  if (reader_ && !message.is_control()) pass_on(from, message);
}

void WebSocket::pass_on(Direction from, const Message& message) {
  InnerMessage inner;
  inner.from = from;
  inner.text = message.opcode == Opcode::text;
  inner.bytes = as_bytes(message.kept);
  inner.size = message.bytes;
  inner.complete = message.complete && message.sized && !message.doubtful;
  inner.first = message.first;
  reader_->message(context_, inner);
}

void WebSocket::note_silence(const Stamp& now) {
  if (now.time - course_.last.time <= course_.longest_silence) return;
  course_.longest_silence = now.time - course_.last.time;
  course_.silence_after = course_.last;
}

void WebSocket::tell_course() {
  course_.ended = context_.packet();
  if (!session_.closed_by) note_silence(course_.ended);
  course_.host = session_.host;
  course_.path = session_.path;
  course_.in_stream = session_.stream.has_value();
  course_.closed = session_.closed_by.has_value();
  course_.lossy = course_.lossy || session_.missing_bytes > 0;
  course_.pings = session_.pings;
  for (const auto& side : frames_) {
    course_.frames = std::accumulate(side.begin(), side.end(), course_.frames);
  }
  const Timestamp now = course_.ended.time;
  course_.of_client = sides_[index(Direction::from_client)]->pings.finish(now);
  course_.of_server = sides_[index(Direction::from_server)]->pings.finish(now);
  context_.emit(course_.last.time, course_);
}

void WebSocket::finish(Context& context) {
  for (auto& side : sides_) side->assembly.lose();
  if (reader_) reader_->finish(context);
  session_.stream = context.stream();
  if (const Exchange* exchange = conversation_.exchange()) {
    session_.host = exchange->host;
    session_.path = exchange->path;
  }
  session_.subprotocol = handshake_.subprotocol();
  session_.extensions = handshake_.extensions();
  std::array<Frames, kOpcodes> frames;
  std::size_t kinds = 0;
  for (std::size_t opcode = 0; opcode < kOpcodes; ++opcode) {
    const PerSide both{frames_[0][opcode], frames_[1][opcode]};
    if (both.client + both.server == 0) continue;
    frames[kinds++] = {name_of(static_cast<Opcode>(opcode)), both};
  }
  session_.frames = {frames.data(), kinds};
  if (!close_reason_.empty()) session_.close_reason = close_reason_;
  if (rtt_.samples > 0) {
    rtt_.mean = rtt_sum_ / static_cast<std::int64_t>(rtt_.samples);
    session_.ping_rtt = rtt_;
  }
  session_.missing_bytes =
      sides_[0]->assembly.missing_bytes() + sides_[1]->assembly.missing_bytes();
  if (!handshake_.seen()) session_.midstream = true;
  tell_course();
  context.emit(began_.value_or(context.packet().time), session_);
}

// ---- the protocol -----------------------------------------------------------------------------

/// Only in the middle of a stream: there are no first bytes of a WebSocket but its handshake's.
Fit probe(Direction from, Bytes first) {
  const auto bits = Search::evidence(from, first);
  if (!bits) return Fit::no;
  return *bits >= Search::kEnough ? Fit::certain : Fit::unsure;
}

std::optional<Direction> speaker(Bytes first) {
  for (const Direction from : {Direction::from_client, Direction::from_server}) {
    if (probe(from, first) == Fit::certain) return from;
  }
  return std::nullopt;
}

std::unique_ptr<Dissector> open(Context& context, Conversation& conversation) {
  return std::unique_ptr<Dissector>(new (context.memory()) WebSocket(context, conversation));
}

constexpr std::array<const EventType*, 2> kEvents = {&kEventType<MessageSeen>,
                                                     &kEventType<Session>};

}  // namespace

const Protocol kProtocol = {.name = "websocket",
                            .transport = Transport::tcp,
                            .probe = probe,
                            .open = open,
                            .events = kEvents,
                            .speaker = speaker,
                            .rules = rules(),
                            .follows_another = true};

}  // namespace wirelens::websocket
