// http1/http1.cc - reads requests on one side and responses on the other.
#include "http1/http1.h"

#include <array>
#include <memory>

#include "common/http_body.h"
#include "common/http_record.h"
#include "common/http_text.h"
#include "dissect/conversation.h"
#include "http1/chunked.h"
#include "http1/exchanges.h"
#include "http1/field_lines.h"
#include "http1/framing.h"
#include "http1/head_scan.h"
#include "http1/rules/rules.h"
#include "http1/start_line.h"

namespace wirelens::http1 {
namespace {

constexpr Flaw kJunk{"http.junk_between_messages", "RFC 9112 2.1"};

class Http1 final : public Dissector {
 public:
  Http1(Context& context, Conversation& conversation, Direction client)
      : conversation_(conversation), client_(client), exchanges_(context, conversation) {}

  Dissection read(Context& context, Input& in) override { return begin(context, in, false); }
  Dissection resume(Context& context, Input& in) override {
    if (!goes_on_in_chunks(in)) after_hole(in);
    return begin(context, in, true);
  }
  void finish(Context&) override { exchanges_.finish(); }

 private:
  Dissection begin(Context& context, Input& in, bool lost) {
    return in.from() == client_ ? read_requests(context, in, lost)
                                : read_responses(context, in, lost);
  }
  Dissection read_requests(Context& context, Input& in, bool lost);
  Dissection read_responses(Context& context, Input& in, bool lost);

  Part<bool> read_rest_of_head(Context& context, Input& in, Message& message, Bytes begun);
  void begin_content(Context& context, http::Body& body, Message& message, const Pending& pending);
  Part<bool> read_content(Context& context, Input& in, Message& message, Framing framing,
                          const Pending& pending);
  Part<bool> await_decision(Input& in, bool connects);
  Part<Framing> check_framing(Input& in, Framing framing);

  void take_head(Context& context, Input& in, Message& message, Bytes text);
  void take_cut_head(Context& context, Input& in, Kind kind, Bytes text, const Stamp& first);
  void end_request(Pending& pending, const Stamp& last, bool complete);
  void end_response(Pending& pending, const Stamp& last, bool complete);
  void hand_over(Pending& pending);
  void after_hole(Input& in);
  bool goes_on_in_chunks(const Input& in) const;
  Part<bool> read_more_chunks(Context& context, Input& in);

  http::Body& body(const Input& in) { return bodies_[index(in.from())]; }
  Input& requests() { return conversation_.input(client_); }
  Input& responses() { return conversation_.input(opposite(client_)); }

