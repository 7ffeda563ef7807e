// cli/outputs.cc - one failure does not take the other outputs with it.
#include "cli/outputs.h"

#include <algorithm>

#include "cli/stop.h"

namespace wirelens {

Result<std::unique_ptr<Outputs>> Outputs::open(std::span<const WriteTarget> targets,
                                               const ReportOptions& options) {
  auto outputs = std::make_unique<Outputs>();
  for (const WriteTarget& target : targets) {
    auto report = open_report(target, options);
    if (!report) return report.error();
    outputs->reports_.push_back(std::move(*report));
  }
  return outputs;
}

void Outputs::write(const Event& event) {
  if (const auto* finding = event.as<Finding>()) {
    gravest_ = std::max(gravest_.value_or(Severity::info), finding->severity);
  }
  bool failed = false;
  for (const auto& report : reports_) {
    report->write(event);
    failed |= report->failure().has_value();
  }
  if (failed) review();
}

std::vector<std::uint64_t> Outputs::wants_segments() const {
  std::vector<std::uint64_t> wanted;
  for (const auto& report : reports_) {
    for (const std::uint64_t each : report->wants_segments()) wanted.push_back(each);
  }
  return wanted;
}

void Outputs::packet(const Packet& packet, const Source& source) {
  for (const auto& report : reports_) {
    if (PacketSink* sink = report->packets()) sink->packet(packet, source);
  }
}

void Outputs::flush() {
  for (const auto& report : reports_) report->flush();
  review();
}

void Outputs::finish() {
  for (const auto& report : reports_) report->finish();
  review();
}

void Outputs::review() {
  std::erase_if(reports_, [this](const auto& report) {
    const auto& failure = report->failure();
    if (!failure) return false;
    if (!failure->reader_left) {
      complain(failure->message);
      status_ = kOutputFailed;
    } else if (status_ == kDone) {
      status_ = kReaderLeft;
    }
    return true;
  });
  if (reports_.empty()) stop_flag() = true;
}

}  // namespace wirelens
