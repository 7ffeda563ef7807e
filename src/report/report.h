// report/report.h - a format that `--write` knows: a sink that ends in a file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "capture/source.h"
#include "event/event.h"
#include "event/finding.h"

namespace wirelens {

/// What every format may need to know of the run.
struct ReportOptions {
  bool colour = false;                        ///< the text report may use SGR colours
  unsigned width = 80;                        ///< columns of the text report
  std::size_t bodies = 0;                     ///< bytes of bodies that records carry
  bool live = false;                          ///< readers follow the output while it grows
  SecretText key_log{};                       ///< secrets that a copy of the packets shall carry
  std::span<const std::string_view> rules{};  ///< ids of all that may find something
  std::optional<Severity> fail_on{};          ///< findings at or above make the run fail
};

/// Why an output could not be written.
struct WriteFailure {
  std::string message;       ///< one line: the path and the reason
  bool reader_left = false;  ///< the other end of the pipe was closed (EPIPE)
};

/// Who copies packets.
class PacketSink {
 public:
  virtual ~PacketSink() = default;
  /// The next packet of the input, in order; both are lent for the call.
  virtual void packet(const Packet& packet, const Source& source) = 0;
};

/// One output. Hears every event of the run in order, then finish() once. Destroyed without
/// finish(), it leaves nothing under the final name (except what a live log had streamed).
class Report : public EventSink {
 public:
  /// Writes what is left and puts the file under its final name; then failure() is final.
  virtual void finish() = 0;
  /// The first error met while writing (disk full, closed pipe), as soon as it is known. After it
  /// events are ignored, and nothing half-written is left under the final name.
  virtual const std::optional<WriteFailure>& failure() const = 0;
  /// Live captures: lets what was written become visible.
  virtual void flush() {}
  /// Connections, by the number of their first packet, whose `segment` records it would like to
  /// hear from a second run over the same input, before finish().
  virtual std::vector<std::uint64_t> wants_segments() const { return {}; }
  /// Where the packets of the input shall go, once all events were told; nullptr: nowhere.
  virtual PacketSink* packets() { return nullptr; }
};

/// One --write option: "ndjson=out.ndjson", "text=-".
struct WriteTarget {
  std::string format;
  std::string path;
};

/// Whether a format draws what only a run with EngineOptions::timeline tells.
bool draws_timeline(std::string_view format);

/// Whether a format is written from a second reading of the input.
bool copies_packets(std::string_view format);

/// Names of the formats that can be written, for messages.
std::span<const std::string_view> report_formats();

/// Opens an output. Fails at once for an unknown format (naming those there are) or a path that
/// cannot be written.
Result<std::unique_ptr<Report>> open_report(const WriteTarget& target,
                                            const ReportOptions& options);

/// The JSON Schema (draft 2020-12) of all records (`types`: every event type of the program),
/// indented. `$defs` holds one object per record type; a record is judged by that of its "type".
std::string json_schema(std::span<const EventType* const> types);

}  // namespace wirelens