  Conversation& conversation_;
  Direction client_;
  Exchanges exchanges_;
  std::array<http::Body, 2> bodies_{http::Body(Direction::from_client),
                                    http::Body(Direction::from_server)};
  unsigned strikes_ = 0;
  Pending* asking_ = nullptr;                        // whose request is being read
  Pending* answering_ = nullptr;                     // whose response is being read
  std::array<std::optional<ChunkPlace>, 2> chunks_;  // while a side sends some
  // Behind CONNECT and Upgrade the response decides who reads on: requests wait for that, and the
  // response that says so waits for the rest of its request.
  bool undecided_ = false;
  bool requests_held_ = false;
  bool responses_held_ = false;
};

/// How an answer begins from who expected TLS: the record of an alert (RFC 8446 section 5.1).
constexpr std::string_view kTlsAlert = "\x15\x03";

bool asks_to_leave(const Head& head) {
  return head.method == "CONNECT" || (head.upgrades && head.upgrade);
}

/// "HTTP/1.1 103 ...": the status, of which there is a record only if it is final or 101.
bool is_interim(std::string_view head) {
  return is_certain_start_line(Kind::response, head.substr(0, 13)) && head[9] == '1' &&
         head.substr(9, 3) != "101";
}

std::string_view begun_lines(std::string_view text) {
  return text.substr(0, text.find_last_of('\n') + 1);
}

void tell(Context& context, const Faults& faults, Direction from) {
  for (std::size_t i = 0; i < kFaults && !faults.none(); ++i) {
    if (faults.has(static_cast<Fault>(i))) context.flaw(flaw_of(static_cast<Fault>(i)), from);
  }
}

void Http1::take_head(Context& context, Input& in, Message& message, Bytes text) {
  message.head.keep(text);
  message.head.finish(context.settings().show_secrets);
  tell(context, message.head.head().faults, in.from());
}

Part<bool> Http1::read_rest_of_head(Context& context, Input& in, Message& message, Bytes begun) {
  const std::string_view text = as_text(begun);
  const std::string_view lines = begun_lines(text);
  bool whole = true;
  if (lines.empty()) {
    auto start_line = read_long_start_line(in, message.head, text);
    whole = co_await start_line;
  } else {
    message.head.keep(as_bytes(lines));
    message.head.parser().head().faults.add(Fault::long_head);
  }
  if (whole) {
    const std::string_view rest = lines.empty() ? std::string_view() : text.substr(lines.size());
    auto fields = read_field_lines(in, message.head.parser(), rest);
    whole = co_await fields;
  }
  message.head.finish(context.settings().show_secrets);
  tell(context, message.head.head().faults, in.from());
  co_return whole;
}

void Http1::begin_content(Context& context, http::Body& body, Message& message,
                          const Pending& pending) {
  const Head& head = message.head.head();
  const bool answers = &message == &pending.response;
  std::unique_ptr<Conversation> reader;
  if (const Protocol* protocol =
          http::reader_of(conversation_, answers ? head.content_type : std::nullopt,
                          pending.request.head.head().target)) {
    reader = http::open_reader(context, conversation_, *protocol, exchanges_.record_of(pending));
  }
  const http::ContentForm form{head.content_encoding.value_or(std::string_view()),
                               head.coding == TransferCoding::coded_chunks};
  body.begin(context, form, message.content, strikes_, std::move(reader));
}

Part<bool> Http1::read_content(Context& context, Input& in, Message& message, Framing framing,
                               const Pending& pending) {
  http::Body& content = body(in);
  begin_content(context, content, message, pending);
  bool whole = false;
  switch (framing.body) {
    case Framing::Body::none:
      break;
    case Framing::Body::length: {
      const std::uint64_t passed = co_await in.pass(framing.length, &content);
      whole = passed == framing.length;
      break;
    }
    case Framing::Body::chunked: {
      auto chunks = read_chunks(context, in, content, chunks_[index(in.from())].emplace());
      const ChunksEnd end = co_await chunks;
      chunks_[index(in.from())].reset();
      whole = end == ChunksEnd::last_chunk;
      // Whoever guesses where the next message begins may take content for one.
      if (end == ChunksEnd::malformed) co_await in.pass_rest();
      break;
    }
    case Framing::Body::close:
      co_await in.pass_rest(&content);
      whole = in.ended_cleanly();
      break;
    case Framing::Body::unknowable:
      co_await in.pass_rest(&content);
      break;
  }
  content.end(whole);
  co_return whole;
}

void Http1::take_cut_head(Context& context, Input& in, Kind kind, Bytes text, const Stamp& first) {
  const std::string_view lines = begun_lines(as_text(text));
  std::string_view line = lines.substr(0, lines.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!is_certain_start_line(kind, line)) return;
  Pending& pending = kind == Kind::request ? exchanges_.ask(first) : exchanges_.answer(first);
  Message& message = kind == Kind::request ? pending.request : pending.response;
  message.head.keep(as_bytes(lines));
  message.head.finish(context.settings().show_secrets);
  if (kind == Kind::request) exchanges_.asked(pending);
  exchanges_.ended(pending, message, in.last_stamp(), false);
}

void Http1::end_request(Pending& pending, const Stamp& last, bool complete) {
  asking_ = nullptr;
  if (responses_held_) responses().release();
  exchanges_.ended(pending, pending.request, last, complete);
}

void Http1::end_response(Pending& pending, const Stamp& last, bool complete) {
  answering_ = nullptr;
  if (undecided_ && pending.request.head.kept() && asks_to_leave(pending.request.head.head())) {
    undecided_ = false;
    if (requests_held_) requests().release();
  }
  exchanges_.ended(pending, pending.response, last, complete);
}

/// A hole has hit the framing of chunks, but their message may go on behind it: no other can have
/// begun.
bool Http1::goes_on_in_chunks(const Input& in) const {
  if (!chunks_[index(in.from())]) return false;
  if (in.from() == client_) return asking_ && !asking_->response.seen;
  return answering_ && exchanges_.nothing_waits();
}

/// The rest of a message, from the next chunk on. False if the next message is to be looked for.
Part<bool> Http1::read_more_chunks(Context& context, Input& in) {
  const Kind kind = in.from() == client_ ? Kind::request : Kind::response;
  http::Body& content = body(in);
  ChunkPlace& place = *chunks_[index(in.from())];
  const auto lost = [&](std::uint64_t count) {
    if (count > 0) content.missing(count, in.next_stamp());
    place = {in.position(), content.taken()};
  };
  lost(in.position() - place.position - (content.taken() - place.content));
  std::uint64_t skipped = 0;
  auto finding = find_chunk(in, kind, skipped);
  const bool found = co_await finding;
  lost(skipped);
  bool at_end = false;
  if (found) {
    auto chunks = read_chunks(context, in, content, place);
    const ChunksEnd end = co_await chunks;
    at_end = end == ChunksEnd::last_chunk;
  }
  if (at_end) {
    chunks_[index(in.from())].reset();
    content.end(false);
    if (kind == Kind::request) {
      end_request(*asking_, in.last_stamp(), false);
    } else {
      end_response(*answering_, in.last_stamp(), false);
    }
  } else {
    after_hole(in);
  }
  co_return at_end;
}

void Http1::after_hole(Input& in) {
  const Kind kind = in.from() == client_ ? Kind::request : Kind::response;
  chunks_[index(in.from())].reset();
  body(in).end(false);
  if (kind == Kind::request && asking_) end_request(*asking_, in.last_stamp(), false);
  if (kind == Kind::response && answering_) end_response(*answering_, in.last_stamp(), false);
  (kind == Kind::request ? requests_held_ : responses_held_) = false;
  exchanges_.lost(kind);
}

Part<bool> Http1::await_decision(Input& in, bool connects) {
  // A request behind an Upgrade says that nobody waits for a decision.
  if (!connects) {
    const bool speaks = co_await in.more(4);
    if (!speaks || !undecided_) co_return speaks;
    const bool asks_on = probe(Kind::request, in.available()) != Fit::no &&
                         !as_text(in.available()).starts_with("PRI ");
    if (asks_on) undecided_ = false;
  }
  if (!undecided_) co_return true;
  requests_held_ = true;
  const bool decided = co_await in.hold();
  requests_held_ = false;
  undecided_ = false;
  co_return decided;
}

Dissection Http1::read_requests(Context& context, Input& in, bool lost) {
  if (chunks_[index(in.from())]) {
    auto more = read_more_chunks(context, in);
    lost = !co_await more;
  }
  HeadScan scan(Kind::request, lost);
  bool goes_on = true;
  while (goes_on && co_await in.more()) {
    if (undecided_) {
      auto deciding = await_decision(in, true);
      goes_on = co_await deciding;
      continue;
    }
    const Stamp first = in.next_stamp();
    scan.begin();
    const auto find = [&scan](Bytes bytes, std::size_t seen) { return scan(bytes, seen); };
    const Token token = co_await in.gather(find, kMaxHead);
    if (!token.complete && !token.too_long) {
      take_cut_head(context, in, Kind::request, token.bytes, first);
      break;
    }
    const HeadScan::Found found = token.too_long ? scan.found_too_long(token.bytes) : scan.found();
    if (found == HeadScan::Found::empty_line) continue;
    if (found == HeadScan::Found::junk) {
      if (!scan.lost()) {
        context.flaw(kJunk, in.from());
        exchanges_.lost(Kind::request);
      }
      scan.lose_place();
      continue;
    }
    scan.find_place();
    Pending& pending = exchanges_.ask(first);
    asking_ = &pending;
    bool whole = true;
    if (token.too_long) {
      auto rest = read_rest_of_head(context, in, pending.request, token.bytes);
      whole = co_await rest;
    } else {
      take_head(context, in, pending.request, token.bytes);
    }
    exchanges_.asked(pending);
    const Head& head = pending.request.head.head();
    const Framing framing = framing_of_request(head);
    if (whole && has_content(framing)) {
      auto content = read_content(context, in, pending.request, framing, pending);
      whole = co_await content;
    }
    const bool connects = head.method == "CONNECT";
    undecided_ = whole && asks_to_leave(head) && !pending.response.seen;
    end_request(pending, in.last_stamp(), whole);
    if (found == HeadScan::Found::simple) break;  // HTTP/0.9 has one request a connection
    if (undecided_) {
      auto deciding = await_decision(in, connects);
      goes_on = co_await deciding;
    }
  }
  exchanges_.no_more(Kind::request);
}

Part<Framing> Http1::check_framing(Input& in, Framing framing) {
  // Whether an unseen request was HEAD shows where its response's content would begin.
  constexpr std::size_t kEnough = 13;
  if (framing.body == Framing::Body::length && framing.length >= kEnough) {
    const bool more = co_await in.more(kEnough);
    const std::string_view next = as_text(in.available()).substr(0, kEnough);
    if (more && is_certain_start_line(Kind::response, next)) co_return Framing{};
  }
  co_return framing;
}

void Http1::hand_over(Pending& pending) {
  const Head& head = pending.response.head.head();
  if (head.status != 101) return conversation_.hand_over(Conversation::kWhateverFits);
  pending.leads_on = true;
  std::string_view list = head.upgrade.value_or(std::string_view());
  std::string_view name = http::trimmed(http::cut(list, ','));
  name = name.substr(0, name.find('/'));
  const Protocol* next = find_protocol(conversation_.protocols(), name);
  conversation_.hand_over(next ? next->name : std::string_view());
}

Dissection Http1::read_responses(Context& context, Input& in, bool lost) {
  if (chunks_[index(in.from())]) {
    auto more = read_more_chunks(context, in);
    lost = !co_await more;
  }
  HeadScan scan(Kind::response, lost);
  while (co_await in.more()) {
    if (in.available().front() == kTlsAlert.front() && !scan.lost()) {
      co_await in.more(kTlsAlert.size());
      if (as_text(in.available()).starts_with(kTlsAlert)) {
        conversation_.hand_over("tls");
        co_return;
      }
    }
    const Stamp first = in.next_stamp();
    const Pending* asked = scan.lost() ? nullptr : exchanges_.next_answered();
    if (asked && asked->request.head.kept() && asked->request.head.head().is_0_9()) {
      co_await in.more(5);
      if (!as_text(in.available()).starts_with("HTTP/")) {
        Pending& simple = exchanges_.answer(first);
        answering_ = &simple;
        auto content = read_content(context, in, simple.response, {Framing::Body::close}, simple);
        const bool whole = co_await content;
        end_response(simple, in.last_stamp(), whole);
        break;
      }
    }
    scan.begin();
    const auto find = [&scan](Bytes bytes, std::size_t seen) { return scan(bytes, seen); };
    const Token token = co_await in.gather(find, kMaxHead);
    if (!token.complete && !token.too_long) {
      take_cut_head(context, in, Kind::response, token.bytes, first);
      break;
    }
    const HeadScan::Found found = token.too_long ? scan.found_too_long(token.bytes) : scan.found();
    if (found == HeadScan::Found::empty_line) continue;
    if (found == HeadScan::Found::junk) {
      if (!scan.lost()) context.flaw(kJunk, in.from());
      scan.lose_place();
      continue;
    }
    scan.find_place();
    if (!token.too_long && is_interim(as_text(token.bytes))) continue;
    Pending& pending = exchanges_.answer(first);
    answering_ = &pending;
    bool whole = true;
    if (token.too_long) {
      auto rest = read_rest_of_head(context, in, pending.response, token.bytes);
      whole = co_await rest;
    } else {
      take_head(context, in, pending.response, token.bytes);
    }
    const Head& head = pending.response.head.head();
    const std::string_view method =
        pending.request.head.kept() ? pending.request.head.head().method : std::string_view();
    if (whole && leaves_http(head, method)) {
      if (pending.request.seen && !pending.request.ended) {
        responses_held_ = true;
        co_await in.hold();
        responses_held_ = false;
      }
      hand_over(pending);
      end_response(pending, in.last_stamp(), true);
      co_return;
    }
    Framing framing = framing_of_response(head, method);
    if (!pending.request.seen) {
      auto checking = check_framing(in, framing);
      framing = co_await checking;
    }
    if (whole && has_content(framing)) {
      auto content = read_content(context, in, pending.response, framing, pending);
      whole = co_await content;
    }
    end_response(pending, in.last_stamp(), whole);
  }
  exchanges_.no_more(Kind::response);
}

/// The client is who asks, whatever the ports made believe.
Direction client_of(Conversation& conversation) {
  const Bytes client = conversation.input(Direction::from_client).available();
  const Bytes server = conversation.input(Direction::from_server).available();
  const bool turned = (!client.empty() && probe(Kind::response, client) == Fit::certain) ||
                      (!server.empty() && probe(Kind::request, server) == Fit::certain);
  return turned ? Direction::from_server : Direction::from_client;
}

std::unique_ptr<Dissector> open(Context& context, Conversation& conversation) {
  const Direction client = client_of(conversation);
  return std::unique_ptr<Dissector>(new (context.memory()) Http1(context, conversation, client));
}

std::optional<Direction> speaker(Bytes first) {
  if (probe(Kind::request, first) == Fit::certain) return Direction::from_client;
  if (probe(Kind::response, first) == Fit::certain) return Direction::from_server;
  return std::nullopt;
}

constexpr std::array<const EventType*, 2> kEvents = {&kEventType<RequestSeen>,
                                                     &kEventType<Exchange>};
constexpr std::array<std::string_view, 2> kOtherNames = {"http/1.1", "http/1.0"};

}  // namespace

const Protocol kProtocol = {.name = "http1",
                            .transport = Transport::tcp,
                            .probe = probe,
                            .open = open,
                            .events = kEvents,
                            .speaker = speaker,
                            .also_known_as = kOtherNames,
                            .rules = rules()};

}  // namespace wirelens::http1
