// cli/outputs.h - all --write targets of a run as one sink.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "cli/status.h"
#include "event/finding.h"
#include "report/report.h"

namespace wirelens {

/// Hands every event to every output. One that fails is reported at once and dropped, the others go
/// on; when none is left the run is asked to stop.
class Outputs final : public EventSink {
 public:
  /// Opens all targets. The error is that of the first that cannot be opened.
  static Result<std::unique_ptr<Outputs>> open(std::span<const WriteTarget> targets,
                                               const ReportOptions& options);

  /// One more, opened by somebody else.
  void add(std::unique_ptr<Report> report) { reports_.push_back(std::move(report)); }

  void write(const Event& event) override;
  /// The connections whose segments any of them would like to hear, see Report.
  std::vector<std::uint64_t> wants_segments() const;
  /// Hands a packet to those who copy packets.
  void packet(const Packet& packet, const Source& source);
  void flush();
  /// Puts every file under its name.
  void finish();
  /// kDone, kOutputFailed, or kReaderLeft if nothing worse happened than a pipe that was closed.
  ExitStatus status() const { return status_; }
  /// Of all findings that were told; absent: there were none.
  std::optional<Severity> gravest() const { return gravest_; }

 private:
  /// Drops what has failed.
  void review();

  std::vector<std::unique_ptr<Report>> reports_;
  ExitStatus status_ = kDone;
  std::optional<Severity> gravest_;
};

}  // namespace wirelens
