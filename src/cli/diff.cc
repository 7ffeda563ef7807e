// cli/diff.cc - wirelens diff: what changed between two captures, or two files of records.
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "all.h"
#include "base/figures.h"
#include "cli/commands.h"
#include "cli/compare.h"
#include "cli/digest.h"
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

Result<Digest> digest_of_records(const std::string& path) {
  Digest digest;
  std::ifstream in(path);
  std::uint64_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty()) continue;
    if (digest.add(line)) return Error{fmt::format("{}: line {} is no record", path, number)};
  }
  if (in.bad()) return Error{fmt::format("cannot read {}", path)};
  return digest;
}

Result<Digest> digest_of(const std::string& path, const RunOptions& options) {
  if (holds_records(path)) return digest_of_records(path);
  const OpenOptions how{.filter = options.filter, .stop = &stop_flag()};
  EngineOptions engine = options.engine;
  engine.protocols = all_protocols();
  engine.rules = all_rules();
  RunControl control;
  control.stop = &stop_flag();
  Digest digest;
  Digesting sink(digest);
  auto result = run([&] { return open_savefiles({path}, how); }, engine, control, sink);
  if (!result) return result.error();
  if (!result->damages.empty()) {
    const Damage& damage = result->damages.front();
    return Error{
        fmt::format("{}: damaged at byte {}: {}", damage.file, damage.offset, damage.reason)};
  }
  return digest;
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
  std::vector<Digest> digests;
  for (const std::string& path : {options->before, options->after}) {
    auto digest = digest_of(path, options->run);
    if (!digest) {
      complain(digest.error().message);
      return kInputFailed;
    }
    if (interrupted()) return kInterrupted;
    if (digest->left_out > 0 && !options->run.quiet) {
      complain(fmt::format("{}: {} were not compared: too many different ones", path,
                           counted(digest->left_out, "record")));
    }
    digests.push_back(std::move(*digest));
  }
  const std::vector<Difference> differences = compare(digests[0], digests[1]);
  const ExitStatus status = print(text_of(differences, takes_colour(STDOUT_FILENO)));
  if (status != kDone) return status;
  return differences.empty() ? kDone : kDiffers;
}

}  // namespace wirelens
