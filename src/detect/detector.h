// detect/detector.h - stands before the sinks: lets the rules hear every event, and tells what they
// found.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "detect/rule.h"
#include "event/event.h"
#include "event/records.h"

namespace wirelens::detect {

struct DetectOptions {
  std::span<const Rule* const> rules;
  std::span<const Setting> settings;
  Duration time_wait = std::chrono::seconds(60);
  bool live = false;  ///< tell findings while the run goes on, as interim ones, every kTick
};

/// Passes events on, except those for rules alone. Before the last record come the findings, the
/// gravest first, then the dearest.
class Detector final : public EventSink {
 public:
  static constexpr Duration kTick = std::chrono::seconds(10);
  /// Findings of one rule at most; the gravest and dearest stay.
  static constexpr std::size_t kMostOfRule = 20;

  Detector(const DetectOptions& options, EventSink& next);
  ~Detector() override;
  void write(const Event& event) override;

 private:
  struct Seat {
    const Rule* rule;
    std::unique_ptr<Judge> judge;
    std::vector<Measure> thresholds;
  };
  struct Stated {
    std::size_t seat;
    Draft draft;
    std::optional<std::string_view> follows;
  };
  class Collector;

  void let_hear(const Event& event);
  std::vector<Stated> collect(std::vector<CaptureEnd::Unseen>* unseen);
  bool has_cause(const Stated& effect, std::string_view cause,
                 std::span<const Stated> stated) const;
  void absorb(std::vector<Stated>& stated) const;
  void link(std::vector<Stated>& stated) const;
  void tell(const Stated& stated, bool interim);
  void tell_news();
  void conclude(const Event& event, const CaptureEnd& end);

  DetectOptions options_;
  EventSink& next_;
  std::vector<Seat> seats_;
  std::vector<const EventType*> types_;         // that some rule takes
  std::vector<std::vector<Judge*>> listeners_;  // to each of types_
  std::optional<Timestamp> tick_;               // when the next look of a live run is due
  std::unordered_set<std::string> told_;        // interim findings that were told
  Timestamp latest_{};
};

}  // namespace wirelens::detect
