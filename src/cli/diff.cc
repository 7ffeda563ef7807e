// cli/diff.cc - wirelens diff: what changed between two captures, or two files of records.
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "all.h"
#include "base/figures.h"
#include "cli/commands.h"
#include "cli/compare.h"
#include "cli/digest.h"
#include "cli/progress_line.h"
#include "cli/stop.h"
#include "cli/terminal.h"
#include "report/json_writer.h"
#include "report/wire_text.h"

namespace wirelens {
namespace {

/// Every event as its record.
class Digesting final : public EventSink {
 public:
  explicit Digesting(Digest& digest) : digest_(digest), writer_(4096) {}

  void write(const Event& event) override {
    if (event.type().name == "flaw" || event.type().name == "http_request") return;
    writer_.clear();
    writer_.begin_record(event.type().name, event.time(), event.connection());
    event.describe(writer_);
    writer_.end_record();
    (void)digest_.add(writer_.view());
  }

 private:
  Digest& digest_;
  JsonWriter writer_;
};

bool holds_records(const std::string& path) {
  std::ifstream in(path);
  return in.peek() == '{';
}

/// One side of the comparison, as far as it could be read.
struct Side {
  Digest digest;
  std::optional<std::string> damage;  ///< why it could not be read any further
};

Result<Side> read_records(const std::string& path) {
  Side side;
  std::ifstream in(path);
  std::uint64_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty()) continue;
    if (!side.digest.add(line)) continue;
    side.damage = fmt::format("{}: line {} is no record", path, number);
    return side;
  }
  if (in.bad()) return Error{fmt::format("cannot read {}", path)};
  return side;
}

Result<Side> read_side(const std::string& path, const RunOptions& options, ProgressLine& line) {
  if (holds_records(path)) return read_records(path);
  const OpenOptions how{.filter = options.filter, .stop = &stop_flag()};
  EngineOptions engine = options.engine;
  engine.protocols = all_protocols();
  engine.rules = all_rules();
  RunControl control;
  control.stop = &stop_flag();
  control.progress = [&](const Progress& progress) { line.update(progress); };
  Side side;
  Digesting sink(side.digest);
  auto result = run([&] { return open_savefiles({path}, how); }, engine, control, sink);
  if (!result) return result.error();
  if (!result->damages.empty()) {
    const Damage& damage = result->damages.front();
    side.damage =
        fmt::format("{}: damaged at byte {}: {}", damage.file, damage.offset, damage.reason);
  }
  return side;
}

std::string text_of(const std::vector<Difference>& differences, bool colour) {
  std::string out;
  std::string_view section;
  for (const Difference& each : differences) {
    if (each.section != section)
      out += fmt::format("{}{}\n", out.empty() ? "" : "\n", each.section);
    section = each.section;
    const char sign = static_cast<char>(each.kind);
    const int tone = sign == '+' ? 32 : sign == '-' ? 31 : 33;
    const std::string mark =
        colour ? fmt::format("\x1b[{}m{}\x1b[0m", tone, sign) : std::string(1, sign);
    out += fmt::format("  {} {}", mark, printable(each.what));
    if (!each.how.empty()) out += fmt::format("   {}", printable(each.how));
    out += "\n";
  }
  return out;
}

}  // namespace

ExitStatus diff(Arguments arguments) {
  auto options = parse_diff(arguments);
  if (!options) {
    complain(options.error().message);
    return kUsage;
  }
  ProgressLine line(!options->run.quiet && isatty(STDERR_FILENO) != 0);
  std::vector<Digest> digests;
  bool damaged = false;
  for (const std::string& path : {options->before, options->after}) {
    line.stage(digests.empty() ? "old" : "new");
    auto side = read_side(path, options->run, line);
    line.clear();
    if (!side) {
      complain(side.error().message);
      return kInputFailed;
    }
    if (interrupted()) return kInterrupted;
    if (side->damage) complain(fmt::format("{}; compared as far as that", *side->damage));
    damaged = damaged || side->damage;
    if (side->digest.left_out > 0 && !options->run.quiet) {
      complain(fmt::format("{}: {} were not compared: too many different ones", path,
                           counted(side->digest.left_out, "record")));
    }
    digests.push_back(std::move(side->digest));
  }
  const std::vector<Difference> differences = compare(digests[0], digests[1]);
  const ExitStatus status = print(text_of(differences, takes_colour(STDOUT_FILENO)));
  if (status != kDone) return status;
  if (damaged) return kInputFailed;
  return differences.empty() ? kDone : kDiffers;
}

}  // namespace wirelens
