// cli/choose.cc - a run that only looks for one connection.
#include "cli/choose.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/figures.h"
#include "cli/values.h"
#include "event/finding.h"
#include "report/wire_text.h"

namespace wirelens {
namespace {

constexpr std::size_t kOthersNamed = 5;

std::string endpoint(const Endpoint& end) {
  return fmt::format(fmt::runtime(end.ip.find(':') == std::string_view::npos ? "{}:{}" : "[{}]:{}"),
                     end.ip, end.port);
}

std::string joined(std::span<const std::string_view> words, std::string_view between) {
  std::string out;
  for (const std::string_view word : words) {
    if (!out.empty()) out += between;
    out += word;
  }
  return out;
}

std::string sent_text(const Sent& sent) {
  std::string out = fmt::format("{}, {}", counted(sent.packets, "packet"), bytes_text(sent.bytes));
  if (sent.retransmitted_packets > 0) out += fmt::format(", {} resent", sent.retransmitted_packets);
  return out;
}

std::vector<std::string> heading(const Connection& record) {
  std::string first = fmt::format("Connection {}  {} → {}", record.id, endpoint(record.client),
                                  endpoint(record.server));
  if (record.server_name) first += fmt::format("  {}", printable(*record.server_name));
  if (!record.protocols.empty()) {
    first += fmt::format("  {}", printable(joined(record.protocols, " ")));
  }
  std::string close = record.close ? std::string(name_of(*record.close)) : "over";
  std::replace(close.begin(), close.end(), '_', ' ');
  const bool lasted = record.duration > Duration{};
  const std::string second =
      fmt::format("{}{}{} · client {} · server {}", close, lasted ? " · " : "",
                  lasted ? duration_text(record.duration) : "", sent_text(record.sent),
                  sent_text(record.received));
  return {first, second, ""};
}

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

class Finder final : public EventSink {
 public:
  explicit Finder(const Choice& choice) : choice_(choice) {}

  void write(const Event& event) override {
    if (const auto* record = event.as<Connection>()) return look(*record);
    if (choice_.by == Choice::By::packet && event.as<SegmentSeen>() != nullptr) {
      wanted_ = event.connection();
    }
    if (const auto* finding = event.as<Finding>()) hear(*finding);
  }

  std::optional<ChosenConnection> found;
  std::uint64_t findings = 0;
  std::optional<ConnectionId> wanted() const { return wanted_; }

 private:
  /// Findings come behind the connections that they are about.
  void hear(const Finding& finding) {
    if (finding.interim.value_or(false)) return;
    ++findings;
    if (choice_.by == Choice::By::finding && findings == choice_.number && !finding.conns.empty()) {
      wanted_ = finding.conns.front();
    }
    const bool about_it = found && std::find(finding.conns.begin(), finding.conns.end(),
                                             found->id) != finding.conns.end();
    if (!about_it) return;
    std::string severity(name_of(finding.severity));
    std::transform(severity.begin(), severity.end(), severity.begin(), upper);
    found->heading.insert(found->heading.end() - 1,
                          fmt::format("finding:{}  {}  {}  {}", findings, severity,
                                      printable(finding.title), finding.rule));
  }
  void look(const Connection& record) {
    if (!fits(record)) return;
    if (!found || record.id == found->id) {
      std::vector<ConnectionId> others;
      std::uint64_t others_count = 0;
      if (found) others = found->others, others_count = found->others_count;
      found =
          ChosenConnection{record.id, record.first_packet, heading(record), others, others_count};
    } else if (!record.interim) {
      if (found->others.size() < kOthersNamed) found->others.push_back(record.id);
      ++found->others_count;
    }
  }
  bool fits(const Connection& record) const {
    const auto is = [this](const Endpoint& end) {
      return end.port == choice_.port && end.ip == choice_.ip;
    };
    if (choice_.by == Choice::By::endpoint) return is(record.client) || is(record.server);
    if (choice_.by == Choice::By::id) return record.id == choice_.number;
    return wanted_ && record.id == *wanted_;
  }

  const Choice& choice_;
  std::optional<ConnectionId> wanted_;
};

std::string nothing(const Choice& choice, const Finder& finder) {
  switch (choice.by) {
    case Choice::By::id:
      return fmt::format("there is no connection {}", choice.number);
    case Choice::By::endpoint:
      return fmt::format("no connection has an end at {}", endpoint({choice.ip, choice.port}));
    case Choice::By::packet:
      return fmt::format("packet {} belongs to no connection", choice.number);
    case Choice::By::finding:
      return finder.findings < choice.number
                 ? fmt::format("there is no finding {}; there are {}", choice.number,
                               finder.findings)
                 : fmt::format("finding {} is about no single connection", choice.number);
  }
  return "";
}

}  // namespace

Result<Choice> parse_choice(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const std::string_view word = std::string_view(text).substr(0, std::min(colon, text.size()));
  const std::string_view tail =
      colon == std::string::npos ? text : std::string_view(text).substr(colon + 1);
  const Error wrong{fmt::format("CONN {}: an id, IP:port, packet:N or finding:N is wanted", text)};
  Choice choice;
  if (colon == std::string::npos || word == "packet" || word == "finding") {
    const auto number = parse_count(tail, colon == std::string::npos ? 0 : 1, UINT64_MAX);
    if (!number) return wrong;
    choice.number = *number;
    if (word == "packet") choice.by = Choice::By::packet;
    if (word == "finding") choice.by = Choice::By::finding;
    return choice;
  }
  const auto port = parse_count(tail, 0, 65535);
  if (!port || word.empty()) return wrong;
  choice.by = Choice::By::endpoint;
  choice.port = static_cast<std::uint16_t>(*port);
  const bool bracketed = word.starts_with('[') && word.ends_with(']');
  choice.ip = bracketed ? word.substr(1, word.size() - 2) : word;
  return choice;
}

Result<ChosenConnection> choose(const Choice& choice, const SourceOpener& open,
                                const EngineOptions& options, const RunControl& control) {
  EngineOptions looking = options;
  Watch watch;
  if (choice.by == Choice::By::packet) {
    watch.packet = choice.number;
    looking.watch = &watch;
  }
  Finder finder(choice);
  auto result = run(open, looking, control, finder);
  if (!result) return result.error();
  if (finder.found) return *finder.found;
  if (choice.by == Choice::By::finding && finder.wanted()) {  // its record came before the finding
    return choose(Choice{Choice::By::id, *finder.wanted(), {}, 0}, open, options, control);
  }
  return Error{nothing(choice, finder)};
}

}  // namespace wirelens
