// report/ladder.cc - lays out the ladder within a number of columns.
#include "report/ladder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/figures.h"
#include "event/exchange.h"
#include "report/flat_fields.h"
#include "report/wire_text.h"

namespace wirelens {
namespace {

constexpr std::size_t kState = 12;
constexpr std::size_t kDataLines = 40;  ///< of one segment
constexpr Duration kSilence = std::chrono::seconds(1);

constexpr std::string_view kRed = "31", kYellow = "33", kBold = "1", kDim = "2";

std::string repeated(std::string_view piece, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += piece;
  return out;
}

std::string padded(std::string text, std::size_t columns) {
  const std::size_t width = display_width(text);
  return width < columns ? text + std::string(columns - width, ' ') : text;
}

/// Bytes at the front of printable text that fit into `columns`; at least one scalar.
std::size_t fitting(std::string_view text, std::size_t columns) {
  std::size_t bytes = 0;
  std::size_t used = 0;
  while (bytes < text.size()) {
    const std::size_t length = first_scalar(text.substr(bytes)).length;
    used += display_width(text.substr(bytes, length));
    if (used > columns && bytes > 0) break;
    bytes += length;
  }
  return bytes;
}

/// The same, but a line ends between words where that costs at most half of it.
std::size_t wrapping(std::string_view text, std::size_t columns) {
  const std::size_t fits = fitting(text, columns);
  if (fits == text.size()) return fits;
  const std::size_t space = text.substr(0, fits + 1).rfind(' ');
  return space == std::string_view::npos || space < fits / 2 ? fits : space;
}

/// What a person calls a verdict, and in a word where there is no room.
struct VerdictWords {
  std::string_view verdict;
  std::string_view words;
  std::string_view word;
};
VerdictWords words_of(std::string_view verdict) {
  constexpr VerdictWords kWords[] = {{"capture_duplicate", "captured twice", "twice"},
                                     {"spurious", "resent needlessly", "needless"},
                                     {"fast_retransmission", "resent fast", "resent"},
                                     {"timeout", "resent by timeout", "timeout"},
                                     {"retransmission", "resent", "resent"},
                                     {"out_of_order", "overtaken", "overtaken"},
                                     {"acked_before_seen", "captured late", "late"},
                                     {"zero_window_probe", "window probe", "probe"},
                                     {"keep_alive", "keep-alive", "keep-alive"},
                                     {"zero_window", "window 0", "window 0"},
                                     {"duplicate_ack", "again", "again"}};
  for (const VerdictWords& each : kWords) {
    if (each.verdict == verdict) return each;
  }
  return {verdict, verdict, verdict};
}

/// Lines of at most `width` columns, broken between words; further ones are indented.
std::string wrapped(std::string_view text, std::size_t width) {
  constexpr std::size_t kIndent = 2;
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = cut_middle(text.substr(begin, end - begin), width - kIndent);
    const std::size_t columns = display_width(word);
    if (column > 0 && column + begin + columns > width) {
      out += '\n';
      out.append(kIndent, ' ');
      column = kIndent;
    } else {
      out.append(begin, ' ');
      column += begin;
    }
    out += word;
    column += columns;
    text.remove_prefix(end);
  }
  return out + "\n";
}

bool is_trouble(std::string_view verdict) {
  return verdict != "duplicate_ack" && verdict != "keep_alive" && verdict != "capture_duplicate";
}

std::string exchange_text(const Exchange& exchange) {
  std::string out;
  if (!exchange.status) {
    out = fmt::format("{} {}{}: no response", exchange.method.value_or("?"),
                      exchange.host.value_or(""), exchange.path.value_or(""));
    return out;
  }
  out = fmt::format("{} {}", *exchange.status, exchange.reason.value_or(""));
  if (exchange.method)
    out += fmt::format(" to {} {}", *exchange.method, exchange.path.value_or(""));
  if (exchange.content_type) out += fmt::format(" · {}", *exchange.content_type);
  if (exchange.response_body_bytes) {
    out += fmt::format(" · {}", bytes_text(*exchange.response_body_bytes));
  }
  if (exchange.timing.wait) out += fmt::format(" · wait {}", duration_text(*exchange.timing.wait));
  if (!exchange.complete) out += " · incomplete";
  return out;
}

/// What a person would say of a record: a word, and the values of the fields that matter.
struct Saying {
  std::string_view type;
  std::string_view word;
  std::array<std::string_view, 5> fields;
};
constexpr Saying kSayings[] = {
    {"websocket_message", "WebSocket", {"opcode", "close_code", "preview"}},
    {"sse_event", "event", {"event", "id", "preview"}},
    {"socketio", "Socket.IO", {"kind", "namespace", "event", "preview"}},
    {"tls", "TLS", {"version", "cipher", "server_name", "alpn", "verification"}},
    {"dns", "DNS", {"query", "qtype", "rcode", "answers"}},
};

/// "WebSocket text hello", or "http2: begun prior_knowledge · streams 12": any event, by its
/// description.
std::string generic_text(const Event& event) {
  constexpr std::size_t kMost = 300;
  const FlatFields fields(event);
  for (const Saying& saying : kSayings) {
    if (saying.type != event.type().name) continue;
    std::string out(saying.word);
    for (const std::string_view path : saying.fields) {
      const std::string_view value = path.empty() ? std::string_view() : fields.text(path);
      if (!value.empty()) out += fmt::format(" {}", value);
    }
    return out;
  }
  std::string out(event.type().name);
  std::replace(out.begin(), out.end(), '_', ' ');
  std::string_view between = ": ";
  for (const FlatFields::Entry& entry : fields.entries()) {
    if (entry.path == "from" || entry.path == "packet" || entry.text.empty()) continue;
    out += fmt::format("{}{} {}", between, entry.path, entry.text);
    between = " · ";
    if (out.size() > kMost) break;
  }
  return out;
}

constexpr std::string_view kPush = "PSH,";

/// "1+517": the relative sequence number and the length.
std::string number_of(const SegmentSeen& segment) {
  if (!segment.seq) return bytes_text(segment.length);
  if (segment.length == 0) return fmt::format("{}", *segment.seq);
  return fmt::format("{}+{}", *segment.seq, segment.length);
}

}  // namespace

