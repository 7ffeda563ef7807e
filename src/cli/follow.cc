// cli/follow.cc - wirelens follow: one connection, packet by packet.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "all.h"
#include "cli/analysis.h"
#include "cli/choose.h"
#include "cli/commands.h"
#include "cli/outputs.h"
#include "cli/progress_line.h"
#include "cli/redacted_data.h"
#include "cli/stop.h"
#include "event/finding.h"
#include "report/ladder.h"

namespace wirelens {
namespace {

constexpr std::size_t kMostData = 65'535;

/// Lets through what belongs to one connection, and what frames a run.
class OneConnection final : public EventSink {
 public:
  OneConnection(ConnectionId id, bool show_secrets, EventSink& sink)
      : id_(id), show_secrets_(show_secrets), sink_(sink) {}

  void write(const Event& event) override {
    const auto* record = event.as<Connection>();
    if (record != nullptr && record->id != id_) return;
    if (record == nullptr && event.connection() && event.connection() != id_) return;
    const bool of_all = record == nullptr && !event.connection();
    if (of_all && !event.as<CaptureBegin>() && !event.as<CaptureEnd>() && !is_about_it(event)) {
      return;
    }
    const auto* segment = event.as<SegmentSeen>();
    if (segment == nullptr || !segment->data || show_secrets_) return sink_.write(event);
    SegmentSeen shown = *segment;
    const std::string data = data_.redacted(shown.from, shown.seq.value_or(0), *shown.data);
    shown.data = data;
    sink_.write(Event(event.time(), event.connection(), shown));
  }

 private:
  bool is_about_it(const Event& event) const {
    const auto* finding = event.as<Finding>();
    return finding != nullptr &&
           std::find(finding->conns.begin(), finding->conns.end(), id_) != finding->conns.end();
  }

  ConnectionId id_;
  bool show_secrets_;
  EventSink& sink_;
  RedactedData data_;
};

/// The `text` of follow is the ladder; all else is written as analyze does.
Result<std::unique_ptr<Outputs>> open_outputs(const RunOptions& options,
                                              const std::vector<std::string>& heading) {
  const ReportOptions how = report_options(options, false);
  std::vector<WriteTarget> others;
  std::vector<std::unique_ptr<Report>> ladders;
  for (const WriteTarget& target : options.writes) {
    if (target.format != "text") {
      others.push_back(target);
      continue;
    }
    auto output = Output::open(target.path, Output::Visible::when_whole);
    if (!output) return output.error();
    ladders.push_back(std::make_unique<LadderReport>(std::move(*output), how, heading));
  }
  auto outputs = Outputs::open(others, how);
  if (!outputs) return outputs.error();
  for (auto& ladder : ladders) (*outputs)->add(std::move(ladder));
  return outputs;
}

ExitStatus failed(const Error& error) {
  complain(error.message);
  return kInputFailed;
}

void name_others(const ChosenConnection& chosen, const std::string& typed) {
  if (chosen.others_count == 0) return;
  std::string ids;
  for (const ConnectionId id : chosen.others) ids += fmt::format(" {}", id);
  complain(fmt::format("{} more connections of {}:{}{}", chosen.others_count, typed, ids,
                       chosen.others_count > chosen.others.size() ? " …" : ""));
}

}  // namespace

ExitStatus follow(Arguments arguments) {
  auto options = parse_follow(arguments);
  const auto wrong = [](const Error& error) {
    complain(error.message);
    return kUsage;
  };
  if (!options) return wrong(options.error());
  for (const WriteTarget& target : options->run.writes) {
    if (!copies_packets(target.format)) continue;
    return wrong({fmt::format("follow does not write {}; analyze -f FILTER does", target.format)});
  }
  auto choice = parse_choice(options->connection);
  if (!choice) return wrong(choice.error());

  const OpenOptions how{.filter = options->run.filter, .stop = &stop_flag()};
  const SourceOpener open = [&] { return open_savefiles({options->file}, how); };
  EngineOptions engine = options->run.engine;
  engine.protocols = all_protocols();
  engine.rules = all_rules();
  RunControl control;
  control.stop = &stop_flag();
  ProgressLine line(!options->run.quiet && isatty(STDERR_FILENO) != 0);
  control.progress = [&](const Progress& progress) { line.update(progress); };
  auto chosen = choose(*choice, open, engine, control);
  control.progress = {};  // the ladder may go to the same terminal
  line.clear();
  if (!chosen) return failed(chosen.error());
  if (interrupted()) return kInterrupted;
  if (!options->run.quiet) name_others(*chosen, options->connection);

  auto outputs = open_outputs(options->run, chosen->heading);
  if (!outputs) {
    complain(outputs.error().message);
    return kOutputFailed;
  }
  Watch watch{{chosen->first_packet}, std::nullopt, options->data ? kMostData : 0};
  engine.watch = &watch;
  OneConnection sink(chosen->id, engine.show_secrets, **outputs);
  auto result = run(open, engine, control, sink);
  if (!result) return failed(result.error());
  (*outputs)->finish();
  say_troubles(options->run, *result);
  if ((*outputs)->status() != kDone) return (*outputs)->status();
  if (interrupted()) return kInterrupted;
  return result->damages.empty() ? kDone : kInputFailed;
}

}  // namespace wirelens
