// detect/detector.cc - who hears what, and in which order findings are told.
#include "detect/detector.h"

#include <algorithm>
#include <cassert>

namespace wirelens::detect {
namespace {

/// What interim findings a live run remembers having told.
constexpr std::size_t kMostTold = 4096;

/// "10.0.0.1" and "10.0.0.1:80" concern the same host; nothing named matches anything.
bool concerns(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  return a.empty() || a == b || (b.starts_with(a) && b[a.size()] == ':');
}

}  // namespace

double Circumstances::threshold(std::string_view name) const {
  double value = 0;
  [[maybe_unused]] bool known = false;
  for (const Threshold& each : rule.thresholds) {
    if (each.name != name) continue;
    value = each.value;
    known = true;
  }
  assert(known);
  for (const Setting& each : settings) {
    if (each.rule == rule.id && each.threshold == name) value = each.value;
  }
  return value;
}

class Detector::Collector final : public Findings {
 public:
  Collector(std::vector<Stated>& stated, std::vector<CaptureEnd::Unseen>* unseen)
      : stated_(stated), unseen_(unseen) {}

  void seat(std::size_t number) { seat_ = number; }
  void add(Draft draft) override { stated_.push_back({seat_, std::move(draft), std::nullopt}); }
  void not_observable(std::string_view what, std::string_view doubt, std::uint64_t count) override {
    if (unseen_ == nullptr || count == 0) return;
    for (CaptureEnd::Unseen& each : *unseen_) {
      if (each.what == what && each.doubt == doubt) {
        each.count = std::max(each.count, count);
        return;
      }
    }
    unseen_->push_back({what, doubt, count});
  }

 private:
  std::vector<Stated>& stated_;
  std::vector<CaptureEnd::Unseen>* unseen_;
  std::size_t seat_ = 0;
};

Detector::Detector(const DetectOptions& options, EventSink& next) : options_(options), next_(next) {
  for (const Rule* rule : options_.rules) {
    const Circumstances circumstances{*rule, options_.settings, options_.time_wait};
    std::vector<Measure> thresholds;
    for (const Threshold& each : rule->thresholds) {
      thresholds.push_back({each.name, circumstances.threshold(each.name)});
    }
    seats_.push_back({rule, rule->make(circumstances), std::move(thresholds)});
    for (const EventType* type : rule->takes) {
      const auto place = std::find(types_.begin(), types_.end(), type);
      const auto number = static_cast<std::size_t>(place - types_.begin());
      if (place == types_.end()) {
        types_.push_back(type);
        listeners_.emplace_back();
      }
      listeners_[number].push_back(seats_.back().judge.get());
    }
  }
}

Detector::~Detector() = default;

void Detector::let_hear(const Event& event) {
  // Nine in ten connections of a busy tap may be UDP's.
  const auto* connection = event.as<Connection>();
  if (connection != nullptr && (!connection->sent.by_tcp || connection->interim)) return;
  const auto place = std::find(types_.begin(), types_.end(), &event.type());
  if (place == types_.end()) return;
  const auto number = static_cast<std::size_t>(place - types_.begin());
  for (Judge* judge : listeners_[number]) judge->hear(event);
}

void Detector::write(const Event& event) {
  let_hear(event);
  if (const auto* end = event.as<CaptureEnd>()) return conclude(event, *end);
  latest_ = std::max(latest_, event.time());
  if (options_.live) {
    if (!tick_) tick_ = latest_ + kTick;
    if (latest_ >= *tick_) tell_news();
  }
  if (!event.type().internal) next_.write(event);
}

std::vector<Detector::Stated> Detector::collect(std::vector<CaptureEnd::Unseen>* unseen) {
  const auto graver = [](const Stated& a, const Stated& b) {
    if (a.draft.severity != b.draft.severity) return a.draft.severity > b.draft.severity;
    return a.draft.cost.value_or(Duration::zero()) > b.draft.cost.value_or(Duration::zero());
  };
  std::vector<Stated> all;
  Collector collector(all, unseen);
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    collector.seat(i);
    seats_[i].judge->judge(collector);
  }
  std::stable_sort(all.begin(), all.end(), graver);
  absorb(all);
  std::vector<std::size_t> told(seats_.size());
  std::erase_if(all, [&](const Stated& each) { return ++told[each.seat] > kMostOfRule; });
  link(all);
  return all;
}

bool Detector::has_cause(const Stated& effect, std::string_view cause,
                         std::span<const Stated> stated) const {
  return std::any_of(stated.begin(), stated.end(), [&](const Stated& other) {
    return seats_[other.seat].rule->id == cause &&
           concerns(effect.draft.client, other.draft.client) &&
           concerns(effect.draft.server, other.draft.server);
  });
}

/// Leaves out what another finding about the same hosts says already.
void Detector::absorb(std::vector<Stated>& stated) const {
  std::vector<bool> out(stated.size());
  for (std::size_t i = 0; i < stated.size(); ++i) {
    if (stated[i].draft.client.empty()) continue;  // it concerns several clients
    for (const std::string_view other : seats_[stated[i].seat].rule->absorbed_by) {
      out[i] = out[i] || has_cause(stated[i], other, stated);
    }
  }
  std::size_t number = 0;
  std::erase_if(stated, [&](const Stated&) { return out[number++]; });
}

/// Names the cause of each finding that follows from another.
void Detector::link(std::vector<Stated>& stated) const {
  for (Stated& each : stated) {
    for (const std::string_view cause : seats_[each.seat].rule->follows) {
      if (!has_cause(each, cause, stated)) continue;
      each.follows = cause;
      break;
    }
  }
}

void Detector::tell(const Stated& stated, bool interim) {
  const Rule& rule = *seats_[stated.seat].rule;
  const Draft& draft = stated.draft;
  const auto packets = draft.evidence.packets();
  const auto connections = draft.evidence.connections();
  Finding finding;
  finding.rule = rule.id;
  finding.severity = draft.severity;
  finding.title = draft.title.empty() ? rule.title : std::string_view(draft.title);
  finding.subject = draft.subject;
  finding.conns = connections;
  finding.conns_total = draft.evidence.connections_total();
  finding.first_ts = draft.evidence.first();
  finding.last_ts = draft.evidence.last();
  finding.packets = packets;
  finding.packets_total = draft.evidence.packets_total();
  finding.measured = draft.measured;
  finding.threshold = seats_[stated.seat].thresholds;
  finding.cost_seconds = draft.cost;
  finding.verdict = draft.blame;
  finding.why = draft.why;
  finding.fix = draft.fix.empty() ? rule.fix : std::string_view(draft.fix);
  finding.follows = stated.follows;
  if (interim) finding.interim = true;
  next_.write(Event(draft.evidence.first().value_or(latest_), std::nullopt, finding));
}

/// A live run: what is new since the last look.
void Detector::tell_news() {
  tick_ = latest_ + kTick;
  for (const Stated& each : collect(nullptr)) {
    if (told_.size() >= kMostTold) return;
    std::string identity(seats_[each.seat].rule->id);
    identity += name_of(each.draft.severity);
    identity += each.draft.subject;
    if (told_.insert(std::move(identity)).second) tell(each, true);
  }
}

void Detector::conclude(const Event& event, const CaptureEnd& end) {
  std::vector<CaptureEnd::Unseen> unseen(end.not_observable.begin(), end.not_observable.end());
  for (const Stated& each : collect(&unseen)) tell(each, false);
  CaptureEnd last = end;
  last.not_observable = unseen;
  next_.write(Event(event.time(), event.connection(), last));
}

}  // namespace wirelens::detect
