// detect/rule.h - what a rule is: how it shows in the catalogue, and who judges by it.
//
// A rule is one small file beside what it watches. It defines one `const Rule`, listed in the
// folder's `rules` (a Protocol's, or core_rules()), and a Judge that hears the events that the rule
// takes, keeps a bounded tally, and states its findings when it is asked.
//
//   class Refusals final : public Judge {
//    public:
//     static constexpr Threshold kThresholds[] = {{"attempts", 1, "connections", "..."}};
//     void hear(const Event& event) override { ... table_.at(event.peers()->server) ... }
//     void judge(Findings& out) override { ... out.add(draft) ... }
//   };
//   const Rule kConnectionRefused = {.id = "tcp.connection_refused", ..., .make = make<Refusals>};
//
// All judges of a run live on one thread and hear events in packet order, so what they find is the
// same for any number of workers. Their state is bounded (detect/table.h), whatever is sent.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "detect/evidence.h"
#include "event/event.h"
#include "event/finding.h"
#include "event/records.h"

namespace wirelens::detect {

/// What decides whether a rule fires: --set RULE.NAME=VALUE.
struct Threshold {
  std::string_view name;
  double value;           ///< unless the user sets another
  std::string_view unit;  ///< "seconds", "connections"
  std::string_view about;
};

/// A threshold that the user set.
struct Setting {
  std::string_view rule;  ///< id
  std::string_view threshold;
  double value = 0;
};

struct Rule;

/// What the run gives a judge when it is made.
struct Circumstances {
  const Rule& rule;
  std::span<const Setting> settings;
  Duration time_wait{};  ///< --time-wait

  /// The threshold of that name, as set; asking for one that the rule lacks is a mistake.
  double threshold(std::string_view name) const;
  /// The same as a duration, at most 10 years.
  Duration seconds(std::string_view name) const {
    constexpr double kTenYears = 3652.0 * 86400;
    return Duration(static_cast<std::int64_t>(std::min(threshold(name), kTenYears) * 1e9));
  }
};

/// A finding as a judge states it. Text may hold bytes from the wire.
struct Draft {
  Severity severity = Severity::info;
  Blame blame = Blame::endpoint;
  std::string title;    ///< empty: the rule's
  std::string subject;  ///< "10.0.0.1 → 10.0.0.2:80"
  std::string why;      ///< sentences with figures, and the reason of the verdict
  std::string fix;      ///< empty: the rule's
  std::vector<Measure> measured;
  std::optional<Duration> cost;
  Evidence evidence;
  std::string client;  ///< host concerned, and
  std::string server;  ///< host, or host and port: how causes are matched (Rule::follows)
};

/// Where judges put what they found.
class Findings {
 public:
  virtual ~Findings() = default;
  virtual void add(Draft draft) = 0;
  /// What the rule could not judge, and what that puts in doubt: `not_observable` of the last
  /// record. Literals.
  virtual void not_observable(std::string_view what, std::string_view doubt,
                              std::uint64_t count) = 0;
};

class Judge {
 public:
  virtual ~Judge() = default;
  /// An event of one of the types that the rule takes.
  virtual void hear(const Event& event) = 0;
  /// States all findings so far. At the end of the run, and now and then while it is live: then
  /// hear() goes on afterwards.
  virtual void judge(Findings& out) = 0;
};

struct Rule {
  std::string_view id;     ///< "tcp.syn_flood"
  Severity severity;       ///< the gravest that it states
  std::string_view title;  ///< "SYN flood"
  std::string_view about;  ///< what it means, for a developer
  std::string_view fix;    ///< what to do about it
  std::string_view source;
  std::span<const Threshold> thresholds = {};
  std::span<const EventType* const> takes;  ///< of Connection records, those of TCP that are over
  std::unique_ptr<Judge> (*make)(const Circumstances& circumstances);
  std::span<const std::string_view> follows = {};  ///< rules whose findings may be the cause
  /// Rules whose findings say all that there is to say: beside one about the same hosts, this one
  /// is left out.
  std::span<const std::string_view> absorbed_by = {};
};

template <class T>
std::unique_ptr<Judge> make(const Circumstances& circumstances) {
  return std::make_unique<T>(circumstances);
}

/// tcp.* and capture.*, which need no protocol.
std::span<const Rule* const> core_rules();

}  // namespace wirelens::detect
