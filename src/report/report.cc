// report/report.cc - the list of formats: one line each.
#include "report/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/ndjson.h"
#include "report/output.h"
#include "report/text.h"

namespace wirelens {
namespace {

constexpr std::string_view kFormats[] = {"text", "ndjson"};

}  // namespace

std::span<const std::string_view> report_formats() {
  return kFormats;
}

Result<std::unique_ptr<Report>> open_report(const WriteTarget& target,
                                            const ReportOptions& options) {
  const bool text = target.format == "text";
  if (!text && target.format != "ndjson") {
    return Error{fmt::format("format '{}' is not known; there are {}", target.format,
                             fmt::join(kFormats, ", "))};
  }
  const bool log = options.live && !text;
  auto output =
      Output::open(target.path, log ? Output::Visible::line_by_line : Output::Visible::when_whole);
  if (!output) return output.error();
  if (text) return std::unique_ptr<Report>(new TextReport(std::move(*output), options));
  return std::unique_ptr<Report>(new NdjsonReport(std::move(*output)));
}

}  // namespace wirelens
