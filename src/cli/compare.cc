// cli/compare.cc - each kind of group is compared by what matters in it.
#include "cli/compare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/figures.h"

namespace wirelens {
namespace {

using Kind = Difference::Kind;

constexpr double kDeviations = 3;
constexpr std::size_t kLeastSamples = 5;

double median(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  return samples[samples.size() / 2];
}

std::string seconds_text(double value) {
  return duration_text(Duration(static_cast<std::int64_t>(value * 1e9)));
}

/// Whether `a` of `all_a` and `b` of `all_b` are different shares.
bool shares_differ(std::uint64_t a, std::uint64_t all_a, std::uint64_t b, std::uint64_t all_b) {
  if (all_a == 0 || all_b == 0) return false;
  const auto n = static_cast<double>(all_a), m = static_cast<double>(all_b);
  const double p = static_cast<double>(a) / n, q = static_cast<double>(b) / m;
  const double pooled = static_cast<double>(a + b) / (n + m);
  const double deviation = std::sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  return deviation > 0 && std::abs(p - q) > kDeviations * deviation;
}

std::string counts_text(const std::map<std::string, std::uint64_t>& counts) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : counts) {
    std::string words = name;
    std::replace(words.begin(), words.end(), '_', ' ');
    parts.push_back(fmt::format("{} ×{}", words, count_text(count)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// Outcomes that one side has: a trouble that is new counts from the first time on, anything else
/// by its share.
bool outcomes_differ(const std::map<std::string, std::uint64_t>& before,
                     const std::map<std::string, std::uint64_t>& after, std::uint64_t all_before,
                     std::uint64_t all_after, bool (*is_trouble)(const std::string&)) {
  std::set<std::string> names;
  for (const auto& [name, count] : before) names.insert(name);
  for (const auto& [name, count] : after) names.insert(name);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    const auto of = [&](const auto& counts) {
      const auto found = counts.find(name);
      return found == counts.end() ? std::uint64_t{0} : found->second;
    };
    const std::uint64_t was = of(before), is = of(after);
    if ((was == 0) != (is == 0) && is_trouble(name)) return true;
    return shares_differ(was, all_before, is, all_after);
  });
}

bool is_bad_status(const std::string& status) {
  return status == "none" || status >= "400";
}

bool is_bad_close(const std::string& close) {
  return close != "fin" && close != "open" && close != "timeout";
}

class Comparison {
 public:
  Comparison(const Digest& before, const Digest& after) : before_(before), after_(after) {}

  std::vector<Difference> all() {
    sides("Findings", before_.findings, after_.findings, &Comparison::finding_text,
          &Comparison::findings);
    sides("Servers", before_.servers, after_.servers, &Comparison::server_text,
          &Comparison::servers);
    sides("Exchanges", before_.exchanges, after_.exchanges, &Comparison::exchanges_text,
          &Comparison::exchanges);
    sides("TLS", before_.tls, after_.tls, &Comparison::tls_text, &Comparison::tls);
    return std::move(differences_);
  }

 private:
  template <class Group>
  void sides(std::string_view section, const std::map<std::string, Group>& before,
             const std::map<std::string, Group>& after, std::string (*describe)(const Group&),
             void (Comparison::*changed)(const std::string&, const Group&, const Group&)) {
    section_ = section;
    for (const auto& [name, group] : after) {
      const auto found = before.find(name);
      if (found == before.end()) {
        add(Kind::appeared, name, describe(group));
      } else {
        (this->*changed)(name, found->second, group);
      }
    }
    for (const auto& [name, group] : before) {
      if (after.find(name) == after.end()) add(Kind::vanished, name, describe(group));
    }
  }
  void add(Kind kind, const std::string& what, std::string how) {
    differences_.push_back({kind, section_, what, std::move(how)});
  }
  void timing(const std::string& name, std::string_view what, const std::vector<double>& was,
              const std::vector<double>& is) {
    if (!differ(was, is)) return;
    add(Kind::changed, name,
        fmt::format("{} p50 {} → {} (of {} and {})", what, seconds_text(median(was)),
                    seconds_text(median(is)), was.size(), is.size()));
  }

  static std::string finding_text(const Digest::Finding& finding) {
    return fmt::format("{} {}", finding.severity, finding.title);
  }
  void findings(const std::string& name, const Digest::Finding& was, const Digest::Finding& is) {
    if (was.severity != is.severity) {
      add(Kind::changed, name, fmt::format("{} → {}", was.severity, is.severity));
    }
  }

  static std::string server_text(const Digest::Server& server) {
    return counted(server.connections, "connection");
  }
  void servers(const std::string& name, const Digest::Server& was, const Digest::Server& is) {
    if (outcomes_differ(was.closes, is.closes, was.connections, is.connections, is_bad_close)) {
      add(Kind::changed, name,
          fmt::format("{} → {}", counts_text(was.closes), counts_text(is.closes)));
    }
    if (was.protocols != is.protocols) {
      add(Kind::changed, name,
          fmt::format("spoke {} → {}", fmt::join(was.protocols, " "),
                      fmt::join(is.protocols, " ")));
    }
    if (shares_differ(was.resent, was.packets, is.resent, is.packets)) {
      add(Kind::changed, name,
          fmt::format("resent {} → {}", share_text(was.resent, was.packets),
                      share_text(is.resent, is.packets)));
    }
    timing(name, "handshake", was.handshakes, is.handshakes);
  }

  static std::string exchanges_text(const Digest::Exchanges& exchanges) {
    return counts_text(exchanges.statuses);
  }
  void exchanges(const std::string& name, const Digest::Exchanges& was,
                 const Digest::Exchanges& is) {
    if (outcomes_differ(was.statuses, is.statuses, was.count, is.count, is_bad_status)) {
      add(Kind::changed, name,
          fmt::format("{} → {}", counts_text(was.statuses), counts_text(is.statuses)));
    }
    timing(name, "wait", was.waits, is.waits);
  }

  static std::string tls_text(const Digest::Properties& properties) {
    const auto version = properties.find("version");
    return version == properties.end() ? "" : fmt::format("{}", fmt::join(version->second, " "));
  }
  void tls(const std::string& name, const Digest::Properties& was, const Digest::Properties& is) {
    std::set<std::string> names;
    for (const auto& [property, values] : was) names.insert(property);
    for (const auto& [property, values] : is) names.insert(property);
    const std::set<std::string> none;
    for (const std::string& property : names) {
      const auto of = [&](const Digest::Properties& all) {
        const auto found = all.find(property);
        return found == all.end() ? none : found->second;
      };
      const std::set<std::string> a = of(was), b = of(is);
      if (a == b) continue;
      add(Kind::changed, name,
          fmt::format("{} {} → {}", property,
                      a.empty() ? "none" : fmt::format("{}", fmt::join(a, " ")),
                      b.empty() ? "none" : fmt::format("{}", fmt::join(b, " "))));
    }
  }

  const Digest& before_;
  const Digest& after_;
  std::string_view section_;
  std::vector<Difference> differences_;
};

}  // namespace

bool differ(std::vector<double> a, std::vector<double> b) {
  if (a.size() < kLeastSamples || b.size() < kLeastSamples) return false;
  const double was = median(a), is = median(b);
  if (std::abs(was - is) < std::max(kLeastChange, 0.25 * std::min(was, is))) return false;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double wins = 0;  // pairs in which the one of `a` is smaller; half for equals
  for (const double each : a) {
    const auto [low, high] = std::equal_range(b.begin(), b.end(), each);
    wins += static_cast<double>(b.end() - high) + 0.5 * static_cast<double>(high - low);
  }
  const auto n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  const double deviation = std::sqrt(n * m * (n + m + 1) / 12);
  return std::abs(wins - n * m / 2) > std::min(kDeviations * deviation, 0.999 * n * m / 2);
}

std::vector<Difference> compare(const Digest& before, const Digest& after) {
  return Comparison(before, after).all();
}

}  // namespace wirelens
