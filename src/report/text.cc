// report/text.cc - which figures are shown, in which order, and in which words.
#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/figures.h"
#include "report/findings.h"
#include "report/page.h"
#include "report/wire_text.h"

namespace wirelens {
namespace {

using Items = std::vector<std::string>;

/// Appends "label 1,234" unless the count is 0.
void add_count(Items& items, std::string_view label, std::uint64_t count) {
  if (count > 0) items.push_back(fmt::format("{} {}", label, count_text(count)));
}

std::string some(std::uint64_t count) {
  return count > 0 ? count_text(count) : std::string();
}

void header(Page& page, const Summary& summary) {
  std::string name = summary.files.empty() ? "-" : summary.files.front();
  name = name == "-" ? "standard input" : printable(name);
  if (summary.files.size() > 1) name += fmt::format(" and {} more", summary.files.size() - 1);
  std::string figures = counted(summary.end.packets, "packet");
  if (summary.end.packets > 0) figures += fmt::format(", {}", bytes_text(summary.end.bytes));
  if (summary.first_time && summary.last_time) {
    std::string start = to_rfc3339(*summary.first_time).substr(0, 19);
    start[10] = ' ';
    const Duration span = *summary.last_time - *summary.first_time;
    figures += span > Duration::zero() ? fmt::format(", {} from {} UTC", duration_text(span), start)
                                       : fmt::format(" at {} UTC", start);
  }
  page.heading(name, figures);
  for (const auto& damage : summary.end.damage) {
    page.paragraph("Damaged", fmt::format("{} at byte {}: {}", printable(damage.name),
                                          count_text(damage.count), printable(damage.more)));
  }
  page.gap();
}

void connections(Page& page, const Summary& summary) {
  constexpr std::string_view kCloseNames[Summary::kCloses] = {
      "open", "closed", "reset by client", "reset by server", "timed out", "refused", "unanswered"};
  constexpr Close kOrder[] = {Close::fin,     Close::reset_by_client, Close::reset_by_server,
                              Close::refused, Close::unanswered,      Close::timeout,
                              Close::open};
  Items items;
  for (const Close close : kOrder) {
    const auto i = static_cast<std::size_t>(close);
    add_count(items, kCloseNames[i], summary.closes[i]);
  }
  if (summary.midstream > 0) {
    items.push_back(count_text(summary.midstream) + " began before the capture");
  }
  if (summary.one_sided > 0) items.push_back(count_text(summary.one_sided) + " seen from one side");
  if (summary.evicted > 0)
    items.push_back(count_text(summary.evicted) + " forgotten for lack of memory");
  if (summary.tcp > 0) {
    if (items.empty()) items.emplace_back();
    items.front() = fmt::format("{}   {}", count_text(summary.tcp), items.front());
  }
  page.entry("Connections", items);
  if (summary.udp > 0) page.entry("UDP", Items{counted(summary.udp, "flow")});
  if (summary.handshakes.count() > 0) {
    page.entry("Handshakes", Items{fmt::format("{}   round trip p50 {}, p95 {}",
                                               count_text(summary.handshakes.count()),
                                               duration_text(summary.handshakes.quantile(0.5)),
                                               duration_text(summary.handshakes.quantile(0.95)))});
  }
}

/// "1.3" of "TLS 1.3"; other names as they are.
std::string short_version(std::string_view version) {
  constexpr std::string_view kTls = "TLS ";
  return printable(version.starts_with(kTls) ? version.substr(kTls.size()) : version);
}

/// " (all 1.3)", " (1.3, 1.2)": what of TLS was spoken.
std::string tls_versions(const Summary& summary) {
  constexpr std::size_t kShown = 4;
  const auto versions = summary.tls_versions.heaviest(kShown);
  if (versions.empty()) return {};
  if (versions.size() == 1) return fmt::format(" (all {})", short_version(versions[0].first));
  std::string list;
  for (const auto& [version, tally] : versions) {
    if (!list.empty()) list += ", ";
    list += short_version(version);
  }
  return fmt::format(" ({})", list);
}

void protocols(Page& page, const Summary& summary) {
  constexpr std::size_t kShown = 12;
  Items items;
  for (const auto& [name, tally] : summary.protocols.heaviest(kShown)) {
    add_count(items, printable(name), tally->count);
    if (name == "tls") items.back() += tls_versions(summary);
  }
  page.entry("Protocols", items);
}

void tls(Page& page, const Summary& summary) {
  if (summary.tls_sessions == 0) return;
  constexpr std::size_t kShown = 4;
  Items items;
  for (const auto& [version, tally] : summary.tls_versions.heaviest(kShown)) {
    add_count(items, printable(version), tally->count);
  }
  add_count(items, "resumed", summary.tls_resumed);
  add_count(items, "failed", summary.tls_failed);
  add_count(items, "unfinished", summary.tls_unfinished);
  if (items.empty()) items.emplace_back();
  items.front() = fmt::format("{}   {}", count_text(summary.tls_sessions), items.front());
  if (summary.tls_handshakes.count() > 0) {
    items.push_back(fmt::format("handshake p50 {}, p95 {}",
                                duration_text(summary.tls_handshakes.quantile(0.5)),
                                duration_text(summary.tls_handshakes.quantile(0.95))));
  }
  page.entry("TLS", items);
  Items failures;
  for (const auto& [words, tally] : summary.tls_failures.heaviest(kShown)) {
    failures.push_back(fmt::format("{} {} (packet {}{})", printable(words),
                                   count_text(tally->count), count_text(tally->first_packet),
                                   tally->count > 1 ? " …" : ""));
  }
  page.entry("TLS failed", failures);
}

void exchanges(Page& page, const Summary& summary) {
  if (summary.exchanges == 0) return;
  Items items;
  for (std::size_t i = 1; i < summary.by_class.size(); ++i) {
    add_count(items, fmt::format("{}xx", i), summary.by_class[i]);
  }
  add_count(items, "other status", summary.by_class[0]);
  add_count(items, "no response", summary.unanswered);
  add_count(items, "incomplete", summary.incomplete);
  items.front() = fmt::format("{}   {}", count_text(summary.exchanges), items.front());
  if (summary.wait.count() > 0) {
    items.push_back(fmt::format("wait p50 {}, p95 {}", duration_text(summary.wait.quantile(0.5)),
                                duration_text(summary.wait.quantile(0.95))));
  }
  page.entry("Exchanges", items);
}

void messages(Page& page, const Summary& summary) {
  constexpr std::size_t kShown = 6;
  Items items;
  for (const auto& [name, tally] : summary.messages.heaviest(kShown)) {
    add_count(items, name, tally->count);
  }
  page.entry("Messages", items);
}

void losses(Page& page, const Summary& summary) {
  const Sent& all = summary.all;
  Items resent;
  if (all.retransmitted_packets > 0) {
    resent.push_back(fmt::format("{} of {} ({}) in {}", count_text(all.retransmitted_packets),
                                 counted(all.packets, "packet"),
                                 share_text(all.retransmitted_packets, all.packets),
                                 counted(summary.lossy_connections, "connection")));
    add_count(resent, "by timeout", all.timeouts);
    add_count(resent, "fast", all.fast_retransmits);
    add_count(resent, "needless", all.spurious);
  }
  page.entry("Resent", resent);
  if (all.out_of_order > 0) {
    page.entry("Reordered", Items{fmt::format("{} ({})", counted(all.out_of_order, "packet"),
                                              share_text(all.out_of_order, all.packets))});
  }
  Items capture;
  if (all.missing_bytes > 0) {
    capture.push_back(fmt::format("missed {} ({}) of {}", bytes_text(all.missing_bytes),
                                  share_text(all.missing_bytes, all.bytes + all.missing_bytes),
                                  counted(summary.missing_connections, "connection")));
  }
  if (all.capture_duplicates > 0) {
    capture.push_back(counted(all.capture_duplicates, "packet") + " seen twice");
  }
  if (all.acked_before_seen > 0) {
    capture.push_back(counted(all.acked_before_seen, "segment") + " seen after the ACK");
  }
  if (summary.end.truncated > 0) {
    capture.push_back(counted(summary.end.truncated, "packet") + " cut by the snapshot length");
  }
  add_count(capture, "dropped by the kernel", summary.end.dropped_by_kernel.value_or(0));
  add_count(capture, "dropped by the interface", summary.end.dropped_by_interface.value_or(0));
  page.entry("Capture", capture);
  if (all.zero_windows > 0) {
    Items items{fmt::format("{}, {} in all", counted(all.zero_windows, "time"),
                            duration_text(all.zero_window_time))};
    for (const StalledEnd& worst : summary.stalled.values()) {
      const bool client = worst.receiver == Direction::from_client;
      items.push_back(fmt::format("worst {}: {} (packet {} …)",
                                  printable(client ? worst.client : worst.server),
                                  duration_text(worst.duration), count_text(worst.first_packet)));
    }
    page.entry("Zero window", items);
  }
}

/// Who refused, reset or did not answer, the most frequent first.
void closes(Page& page, const Summary& summary) {
  constexpr std::size_t kShown = 4;
  constexpr std::pair<Close, std::string_view> kKinds[] = {
      {Close::refused, "Refused by"},
      {Close::unanswered, "No answer"},
      {Close::reset_by_server, "Reset by"},
      {Close::reset_by_client, "Reset to"},
  };
  for (const auto& [close, label] : kKinds) {
    const auto& with = summary.closed_with[static_cast<std::size_t>(close)];
    Items items;
    for (const auto& [name, tally] : with.heaviest(kShown)) {
      items.push_back(fmt::format("{} {} (packet {}{})", printable(name), count_text(tally->count),
                                  count_text(tally->first_packet), tally->count > 1 ? " …" : ""));
    }
    if (with.left_out()) {
      items.push_back("more");
    } else if (with.size() > kShown) {
      items.push_back(fmt::format("{} more", count_text(with.size() - kShown)));
    }
    page.entry(label, items);
  }
}

void flaws(Page& page, const Summary& summary) {
  constexpr std::size_t kShown = 12;
  Items items;
  for (const auto& counted_flaw : summary.end.malformed) {
    add_count(items, printable(counted_flaw.name), counted_flaw.count);
  }
  for (const auto& [name, tally] : summary.flaws.heaviest(kShown)) {
    const bool told = std::any_of(summary.end.malformed.begin(), summary.end.malformed.end(),
                                  [&, flaw = name](const auto& each) { return each.name == flaw; });
    if (told) continue;
    items.push_back(fmt::format("{} {} (packet {})", printable(name), count_text(tally->count),
                                count_text(tally->first_packet)));
  }
  page.entry("Malformed", items);
}

void hosts(Page& page, std::string_view title, const TopTally<HostTally>& hosts,
           std::size_t shown) {
  Page::Table table{title, {"conns", "exchanges", "failed", "to it", "from it", "wait p95"}, {}};
  for (const auto& [name, host] : hosts.heaviest(shown)) {
    const bool seen = host->connections > 0;
    table.rows.push_back({printable(name), some(host->connections), some(host->exchanges),
                          some(host->failed), seen ? bytes_text(host->to) : "",
                          seen ? bytes_text(host->from) : "",
                          host->wait ? duration_text(host->wait->quantile(0.95)) : ""});
  }
  if (hosts.left_out() || hosts.size() > shown) {
    const std::string more = hosts.left_out() ? "more" : count_text(hosts.size() - shown) + " more";
    table.rows.push_back({more, "", "", "", "", "", ""});
  }
  page.gap();
  page.table(table);
}

void slowest(Page& page, const Summary& summary) {
  Page::Table table{"Slowest exchanges", {"status", "total", "wait", "packet"}, {}};
  for (const NotableExchange& each : summary.slowest.values()) {
    table.rows.push_back({printable(each.request), fmt::format("{}", *each.status),
                          duration_text(each.total), each.wait ? duration_text(*each.wait) : "",
                          some(each.packet)});
  }
  page.gap();
  page.table(table);
}

void failures(Page& page, const Summary& summary) {
  constexpr std::size_t kShown = 6;
  Page::Table table{"Failed exchanges", {"status", "times", "packet"}, {}};
  for (const auto& [name, tally] : summary.failed.heaviest(kShown)) {
    const std::size_t space = name.find(' ');
    const std::string_view status = name.substr(0, space);
    table.rows.push_back({printable(name.substr(space + 1)),
                          status == "-" ? "no response" : std::string(status),
                          count_text(tally->seen.count), some(tally->seen.first_packet)});
  }
  if (summary.failed.left_out() || summary.failed.size() > kShown) {
    const std::size_t more = summary.failed.size() - kShown;
    table.rows.push_back(
        {summary.failed.left_out() ? "more" : count_text(more) + " more", "", "", ""});
  }
  page.gap();
  page.table(table);
}

void most_resent(Page& page, const Summary& summary) {
  Page::Table table{
      "Most resent, sender first", {"resent", "share", "timeouts", "fast", "packet"}, {}};
  for (const LossyDirection& each : summary.most_resent.values()) {
    const bool client = each.from == Direction::from_client;
    table.rows.push_back({printable(fmt::format("{} → {}", client ? each.client : each.server,
                                                client ? each.server : each.client)),
                          count_text(each.resent), share_text(each.resent, each.packets),
                          some(each.timeouts), some(each.fast), count_text(each.first_packet)});
  }
  page.gap();
  page.table(table);
}

void unseen(Page& page, const Summary& summary) {
  page.gap();
  std::string_view label = "Not seen";
  for (const auto& each : summary.end.not_seen) {
    std::string words = printable(each.name);
    if (each.count > 0) words += fmt::format(" ({})", count_text(each.count));
    if (!each.more.empty()) words += fmt::format(": {}", printable(each.more));
    page.paragraph(label, words);
    label = "";
  }
  Items limits;
  for (const auto& each : summary.end.limits) {
    add_count(limits, printable(each.name), each.count);
  }
  page.entry("Limits", limits);
}

/// A name as a shell takes it; empty if it holds what should not be typed.
std::string shell_word(std::string_view name) {
  if (printable(name) != name || name.find('\'') != std::string_view::npos) return {};
  const bool plain = name.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789_./,:+@%-") == std::string_view::npos;
  return plain && !name.empty() ? std::string(name) : fmt::format("'{}'", name);
}

void next_steps(Page& page, const Summary& summary) {
  if (summary.files.size() != 1 || summary.end.packets == 0) return;
  const std::string& file = summary.files.front();
  const std::string word = shell_word(file);
  if (word.empty() || file == "-") return;
  page.gap();
  std::string_view label = "Next";
  if (!summary.findings.empty()) {
    page.command(label, fmt::format("wirelens follow {} finding:1", word), "its packets");
    label = "";
  }
  const auto formats = report_formats();
  if (std::find(formats.begin(), formats.end(), "html") != formats.end()) {
    page.command(label, fmt::format("wirelens analyze -w html=report.html {}", word), "as a page");
  } else {
    page.command(label, fmt::format("wirelens analyze -w ndjson=records.ndjson {}", word),
                 "every record");
  }
}

}  // namespace

std::string text_of(const Summary& summary, const ReportOptions& options) {
  Page page(options.width, options.colour);
  header(page, summary);
  write_findings(page, summary);
  connections(page, summary);
  protocols(page, summary);
  tls(page, summary);
  exchanges(page, summary);
  messages(page, summary);
  losses(page, summary);
  closes(page, summary);
  flaws(page, summary);
  hosts(page, "Servers", summary.servers, 8);
  hosts(page, "Clients", summary.clients, 4);
  slowest(page, summary);
  failures(page, summary);
  most_resent(page, summary);
  unseen(page, summary);
  if (!options.live) next_steps(page, summary);
  return page.text();
}

void TextReport::finish() {
  output_->write(text_of(summary_, options_));
  output_->finish();
}

}  // namespace wirelens
