// report/summary.cc - which record adds to which figure.
#include "report/summary.h"

#include <fmt/format.h>

namespace wirelens {
namespace {

std::string request_text(const Exchange& exchange, bool query) {
  constexpr std::size_t kLongestPath = 512;
  std::string_view path = exchange.path.value_or("");
  if (!query) path = path.substr(0, path.find('?'));
  return fmt::format("{} {}{}", exchange.method.value_or("?"), exchange.host.value_or(""),
                     path.substr(0, kLongestPath));
}

/// "shop.test:8080" is served by shop.test; an IPv6 address keeps its brackets.
std::string_view without_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  const bool port = colon != host.npos && (host.find(':') == colon || host[colon - 1] == ']') &&
                    host.find_first_not_of("0123456789", colon + 1) == host.npos;
  return port ? host.substr(0, colon) : host;
}

/// Whether it took the time it was given: an event stream, a tunnel or another protocol lasts as
/// long as it is wanted. Without its request nothing tells how long it took.
bool counts_as_slow(const Exchange& exchange) {
  const bool lasts = exchange.content_type.value_or("").starts_with("text/event-stream") ||
                     exchange.method == "CONNECT" || exchange.status == 101;
  return exchange.method && exchange.status && !lasts;
}

/// What the user waited for it; absent if nothing of it was measured.
std::optional<Duration> total_of(const ExchangeTiming& timing) {
  std::optional<Duration> total;
  for (const auto& part : {timing.send, timing.wait, timing.receive}) {
    if (part) total = total.value_or(Duration::zero()) + *part;
  }
  return total;
}

bool has_failed(const Exchange& exchange) {
  return exchange.status ? *exchange.status >= 400 : exchange.method.has_value();
}

void count(CountTally& tally, std::uint64_t packet) {
  if (tally.count++ == 0) tally.first_packet = packet;
}

template <std::size_t... I>
std::array<TopTally<CountTally>, sizeof...(I)> groups(std::index_sequence<I...>) {
  return {((void)I, TopTally<CountTally>(Summary::kGroups))...};
}

template <class Source>
std::vector<Summary::End::Named> named(Source counts) {
  std::vector<Summary::End::Named> out;
  for (const auto& each : counts) out.push_back({std::string(each.name), {}, each.count});
  return out;
}

}  // namespace

Summary::Summary() : closed_with(groups(std::make_index_sequence<kCloses>())) {}

void Summary::add(const Event& event) {
  if (!event.type().counted.empty()) ++messages.at(event.type().counted).count;
  if (const auto* connection = event.as<Connection>()) {
    add(*connection);
  } else if (const auto* exchange = event.as<Exchange>()) {
    add(*exchange);
  } else if (const auto* session = event.as<TlsSession>()) {
    add(*session);
  } else if (const auto* flaw = event.as<FlawSeen>()) {
    count(flaws.at(flaw->name), flaw->packet);
  } else if (const auto* finding = event.as<Finding>()) {
    add(*finding);
  } else if (const auto* begin = event.as<CaptureBegin>()) {
    add(*begin);
  } else if (const auto* ended = event.as<CaptureEnd>()) {
    add(*ended);
  }
}

void Summary::add(const Finding& finding) {
  if (finding.interim.value_or(false)) return;
  if (!finding.follows) cost += finding.cost_seconds.value_or(Duration::zero());
  if (findings.size() == kFindings) {
    ++more_findings[static_cast<std::size_t>(finding.severity)];
    return;
  }
  const auto packets = finding.packets.first(std::min(finding.packets.size(), kPacketsShown));
  findings.push_back({.rule = std::string(finding.rule),
                      .severity = finding.severity,
                      .verdict = finding.verdict,
                      .title = std::string(finding.title),
                      .why = std::string(finding.why),
                      .fix = std::string(finding.fix),
                      .follows = std::string(finding.follows.value_or("")),
                      .cost = finding.cost_seconds,
                      .packets = {packets.begin(), packets.end()},
                      .packets_total = finding.packets_total});
}

void Summary::add(const CaptureBegin& begin) {
  files.assign(begin.files.begin(), begin.files.end());
  first_time = begin.first_ts;
}

void Summary::add(const CaptureEnd& ended) {
  last_time = ended.last_ts;
  end.packets = ended.packets;
  end.bytes = ended.bytes;
  end.truncated = ended.truncated_packets;
  end.dropped_by_kernel = ended.dropped.kernel;
  end.dropped_by_interface = ended.dropped.interface;
  end.malformed = named(ended.malformed);
  end.limits = named(ended.limits);
  for (const auto& each : ended.not_observable) {
    end.not_seen.push_back({std::string(each.what), std::string(each.doubt), each.count});
  }
  for (const auto& each : ended.damage) {
    end.damage.push_back({std::string(each.file), std::string(each.reason), each.offset});
  }
}

