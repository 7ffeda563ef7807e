// report/html.cc - gathers, and puts the pieces of the page together.
#include "report/html.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>

#include <algorithm>

#include "event/exchange.h"
#include "event/timeline.h"
#include "report/flat_fields.h"
#include "report/web_page.h"

namespace wirelens {
namespace {

constexpr std::size_t kFindingConnections = 8;

std::string json_of(const Event& event) {
  JsonWriter writer(4096);
  writer.begin_record(event.type().name, event.time(), event.connection());
  event.describe(writer);
  writer.end_record();
  std::string_view text = writer.view();
  text.remove_suffix(1);  // the newline
  return std::string(text);
}

/// JSON inside an element: no text can end the element or begin a comment in it.
std::string for_element(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

void write_base64(Output& output, std::string_view bytes) {
  constexpr std::size_t kStep = std::size_t{192} << 10;  // a multiple of three
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += kStep) {
    const std::string_view piece = bytes.substr(at, kStep);
    text.resize(4 * ((piece.size() + 2) / 3) + 1);
    const int count = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                      reinterpret_cast<const unsigned char*>(piece.data()),
                                      static_cast<int>(piece.size()));
    output.write(std::string_view(text).substr(0, static_cast<std::size_t>(count)));
  }
}

/// How much there is to see in a connection: loss first, then odd ends.
std::uint64_t weight_of(const Connection& connection) {
  std::uint64_t weight = 0;
  for (const Sent* side : {&connection.sent, &connection.received}) {
    weight += 4 * side->retransmitted_packets + 2 * side->zero_windows + side->out_of_order;
    weight += side->missing_bytes > 0 ? 2 : 0;
  }
  const Close close = connection.close.value_or(Close::fin);
  const bool reset = close == Close::reset_by_client || close == Close::reset_by_server;
  return weight + (reset ? 2 : 0) + (close == Close::unanswered ? 1 : 0);
}

bool is_failure(const Exchange& exchange) {
  return exchange.method && (!exchange.status || *exchange.status >= 500);
}

/// Failures before what took long, and that before what took less.
std::uint64_t worth_of_exchange(const Exchange& exchange) {
  constexpr std::uint64_t kFailure = std::uint64_t{1} << 62;
  constexpr std::uint64_t kMost = kFailure - 1;
  const ExchangeTiming& timing = exchange.timing;
  Duration sum{};
  for (const auto& each :
       {timing.blocked, timing.connect, timing.send, timing.wait, timing.receive}) {
    sum += std::max(each.value_or(Duration{}), Duration{});
  }
  const auto length = std::min(static_cast<std::uint64_t>(sum.count()), kMost);
  return is_failure(exchange) ? kFailure + length : length;
}

}  // namespace

bool HtmlReport::is_built() {
  return !kWebPage.before_summary.empty();
}

void HtmlReport::write(const Event& event) {
  if (output_->failure()) return;
  if (const auto* begin = event.as<CaptureBegin>()) {
    begin_ = begin->first_ts;
    capture_ = json_of(event);
  } else if (event.as<CaptureEnd>()) {
    capture_end_ = json_of(event);
  } else if (event.as<TimelineRecord>()) {
    timeline_ = json_of(event);
  } else if (event.type().name == "finding") {
    note_finding(event);
  } else if (keep(event)) {
    add_to_table(event);
  }
}

/// Interim records are followed by better ones, and so are those of request heads.
bool HtmlReport::keep(const Event& event) {
  if (const auto* connection = event.as<Connection>()) {
    if (connection->interim.value_or(false)) return false;
    weigh(*connection);
    return true;
  }
  if (const auto* exchange = event.as<Exchange>(); exchange && event.connection()) {
    if (is_failure(*exchange) && failing_.size() < kMostRows) failing_.insert(*event.connection());
    return true;
  }
  if (event.as<SegmentSeen>() && event.connection()) {
    if (++segments_[*event.connection()] <= kDrawnSegments) return true;
    ++tables_.find(event.type().name)->second.left_out;
    return false;
  }
  return event.type().name != "http_request";
}

