// event/finding.h - something that is wrong, proved by packets and priced. The contract, section 2.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "event/event.h"

namespace wirelens {

/// From what is worth knowing to what is under attack or broken for all.
enum class Severity : std::uint8_t { info, low, medium, high, critical };
inline constexpr std::array<std::string_view, 5> kSeverityNames = {"info", "low", "medium", "high",
                                                                   "critical"};
constexpr std::string_view name_of(Severity severity) {
  return kSeverityNames[static_cast<std::size_t>(severity)];
}

/// Whose fault it is: the path's, a host's or an application's, or only the capture's.
enum class Blame : std::uint8_t { network, endpoint, capture };
constexpr std::string_view name_of(Blame blame) {
  constexpr std::array<std::string_view, 3> kNames = {"network", "endpoint", "capture"};
  return kNames[static_cast<std::size_t>(blame)];
}

/// What a rule found: one for each cause, not one for each packet.
struct Finding {
  static constexpr std::string_view kName = "finding";
  static constexpr std::string_view kAbout =
      "What is wrong, whom it concerns, what it costs, and the packets that prove it.";

  std::string_view rule;
  Severity severity = Severity::info;
  std::string_view title;
  std::string_view subject;
  std::span<const ConnectionId> conns;
  std::uint64_t conns_total = 0;
  std::optional<Timestamp> first_ts;
  std::optional<Timestamp> last_ts;
  std::span<const std::uint64_t> packets;
  std::uint64_t packets_total = 0;
  Measures measured;
  Measures threshold;
  std::optional<Duration> cost_seconds;
  Blame verdict = Blame::endpoint;
  std::string_view why;
  std::string_view fix;
  std::optional<std::string_view> follows;
  std::optional<bool> interim;

  static constexpr auto fields() {
    return std::tuple(
        field("rule", &Finding::rule, "the rule that fired; see wirelens rules RULE"),
        field("severity", &Finding::severity, "info, low, medium, high or critical"),
        field("title", &Finding::title, "what it is, in a few words"),
        field("subject", &Finding::subject, "whom it concerns"),
        field("conns", &Finding::conns, "connections concerned, at most 20"),
        field("conns_total", &Finding::conns_total, "how many there are"),
        field("first_ts", &Finding::first_ts, "when it was first seen"),
        field("last_ts", &Finding::last_ts, "when it was last seen"),
        field("packets", &Finding::packets, "packets that prove it, at most 20"),
        field("packets_total", &Finding::packets_total, "how many there are"),
        field("measured", &Finding::measured, "what was measured, by name"),
        field("threshold", &Finding::threshold, "the rule's thresholds, by name"),
        field("cost_seconds", &Finding::cost_seconds, "time that it cost users"),
        field("verdict", &Finding::verdict, "whose fault it is: network, endpoint or capture"),
        field("why", &Finding::why, "what happened, and the reason of the verdict"),
        field("fix", &Finding::fix, "what to change"),
        field("follows", &Finding::follows, "rule whose finding is the cause of this one"),
        field("interim", &Finding::interim, "true: told while a live capture goes on"));
  }
};

}  // namespace wirelens