std::string message_text(const Event& event) {
  if (const auto* request = event.as<RequestSeen>()) {
    return fmt::format("{} {}{}", request->method, request->host.value_or(""), request->path);
  }
  if (const auto* exchange = event.as<Exchange>()) return exchange_text(*exchange);
  if (const auto* flaw = event.as<FlawSeen>()) {
    return fmt::format("{} ({}){}{}", flaw->name, flaw->rule, flaw->detail ? " " : "",
                       flaw->detail.value_or(""));
  }
  return generic_text(event);
}

LadderReport::LadderReport(std::unique_ptr<Output> output, const ReportOptions& options,
                           std::vector<std::string> heading)
    : output_(std::move(output)),
      options_(options),
      states_(options.width >= kStateWidth),
      packet_(states_ ? 8 : 6),
      time_(states_ ? 11 : 9) {
  const std::size_t width = std::clamp<std::size_t>(options.width, 40, 200);
  const std::size_t sides = packet_ + time_ + 2 + (states_ ? 2 * (kState + 1) + 1 : 1);
  area_ = width - sides;
  for (const std::string& each : heading) text_ += wrapped(each, width);
  std::string head = fmt::format("{:>{}}{:>{}}", "packet", packet_, "time", time_);
  if (states_) {
    head += fmt::format(" {:<{}}{} server", "client", kState, std::string(area_ + 2, ' '));
  } else {
    head += fmt::format(" client{}server", std::string(width - packet_ - time_ - 13, ' '));
  }
  text_ += coloured(head, kDim) + "\n";
}