void HtmlReport::add_to_table(const Event& event) {
  auto found = tables_.find(event.type().name);
  if (found == tables_.end()) {
    found = tables_.try_emplace(std::string(event.type().name), begin_.value_or(Timestamp{})).first;
  }
  std::size_t held = 0;
  for (const auto& [name, table] : tables_) held += table.packed.packed().size();
  if (found->second.packed.rows() >= kMostRows || held >= kMostPacked) {
    found->second.worst.offer(worth_of(event), event);
  } else {
    found->second.packed.add(event);
  }
}

/// How much a reader would miss the record, among those of its type.
std::uint64_t HtmlReport::worth_of(const Event& event) const {
  if (const auto* exchange = event.as<Exchange>()) return worth_of_exchange(*exchange);
  if (const auto* connection = event.as<Connection>()) {
    return weight_of(*connection) + (failing_.contains(connection->id) ? 4 : 0);
  }
  const FlatFields fields(event);
  const std::string_view verification = fields.text("verification");
  const bool refused =
      !verification.empty() && verification != "ok" && verification != "not_observable";
  const bool broken = fields.text("established") == "false" || fields.text("complete") == "false";
  return (refused ? 2u : 0u) + (broken ? 1u : 0u);
}

void HtmlReport::weigh(const Connection& connection) {
  if (const std::uint64_t weight = weight_of(connection); weight > 0) {
    troubled_.offer(weight, [&] { return Troubled{weight, connection.first_packet}; });
  }
  // Findings come last: which connections they name is not known before.
  if (connection.id >= kRemembered) return;
  if (connection.id >= first_packets_.size()) first_packets_.resize(connection.id + 1);
  first_packets_[connection.id] = connection.first_packet;
}

void HtmlReport::note_finding(const Event& event) {
  const FlatFields fields(event);
  if (fields.text("interim") == "true") return;  // a better one follows
  if (findings_.size() == kMostFindings) {
    ++findings_left_out_;
    return;
  }
  findings_.push_back(json_of(event));
  if (const auto id = fields.natural("conns")) found_.push_back(*id);
}

std::vector<std::uint64_t> HtmlReport::wants_segments() const {
  std::vector<std::uint64_t> wanted;
  const auto want = [&](std::uint64_t first_packet) {
    if (std::find(wanted.begin(), wanted.end(), first_packet) == wanted.end()) {
      wanted.push_back(first_packet);
    }
  };
  for (const ConnectionId id : found_) {
    const bool known = id < first_packets_.size() && first_packets_[id] != 0;
    if (known && wanted.size() < kFindingConnections) want(first_packets_[id]);
  }
  for (const Troubled& each : troubled_.values()) want(each.first_packet);
  return wanted;
}

std::string HtmlReport::summary() const {
  std::string out = R"({"version":1)";
  if (begin_) out += fmt::format(R"(,"begin":"{}")", to_rfc3339(*begin_));
  out += fmt::format(R"(,"capture":{},"capture_end":{})", capture_, capture_end_);
  if (!timeline_.empty()) out += fmt::format(R"(,"timeline":{})", timeline_);
  out += fmt::format(R"(,"findings":[{}],"types":{{)", fmt::join(findings_, ","));
  std::string_view between;
  for (const auto& [name, table] : tables_) {
    out += fmt::format(R"({}"{}":{{"rows":{},"left_out":{}}})", between, name, table.packed.rows(),
                       table.left_out + table.worst.left_out());
    between = ",";
  }
  if (findings_left_out_ > 0) {
    out += fmt::format(R"({}"finding":{{"rows":{},"left_out":{}}})", between, findings_.size(),
                       findings_left_out_);
  }
  return out + "}}";
}

void HtmlReport::finish() {
  for (auto& [name, table] : tables_) {
    table.worst.move_into(table.packed);
    table.packed.finish();
  }
  output_->write(kWebPage.before_summary);
  output_->write(for_element(summary()));
  output_->write(kWebPage.before_tables);
  for (const auto& [name, table] : tables_) {
    if (table.packed.rows() == 0) continue;
    output_->write(fmt::format("<script type=\"text/plain\" data-type=\"{}\">", name));
    write_base64(*output_, table.packed.packed());
    output_->write("</script>\n");
  }
  output_->write(kWebPage.after_tables);
  output_->finish();
}

}  // namespace wirelens
