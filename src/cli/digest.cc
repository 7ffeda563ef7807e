// cli/digest.cc - reads records by the names that the contract gives their fields.
#include "cli/digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace wirelens {
namespace {

using nlohmann::json;

std::string text(const json& record, const char* name) {
  const auto found = record.find(name);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string();
}

double number(const json& record, const char* name) {
  const auto found = record.find(name);
  return found != record.end() && found->is_number() ? found->get<double>() : 0;
}

std::uint64_t count(const json& record, const char* name) {
  const auto found = record.find(name);
  return found != record.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

bool holds(const json& record, const char* name) {
  return record.contains(name) && record[name].is_object();
}

std::string endpoint(const json& end) {
  const std::string ip = text(end, "ip");
  const std::uint64_t port = count(end, "port");
  return ip.find(':') == std::string::npos ? fmt::format("{}:{}", ip, port)
                                           : fmt::format("[{}]:{}", ip, port);
}

/// The group of that name; nullptr if there is no room for another one.
template <class Group>
Group* group(std::map<std::string, Group>& all, const std::string& name, Digest& digest) {
  const auto found = all.find(name);
  if (found != all.end()) return &found->second;
  if (all.size() == Digest::kMostGroups) {
    ++digest.left_out;
    return nullptr;
  }
  return &all[name];
}

void sample(std::vector<double>& samples, const json& from, const char* name) {
  if (!from.contains(name) || !from[name].is_number()) return;
  if (samples.size() < Digest::kMostSamples) samples.push_back(from[name].get<double>());
}

void add_finding(const json& record, Digest& digest) {
  const std::string key = fmt::format("{}  {}", text(record, "rule"), text(record, "subject"));
  Digest::Finding* finding = group(digest.findings, key, digest);
  if (finding == nullptr) return;
  finding->severity = text(record, "severity");
  finding->title = text(record, "title");
  finding->cost_seconds += number(record, "cost_seconds");
  ++finding->count;
}

void add_connection(const json& record, Digest& digest) {
  if (record.value("interim", false) || !holds(record, "server")) return;
  std::string name = text(record, "server_name");
  if (name.empty()) name = endpoint(record["server"]);
  Digest::Server* server = group(digest.servers, name, digest);
  if (server == nullptr) return;
  ++server->connections;
  for (const char* side : {"sent", "received"}) {
    if (!holds(record, side)) continue;
    server->packets += count(record[side], "packets");
    server->resent += count(record[side], "retransmitted_packets");
  }
  if (const std::string close = text(record, "close"); !close.empty()) ++server->closes[close];
  if (record.contains("protocols") && record["protocols"].is_array()) {
    for (const json& each : record["protocols"]) {
      if (each.is_string()) server->protocols.insert(each.get<std::string>());
    }
  }
  sample(server->handshakes, record, "handshake_rtt");
}

void add_exchange(const json& record, Digest& digest) {
  const bool known = !text(record, "method").empty();
  const std::string key = known
                              ? fmt::format("{} {}{}", text(record, "method"), text(record, "host"),
                                            path_pattern(text(record, "path")))
                              : "an answer to no request that was seen";
  Digest::Exchanges* exchanges = group(digest.exchanges, key, digest);
  if (exchanges == nullptr) return;
  ++exchanges->count;
  const std::uint64_t status = count(record, "status");
  ++exchanges->statuses[status == 0 ? "none" : fmt::format("{}", status)];
  if (holds(record, "timing")) sample(exchanges->waits, record["timing"], "wait");
}

void add_tls(const json& record, Digest& digest) {
  const std::string name = text(record, "server_name");
  Digest::Properties* properties = group(digest.tls, name.empty() ? "(no name)" : name, digest);
  if (properties == nullptr) return;
  for (const char* each : {"version", "cipher", "group", "alpn", "verification", "browser_error"}) {
    if (const std::string value = text(record, each); !value.empty()) {
      (*properties)[each].insert(value);
    }
  }
}

bool counts_only(std::string_view part) {
  const auto digits =
      std::count_if(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool hexadecimal = std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-';
  });
  return digits > 0 && hexadecimal &&
         (digits == static_cast<std::ptrdiff_t>(part.size()) || part.size() >= 8);
}

}  // namespace

std::string path_pattern(std::string_view path) {
  path = path.substr(0, path.find_first_of("?#;"));
  std::string out;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view part = path.substr(0, end);
    const bool slash = part.starts_with('/');
    if (counts_only(part.substr(slash ? 1 : 0))) {
      out += slash ? "/{}" : "{}";
    } else {
      out += part;
    }
    path.remove_prefix(end);
  }
  return out;
}

std::optional<Error> Digest::add(std::string_view line) {
  const json record = json::parse(line, nullptr, false);
  if (!record.is_object() || !record.contains("type")) return Error{"not a record"};
  ++records;
  const std::string type = text(record, "type");
  if (type == "finding") add_finding(record, *this);
  if (type == "connection") add_connection(record, *this);
  if (type == "http") add_exchange(record, *this);
  if (type == "tls") add_tls(record, *this);
  if (type == "capture_end") packets += count(record, "packets");
  return std::nullopt;
}

}  // namespace wirelens