std::string LadderReport::coloured(std::string_view text, std::string_view colour) const {
  if (!options_.colour || colour.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", colour, text);
}

void LadderReport::write(const Event& event) {
  if (output_->failure()) return;
  if (const auto* segment = event.as<SegmentSeen>()) {
    add(*segment, event.time());
  } else if (event.connection()) {
    const FlatFields fields(event);
    const bool answer = event.as<Exchange>() != nullptr;
    const bool pushed = event.type().name == "sse_event";  // which only servers send
    messages_.push_back({message_text(event), answer || pushed || fields.text("from") == "server",
                         event.as<FlawSeen>() != nullptr,
                         answer || event.as<RequestSeen>() != nullptr});
  }
  if (text_.size() >= kPiece) {
    output_->write(text_);
    text_.clear();
  }
}

void LadderReport::finish() {
  show_messages();
  output_->write(text_);
  output_->finish();
}

void LadderReport::add(const SegmentSeen& segment, Timestamp time) {
  if (!begun_) first_ = last_ = time;
  begun_ = true;
  note_gap(segment, time);
  arrow(segment, time);
  note_states(segment);
  if (segment.data) show_data(segment);
  show_messages();
  last_ = std::max(last_, time);
}

void LadderReport::note_gap(const SegmentSeen& segment, Timestamp time) {
  if (time - last_ >= kSilence) {
    line(fmt::format("┄ {} of silence ┄", duration_text(time - last_)), false, kDim);
  }
  if (segment.missing) {
    line(fmt::format("┄ {} not captured ┄", bytes_text(*segment.missing)), false, kYellow);
  }
}

/// "PSH,ACK 1+517 ack 1 win 64,240", as much of it as there is room for.
std::string LadderReport::label(const SegmentSeen& segment, std::size_t room) const {
  std::string out;
  const auto add_piece = [&](const std::string& piece, bool must) {
    const std::size_t needed = display_width(out) + (out.empty() ? 0 : 1) + display_width(piece);
    if (piece.empty() || (!must && needed > room)) return;
    if (!out.empty()) out += ' ';
    out += piece;
  };
  if (segment.verdict) {
    const VerdictWords verdict = words_of(*segment.verdict);
    constexpr std::size_t kFlagsAndNumber = 8;
    const bool fits = display_width(verdict.words) + kFlagsAndNumber <= room;
    add_piece(std::string(fits ? verdict.words : verdict.word), true);
  }
  std::string_view flags = segment.flags;
  const std::string number = number_of(segment);
  const std::size_t needed = out.size() + flags.size() + number.size() + 2;
  // Where room is short, what a reader can do without goes before a number is cut.
  if (needed > room && flags.starts_with(kPush)) flags.remove_prefix(kPush.size());
  add_piece(std::string(flags), true);
  add_piece(number, true);
  if (segment.ack) add_piece(fmt::format("ack {}", *segment.ack), false);
  if (segment.sack) {
    for (const auto& range : *segment.sack) {
      add_piece(fmt::format("sack {}-{}", range.left, range.right), false);
    }
  }
  if (segment.window) add_piece(fmt::format("win {}", count_text(*segment.window)), false);
  return cut_middle(out, room);
}

void LadderReport::arrow(const SegmentSeen& segment, Timestamp time) {
  const bool right = segment.from == Direction::from_client;
  const std::string words = label(segment, area_ - 6);
  const bool again = segment.verdict && segment.verdict->find("re") != std::string_view::npos;
  const bool resent = again || segment.verdict == "timeout" || segment.verdict == "spurious";
  const std::string_view stroke = resent ? "═" : "─";
  const std::string tail = repeated(stroke, area_ - 5 - display_width(words));
  const std::string shaft = right ? fmt::format("{}{} {} {}▶", stroke, stroke, words, tail)
                                  : fmt::format("◀{} {} {}{}", tail, words, stroke, stroke);
  std::string_view colour;
  if (segment.verdict) colour = is_trouble(*segment.verdict) ? kRed : kDim;
  if (segment.flags.find("RST") != std::string_view::npos) colour = kRed;
  const double seconds_since = seconds(time - first_);
  std::string out = fmt::format("{:>{}}{:>{}.{}f} ", segment.packet, packet_, seconds_since, time_,
                                states_ ? 6 : 4);
  const std::string_view client = segment.client_state.value_or("");
  const std::string_view server = segment.server_state.value_or("");
  if (states_) out += padded(client == client_state_ ? "" : std::string(client), kState);
  out += fmt::format("│{}│", coloured(shaft, colour));
  if (states_ && server != server_state_) out += fmt::format(" {}", server);
  text_ += out + "\n";
}

void LadderReport::note_states(const SegmentSeen& segment) {
  const std::string_view client = segment.client_state.value_or("");
  const std::string_view server = segment.server_state.value_or("");
  if (!states_ && client != client_state_) line(client, false, kDim);
  if (!states_ && server != server_state_) line(server, true, kDim);
  client_state_ = client;
  server_state_ = server;
}

std::string LadderReport::inside(std::string_view words, bool right) const {
  const std::string fitting = cut_middle(words, area_ - 2);
  const std::string room(area_ - 2 - display_width(fitting), ' ');
  return right ? fmt::format(" {}{} ", room, fitting) : fmt::format(" {}{} ", fitting, room);
}

void LadderReport::line(std::string_view words, bool right, std::string_view colour) {
  const std::size_t margin = packet_ + time_ + 1 + (states_ ? kState : 0);
  text_ +=
      fmt::format("{}│{}│\n", std::string(margin, ' '), coloured(inside(words, right), colour));
}

/// Bytes as lines of text: a line of the payload is a line here, what acts is escaped.
void LadderReport::show_data(const SegmentSeen& segment) {
  const bool right = segment.from == Direction::from_server;
  std::string_view rest = *segment.data;
  std::size_t lines = 0;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    std::string_view whole = rest.substr(0, end);
    if (whole.ends_with('\n')) whole.remove_suffix(1);
    if (whole.ends_with('\r')) whole.remove_suffix(1);
    const std::string shown = printable(whole);
    rest.remove_prefix(end);
    for (std::string_view left = shown; !left.empty();) {
      if (++lines > kDataLines) {
        return line(fmt::format("{} more", bytes_text(rest.size() + left.size())), right, kDim);
      }
      const std::size_t fits = fitting(left, area_ - 2);
      line(left.substr(0, fits), false, kDim);
      left.remove_prefix(fits);
    }
  }
}

/// A few lines for what was said; what does not fit is left out at its end, a URL in its middle.
void LadderReport::show_messages() {
  constexpr std::size_t kLines = 3;
  for (const Message& each : messages_) {
    const std::string_view colour = each.flaw ? kRed : kBold;
    const std::string shown = printable(each.text);
    std::string_view left = shown;
    if (each.exchange) {
      line(left, each.from_server, colour);
      continue;
    }
    std::vector<std::string> lines;
    std::size_t widest = 0;
    while (!left.empty()) {
      const bool last = lines.size() + 1 == kLines && display_width(left) > area_ - 2;
      const std::size_t fits = last ? fitting(left, area_ - 3) : wrapping(left, area_ - 2);
      lines.push_back(fmt::format("{}{}", left.substr(0, fits), last ? "…" : ""));
      widest = std::max(widest, display_width(lines.back()));
      left.remove_prefix(last ? left.size() : fits);
      left.remove_prefix(std::min(left.find_first_not_of(' '), left.size()));
    }
    for (const std::string& each_line : lines)
      line(padded(each_line, widest), each.from_server, colour);
  }
  messages_.clear();
}

}  // namespace wirelens
