// cli/analysis.cc - outputs open first, then the input; what was seen is written whatever ended it.
#include "cli/analysis.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "all.h"
#include "base/figures.h"
#include "cli/outputs.h"
#include "cli/progress_line.h"
#include "cli/stop.h"
#include "cli/terminal.h"
#include "event/segment.h"

namespace wirelens {
namespace {

void say_speed(const RunResult& result, Duration elapsed) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double rate = static_cast<double>(result.packets) / std::max(seconds(elapsed), 1e-9);
  complain(fmt::format("{} in {}, {} a second, {} of memory at most",
                       counted(result.packets, "packet"), duration_text(elapsed),
                       count_text(static_cast<std::uint64_t>(rate)),
                       bytes_text(static_cast<std::uint64_t>(usage.ru_maxrss) * 1024)));
}

/// Hands on nothing but segments, of a run that was made for them.
class SegmentsOnly final : public EventSink {
 public:
  explicit SegmentsOnly(EventSink& sink) : sink_(sink) {}
  void write(const Event& event) override {
    if (event.as<SegmentSeen>()) sink_.write(event);
  }

 private:
  EventSink& sink_;
};

/// What a report draws packet by packet is only known at the end of a run.
void look_again(const SourceOpener& open, const EngineOptions& options, const RunControl& control,
                Outputs& outputs) {
  const Watch watch{outputs.wants_segments(), std::nullopt, 0};
  if (watch.first_packets.empty() || stop_flag()) return;
  EngineOptions again = options;
  again.watch = &watch;
  again.timeline = false;
  again.rules = {};
  SegmentsOnly segments(outputs);
  // Whatever keeps the input from being read once more costs the drawings, and nothing else.
  [[maybe_unused]] const auto result = run(open, again, control, segments);
}

/// Reads the input once more for reports that copy its packets.
std::optional<Error> copy_packets(const SourceOpener& open, Outputs& outputs) {
  auto source = open();
  if (!source) return source.error();
  std::array<Packet, 64> packets;
  while (!stop_flag()) {
    const ReadResult read = (*source)->read(packets);
    for (std::size_t i = 0; i < read.count; ++i) outputs.packet(packets[i], **source);
    if (read.ended) break;
  }
  return std::nullopt;
}

bool any_writes(const RunOptions& options, bool (*does)(std::string_view)) {
  return std::any_of(options.writes.begin(), options.writes.end(),
                     [does](const WriteTarget& each) { return does(each.format); });
}

/// The text of --keylog, where secrets may be shown.
SecretText shown_key_log(const RunOptions& options) {
  if (!options.key_log_file || !options.engine.show_secrets) return {};
  std::ifstream in(*options.key_log_file, std::ios::binary);
  return SecretText(std::string(std::istreambuf_iterator<char>(in), {}));
}

std::span<const std::string_view> rule_ids() {
  static const std::vector<std::string_view> ids = [] {
    std::vector<std::string_view> all;
    for (const detect::Rule* rule : all_rules()) all.push_back(rule->id);
    return all;
  }();
  return ids;
}

}  // namespace

ReportOptions report_options(const RunOptions& options, bool live) {
  return {.colour = takes_colour(STDOUT_FILENO),
          .width = columns_of(STDOUT_FILENO),
          .bodies = options.engine.bodies,
          .live = live,
          .key_log = shown_key_log(options),
          .rules = rule_ids(),
          .fail_on = options.fail_on};
}

void say_troubles(const RunOptions& options, const RunResult& result) {
  if (!options.quiet) {
    for (const std::string& remark : result.remarks) complain(remark);
  }
  for (const Damage& damage : result.damages) {
    complain(fmt::format("{}: damaged at byte {}: {}", damage.file, damage.offset, damage.reason));
  }
}

ExitStatus analyse(const RunOptions& options, const SourceOpener& open, bool live) {
  const bool copies = any_writes(options, copies_packets);
  if (copies && !options.rereadable) {
    complain("--write pcapng: the input has to be files, which can be read twice");
    return kUsage;
  }
  auto outputs = Outputs::open(options.writes, report_options(options, live));
  if (!outputs) {
    complain(outputs.error().message);
    return kOutputFailed;
  }
  EngineOptions engine = options.engine;
  engine.protocols = all_protocols();
  engine.rules = all_rules();
  engine.live = live;
  engine.timeline = any_writes(options, draws_timeline);
  ProgressLine line(!options.quiet && isatty(STDERR_FILENO) != 0);
  RunControl control;
  control.stop = &stop_flag();
  control.progress = [&](const Progress& progress) { line.update(progress); };
  if (live) {
    control.idle = [&] {
      (*outputs)->flush();
      return !stop_flag();
    };
  }
  auto result = run(open, engine, control, **outputs);
  if (result && options.rereadable) {
    line.stage("drawing");
    look_again(open, engine, control, **outputs);
  }
  const auto unread = result && copies ? copy_packets(open, **outputs) : std::nullopt;
  const Duration elapsed = line.elapsed();
  line.clear();
  if (!result || unread) {
    complain(result ? unread->message : result.error().message);
    return kInputFailed;
  }
  (*outputs)->finish();
  say_troubles(options, *result);
  if (options.verbose) say_speed(*result, elapsed);
  if ((*outputs)->status() != kDone) return (*outputs)->status();
  if (interrupted() && !live) return kInterrupted;
  if (!result->damages.empty()) return kInputFailed;
  const auto gravest = (*outputs)->gravest();
  return options.fail_on && gravest && *gravest >= *options.fail_on ? kFound : kDone;
}

}  // namespace wirelens