void Summary::add(const Connection& connection) {
  if (connection.interim.value_or(false)) return;
  const std::string server = endpoint_text(connection.server);
  for (const std::string_view protocol : connection.protocols) {
    count(protocols.at(protocol), connection.first_packet);
  }
  const auto add_host = [&](TopTally<HostTally>& hosts, std::string_view name, const Sent& to,
                            const Sent& from) {
    HostTally& host = hosts.at(name);
    ++host.connections;
    host.packets += to.packets + from.packets;
    host.to += to.bytes;
    host.from += from.bytes;
  };
  add_host(servers, connection.server_name ? without_port(*connection.server_name) : server,
           connection.sent, connection.received);
  add_host(clients, connection.client.ip, connection.received, connection.sent);
  if (connection.transport != "tcp") {
    ++udp;
    return;
  }
  ++tcp;
  if (connection.close) {
    const auto close = static_cast<std::size_t>(*connection.close);
    ++closes[close];
    count(closed_with[close].at(server), connection.first_packet);
  }
  midstream += connection.midstream.value_or(false);
  one_sided += connection.one_sided.value_or(false);
  evicted += connection.evicted.has_value();
  if (connection.handshake_rtt) handshakes.add(*connection.handshake_rtt);
  const Sent& sent = connection.sent;
  const Sent& received = connection.received;
  lossy_connections += sent.retransmitted_packets + received.retransmitted_packets > 0;
  missing_connections += sent.missing_bytes + received.missing_bytes > 0;
  add_sent(connection, Direction::from_client);
  add_sent(connection, Direction::from_server);
}

void Summary::add_sent(const Connection& connection, Direction from) {
  const Sent& sent = from == Direction::from_client ? connection.sent : connection.received;
  for (const auto counter :
       {&Sent::packets, &Sent::bytes, &Sent::retransmitted_packets, &Sent::retransmitted_bytes,
        &Sent::fast_retransmits, &Sent::timeouts, &Sent::spurious, &Sent::out_of_order,
        &Sent::zero_windows, &Sent::missing_bytes, &Sent::capture_duplicates,
        &Sent::acked_before_seen}) {
    all.*counter += sent.*counter;
  }
  all.zero_window_time += sent.zero_window_time;
  if (sent.retransmitted_packets > 0) {
    most_resent.offer(sent.retransmitted_packets, [&] {
      return LossyDirection{.client = endpoint_text(connection.client),
                            .server = endpoint_text(connection.server),
                            .from = from,
                            .first_packet = connection.first_packet,
                            .packets = sent.packets,
                            .resent = sent.retransmitted_packets,
                            .timeouts = sent.timeouts,
                            .fast = sent.fast_retransmits};
    });
  }
  if (sent.zero_windows > 0) {
    stalled.offer(sent.zero_window_time, [&] {
      return StalledEnd{.client = endpoint_text(connection.client),
                        .server = endpoint_text(connection.server),
                        .receiver = from,
                        .first_packet = connection.first_packet,
                        .times = sent.zero_windows,
                        .duration = sent.zero_window_time};
    });
  }
}

void Summary::add(const Exchange& exchange) {
  ++exchanges;
  if (exchange.status) {
    const std::size_t status_class = *exchange.status / 100u;
    ++by_class[status_class < by_class.size() ? status_class : 0];
    incomplete += !exchange.complete;
  } else {
    ++unanswered;
  }
  const bool failure = has_failed(exchange);
  const std::uint64_t packet =
      exchange.request_packet.value_or(exchange.response_packet.value_or(0));
  if (exchange.timing.wait) wait.add(*exchange.timing.wait);
  if (exchange.host) {
    HostTally& host = servers.at(without_port(*exchange.host));
    ++host.exchanges;
    host.failed += failure;
    if (exchange.timing.wait) {
      if (!host.wait) host.wait = std::make_unique<DurationTally>();
      host.wait->add(*exchange.timing.wait);
    }
  }
  if (const auto total = total_of(exchange.timing); total && counts_as_slow(exchange)) {
    slowest.offer(*total, [&] {
      return NotableExchange{.request = request_text(exchange, true),
                             .status = exchange.status,
                             .total = *total,
                             .wait = exchange.timing.wait,
                             .packet = packet};
    });
  }
  if (failure) {
    const std::string status = exchange.status ? fmt::format("{}", *exchange.status) : "-";
    FailureTally& tally = failed.at(status + " " + request_text(exchange, false));
    count(tally.seen, packet);
    tally.grave = !exchange.status || *exchange.status >= 500;
  }
}

void Summary::add(const TlsSession& session) {
  ++tls_sessions;
  tls_resumed += session.resumed.value_or(false);
  if (session.version) count(tls_versions.at(*session.version), 0);
  if (session.handshake_time) tls_handshakes.add(*session.handshake_time);
  if (session.established) return;
  for (const TlsAlert& alert : session.alerts.value_or(std::span<const TlsAlert>())) {
    if (alert.level == "warning" && alert.description != "close_notify") continue;
    ++tls_failed;
    const std::string_view words = alert.description.value_or("encrypted alert");
    return count(tls_failures.at(fmt::format("{}: {}", name_of(alert.from), words)), alert.packet);
  }
  if (session.not_tls) {
    ++tls_failed;
    return count(tls_failures.at(fmt::format("{}: not TLS", name_of(session.not_tls->from))),
                 session.not_tls->packet);
  }
  ++tls_unfinished;
}

std::string endpoint_text(const Endpoint& endpoint) {
  const bool ipv6 = endpoint.ip.find(':') != std::string_view::npos;
  return ipv6 ? fmt::format("[{}]:{}", endpoint.ip, endpoint.port)
              : fmt::format("{}:{}", endpoint.ip, endpoint.port);
}

}  // namespace wirelens
