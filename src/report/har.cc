// report/har.cc - what HAR 1.2 calls each thing that an exchange knows.
#include "report/har.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cctype>

#include "report/flat_fields.h"
#include "report/wire_text.h"

namespace wirelens {
namespace {

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

std::string_view header(const std::optional<std::span<const HeaderField>>& headers,
                        std::string_view name) {
  if (!headers) return {};
  for (const HeaderField& field : *headers) {
    if (same_ignoring_case(field.first, name)) return field.second;
  }
  return {};
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

int hexadecimal(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int letter = c | 32;
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/// A part of a query as its author meant it: %41 is A, + is a space.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool pair = text[i] == '%' && i + 2 < text.size() && hexadecimal(text[i + 1]) >= 0 &&
                      hexadecimal(text[i + 2]) >= 0;
    if (pair) {
      out += static_cast<char>(hexadecimal(text[i + 1]) * 16 + hexadecimal(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

/// Calls `each` for the pieces of `text` between separators.
template <class Each>
void split(std::string_view text, char separator, Each each) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) each(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string http_version(const std::optional<std::string_view>& version) {
  if (!version) return "unknown";
  return fmt::format("HTTP/{}", *version);
}

double milliseconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

/// -1 is HAR's word for what does not apply.
void optional_time(JsonWriter& out, std::string_view name, std::optional<Duration> duration) {
  out.number(name, duration ? milliseconds(*duration) : -1);
}

void write_timings(JsonWriter& out, const ExchangeTiming& timing) {
  out.begin_object("timings");
  optional_time(out, "blocked", timing.blocked);
  optional_time(out, "dns", timing.dns);
  optional_time(out, "connect", timing.connect);
  optional_time(out, "ssl", timing.tls);
  out.number("send", milliseconds(timing.send.value_or(Duration{})));
  out.number("wait", milliseconds(timing.wait.value_or(Duration{})));
  out.number("receive", milliseconds(timing.receive.value_or(Duration{})));
  out.end_object();
}

/// The sum of the timings; `ssl` lies inside `connect`.
Duration total(const ExchangeTiming& timing) {
  Duration sum{};
  for (const auto& each :
       {timing.blocked, timing.dns, timing.connect, timing.send, timing.wait, timing.receive}) {
    sum += each.value_or(Duration{});
  }
  return sum;
}

void write_pair(JsonWriter& out, std::string_view name, std::string_view value) {
  out.begin_object("");
  out.text("name", name);
  out.text("value", value);
  out.end_object();
}

void write_headers(JsonWriter& out, const std::optional<std::span<const HeaderField>>& headers) {
  out.begin_list("headers");
  if (headers) {
    for (const auto& [name, value] : *headers) write_pair(out, name, value);
  }
  out.end_list();
}

void write_query(JsonWriter& out, std::string_view path) {
  out.begin_list("queryString");
  if (const std::size_t mark = path.find('?'); mark != std::string_view::npos) {
    const std::string_view query = path.substr(mark + 1, path.find('#', mark) - mark - 1);
    split(query, '&', [&](std::string_view pair) {
      const std::size_t equals = std::min(pair.find('='), pair.size());
      write_pair(out, decoded(pair.substr(0, equals)),
                 decoded(pair.substr(std::min(equals + 1, pair.size()))));
    });
  }
  out.end_list();
}

void write_sent_cookies(JsonWriter& out,
                        const std::optional<std::span<const HeaderField>>& headers) {
  out.begin_list("cookies");
  for (const HeaderField& field : headers.value_or(std::span<const HeaderField>())) {
    if (!same_ignoring_case(field.first, "cookie")) continue;
    split(field.second, ';', [&](std::string_view pair) {
      pair = trimmed(pair);
      const std::size_t equals = std::min(pair.find('='), pair.size());
      write_pair(out, pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
    });
  }
  out.end_list();
}

void write_set_cookie(JsonWriter& out, std::string_view line) {
  out.begin_object("");
  bool first = true;
  bool http_only = false;
  bool secure = false;
  split(line, ';', [&](std::string_view part) {
    part = trimmed(part);
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string_view name = part.substr(0, equals);
    const std::string_view value = part.substr(std::min(equals + 1, part.size()));
    if (first) {
      out.text("name", name);
      out.text("value", value);
    } else if (same_ignoring_case(name, "path")) {
      out.text("path", value);
    } else if (same_ignoring_case(name, "domain")) {
      out.text("domain", value);
    } else if (same_ignoring_case(name, "samesite")) {
      out.text("sameSite", value);
    }
    http_only = http_only || (!first && same_ignoring_case(name, "httponly"));
    secure = secure || (!first && same_ignoring_case(name, "secure"));
    first = false;
  });
  if (first) {  // an empty field
    out.text("name", "");
    out.text("value", "");
  }
  out.boolean("httpOnly", http_only);
  out.boolean("secure", secure);
  out.end_object();
}

void write_set_cookies(JsonWriter& out,
                       const std::optional<std::span<const HeaderField>>& headers) {
  out.begin_list("cookies");
  for (const HeaderField& field : headers.value_or(std::span<const HeaderField>())) {
    if (same_ignoring_case(field.first, "set-cookie")) write_set_cookie(out, field.second);
  }
  out.end_list();
}

bool is_utf8_text(std::string_view bytes) {
  while (!bytes.empty()) {
    const Scalar scalar = first_scalar(bytes);
    const bool control =
        scalar.value < 0x20 && scalar.value != '\n' && scalar.value != '\r' && scalar.value != '\t';
    if (!scalar.valid || control) return false;
    bytes.remove_prefix(scalar.length);
  }
  return true;
}

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int count = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                    reinterpret_cast<const unsigned char*>(bytes.data()),
                                    static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(count));
  return out;
}

/// The first bytes of a body (--bodies), and whether that is all of it.
void write_body(JsonWriter& out, std::string_view body, std::optional<std::uint64_t> whole) {
  if (is_utf8_text(body)) {
    out.text("text", body);
  } else {
    out.text("text", base64(body));
    out.text("encoding", "base64");
  }
  if (whole && *whole > body.size()) {
    out.text("comment", fmt::format("the first {} of {} bytes", body.size(), *whole));
  }
}

/// A URL up to where a missing host belongs, and what follows.
struct Url {
  std::string before;
  std::string after;
  bool has_host = false;
};

/// RFC 6455: an upgrade that was granted; RFC 8441: an extended CONNECT.
bool opens_websocket(const Exchange& exchange) {
  const std::string_view wish = exchange.status == 101         ? "upgrade"
                                : exchange.method == "CONNECT" ? ":protocol"
                                                               : "";
  return !wish.empty() && same_ignoring_case(header(exchange.request_headers, wish), "websocket");
}

Url url_of(const Exchange& exchange) {
  std::string scheme(exchange.scheme.value_or("http"));
  if (opens_websocket(exchange)) scheme = scheme == "https" ? "wss" : "ws";
  Url url{scheme + "://", {}, exchange.host.has_value()};
  if (exchange.host) url.after = *exchange.host;
  const std::string_view path = exchange.path.value_or("/");
  if (!path.starts_with('/')) url.after += '/';  // OPTIONS *, CONNECT host:port
  url.after += path;
  return url;
}

void write_request(JsonWriter& out, const Exchange& exchange) {
  out.text("method", exchange.method.value_or("unknown"));
  out.text("httpVersion", http_version(exchange.version));
  write_sent_cookies(out, exchange.request_headers);
  write_headers(out, exchange.request_headers);
  write_query(out, exchange.path.value_or(""));
  if (exchange.request_body) {
    out.begin_object("postData");
    out.text("mimeType", header(exchange.request_headers, "content-type"));
    write_body(out, *exchange.request_body, exchange.request_body_bytes);
    out.end_object();
  }
  out.integer("headersSize", -1);
  const std::uint64_t none = 0;
  if (exchange.method) {
    out.natural("bodySize", exchange.request_body_wire_bytes.value_or(none));
  } else {
    out.integer("bodySize", -1);
  }
}

void write_content(JsonWriter& out, const Exchange& exchange) {
  const std::uint64_t size = exchange.response_body_bytes.value_or(0);
  out.begin_object("content");
  out.natural("size", size);
  if (exchange.response_body_bytes && exchange.response_body_wire_bytes) {
    out.integer("compression", static_cast<std::int64_t>(size) -
                                   static_cast<std::int64_t>(*exchange.response_body_wire_bytes));
  }
  out.text("mimeType", exchange.content_type.value_or(exchange.status ? "x-unknown" : ""));
  if (exchange.response_body) write_body(out, *exchange.response_body, size);
  out.end_object();
}

void write_response(JsonWriter& out, const Exchange& exchange) {
  out.begin_object("response");
  out.natural("status", exchange.status.value_or(0));  // 0: none came, as browsers write it
  out.text("statusText", exchange.reason.value_or(""));
  out.text("httpVersion", http_version(exchange.version));
  write_set_cookies(out, exchange.response_headers);
  write_headers(out, exchange.response_headers);
  write_content(out, exchange);
  out.text("redirectURL", header(exchange.response_headers, "location"));
  out.integer("headersSize", -1);
  if (exchange.status) {
    out.natural("bodySize", exchange.response_body_wire_bytes.value_or(0));
  } else {
    out.integer("bodySize", -1);
  }
  if (!exchange.status) out.text("_error", "no response was seen");
  out.end_object();
}

constexpr int kTextFrame = 1;

/// RFC 6455 section 11.8.
int opcode_number(std::string_view opcode) {
  constexpr std::pair<std::string_view, int> kOpcodes[] = {
      {"text", kTextFrame}, {"binary", 2}, {"close", 8}, {"ping", 9}, {"pong", 10}};
  for (const auto& [name, number] : kOpcodes) {
    if (name == opcode) return number;
  }
  return -1;
}

std::string_view resource_type(const Exchange& exchange) {
  if (opens_websocket(exchange)) return "websocket";
  const std::string_view type = exchange.content_type.value_or("");
  constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {"text/html", "document"}, {"text/css", "stylesheet"},           {"image/", "image"},
      {"font/", "font"},         {"text/event-stream", "eventsource"}, {"video/", "media"},
      {"audio/", "media"},       {"application/json", "fetch"}};
  for (const auto& [prefix, name] : kTypes) {
    if (type.starts_with(prefix)) return name;
  }
  return type.find("javascript") != std::string_view::npos ? "script" : "other";
}

}  // namespace

HarReport::HarReport(std::unique_ptr<Output> output)
    : output_(std::move(output)), writer_(kPiece / 8) {
  text_ = R"({"log":{"version":"1.2","creator":{"name":"wirelens","version":"1"},"entries":[)";
}

void HarReport::write(const Event& event) {
  if (output_->failure()) return;
  if (const auto* exchange = event.as<Exchange>()) {
    if (event.connection()) add(*event.connection(), *exchange, event.time());
  } else if (const auto* connection = event.as<Connection>()) {
    const auto found = waiting_.find(connection->id);
    if (connection->interim.value_or(false) || found == waiting_.end()) return;
    write_out(found->second, connection);
    waiting_.erase(found);
  } else if (event.type().name == "websocket_message" && event.connection()) {
    add_message(*event.connection(), event);
  }
  if (held_ > kMostHeld) {
    for (auto& [id, each] : waiting_) write_out(each, nullptr);
    waiting_.clear();
  }
  if (text_.size() >= kPiece) flush();
}

void HarReport::flush() {
  if (text_.empty()) return;
  output_->write(text_);
  text_.clear();
}

void HarReport::add(ConnectionId connection, const Exchange& exchange, Timestamp time) {
  const ExchangeTiming& timing = exchange.timing;
  const Url url = url_of(exchange);
  Entry entry;
  entry.begin =
      to_rfc3339(time - timing.connect.value_or(Duration{}) - timing.dns.value_or(Duration{}));
  entry.stream = exchange.stream;
  entry.upgraded = opens_websocket(exchange);
  entry.document = exchange.method == "GET" && exchange.status.value_or(0) / 100 == 2 &&
                   exchange.content_type.value_or("").starts_with("text/html");
  entry.referer = header(exchange.request_headers, "referer");
  entry.url = url.before + url.after;

  writer_.clear();
  writer_.begin_document();
  writer_.text("startedDateTime", entry.begin);
  writer_.number("time", milliseconds(total(timing)));
  writer_.begin_object("request");
  writer_.text("url", entry.url);
  if (!url.has_host) {
    constexpr std::string_view kUrl = R"("url":")";
    entry.at = writer_.view().find(kUrl) + kUrl.size() + url.before.size();
  }
  write_request(writer_, exchange);
  writer_.end_object();
  write_response(writer_, exchange);
  writer_.begin_object("cache");
  writer_.end_object();
  write_timings(writer_, timing);
  writer_.text("connection", fmt::format("{}", connection));
  writer_.text("_resourceType", resource_type(exchange));
  if (exchange.request_packet) writer_.natural("_requestPacket", *exchange.request_packet);
  if (exchange.response_packet) writer_.natural("_responsePacket", *exchange.response_packet);
  if (!exchange.complete) writer_.boolean("_complete", false);
  entry.json = writer_.view();
  held_ += entry.json.size();
  waiting_[connection].entries.push_back(std::move(entry));
}

/// As Chrome writes them: what is no text is base64. An exchange over HTTP/2 is told when it ends,
/// so its messages wait for it.
void HarReport::add_message(ConnectionId connection, const Event& event) {
  const FlatFields fields(event);
  const auto seconds_since_1970 =
      static_cast<double>(event.time().time_since_epoch().count()) / 1e9;
  const int opcode = opcode_number(fields.text("opcode"));
  const std::string_view preview = fields.text("preview");
  const auto bytes = fields.natural("bytes");
  writer_.clear();
  writer_.begin_document();
  writer_.text("type", fields.text("from") == "client" ? "send" : "receive");
  writer_.number("time", seconds_since_1970);
  writer_.integer("opcode", opcode);
  writer_.text("data", opcode == kTextFrame ? std::string(preview) : base64(preview));
  if (bytes) writer_.natural("_bytes", *bytes);
  if (const auto packet = fields.natural("packet")) writer_.natural("_packet", *packet);
  writer_.end_object();
  held_ += writer_.size();
  waiting_[connection].messages.push_back(
      {fields.natural("stream"), std::string(writer_.view()), false});
}

void HarReport::write_out(Waiting& waiting, const Connection* connection) {
  for (Entry& entry : waiting.entries) {
    held_ -= entry.json.size();
    append(entry, waiting.messages, connection);
  }
  for (const Message& message : waiting.messages) {
    held_ -= message.json.size();
    if (!message.written) ++lost_messages_;
  }
  if (text_.size() >= kPiece) flush();
}

void HarReport::append(Entry& entry, std::vector<Message>& messages, const Connection* connection) {
  text_ += entries_++ == 0 ? "\n" : ",\n";
  if (entry.at && connection != nullptr) {
    const std::string_view ip = connection->server.ip;
    const bool version6 = ip.find(':') != std::string_view::npos;
    entry.json.insert(*entry.at, fmt::format(fmt::runtime(version6 ? "[{}]" : "{}"), ip));
  }
  text_ += entry.json;
  if (connection != nullptr) {
    text_ += fmt::format(R"(,"serverIPAddress":"{}")", connection->server.ip);
    if (const Page* page = page_of(entry, connection->client.ip)) {
      text_ += fmt::format(R"(,"pageref":"{}")", page->id);
    }
  }
  bool first = true;
  for (Message& message : messages) {
    if (!entry.upgraded || message.stream != entry.stream) continue;
    text_ += first ? R"(,"_webSocketMessages":[)" : ",";
    text_ += message.json;
    message.written = true;
    first = false;
  }
  text_ += first ? "}" : "]}";
}

/// A page is a document that a client loaded, with what it refers to.
const HarReport::Page* HarReport::page_of(const Entry& entry, std::string_view client) {
  const std::string_view url = entry.document ? entry.url : std::string_view(entry.referer);
  if (url.empty()) return nullptr;
  const std::string key = fmt::format("{} {}", client, url.substr(0, url.find('#')));
  auto found = pages_.find(key);
  if (found == pages_.end()) {
    if (pages_.size() == kMostPages) return nullptr;
    found = pages_.emplace(key, Page{fmt::format("page_{}", pages_.size() + 1), entry.begin, false})
                .first;
  }
  Page& page = found->second;
  if (entry.document && !page.by_document) {
    page.begin = entry.begin;
    page.by_document = true;
  } else if (!page.by_document) {
    page.begin = std::min(page.begin, entry.begin);
  }
  return &page;
}

void HarReport::finish() {
  for (auto& [id, each] : waiting_) write_out(each, nullptr);
  waiting_.clear();
  writer_.clear();
  writer_.begin_document();
  writer_.begin_list("pages");
  for (const auto& [key, page] : pages_) {
    writer_.begin_object("");
    writer_.text("startedDateTime", page.begin);
    writer_.text("id", page.id);
    writer_.text("title", std::string_view(key).substr(key.find(' ') + 1));
    writer_.begin_object("pageTimings");
    writer_.integer("onContentLoad", -1);
    writer_.integer("onLoad", -1);
    writer_.end_object();
    writer_.end_object();
  }
  writer_.end_list();
  if (lost_messages_ > 0) {
    writer_.text("comment", fmt::format("without {} WebSocket messages whose exchange is not here",
                                        lost_messages_));
  }
  writer_.end_object();
  text_ += "\n],";
  text_ += writer_.view().substr(1);  // the members of the document, behind its brace
  text_ += "}\n";
  flush();
  output_->finish();
}

}  // namespace wirelens
