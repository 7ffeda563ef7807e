// report/report.cc - the list of formats: one line each.
#include "report/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "report/har.h"
#include "report/ndjson.h"
#include "report/output.h"
#include "report/text.h"

namespace wirelens {
namespace {

constexpr std::string_view kFormats[] = {"text", "ndjson", "har"};

}  // namespace

std::span<const std::string_view> report_formats() {
  return kFormats;
}

Result<std::unique_ptr<Report>> open_report(const WriteTarget& target,
                                            const ReportOptions& options) {
  const auto known = std::find(std::begin(kFormats), std::end(kFormats), target.format);
  if (known == std::end(kFormats)) {
    return Error{fmt::format("format '{}' is not known; there are {}", target.format,
                             fmt::join(kFormats, ", "))};
  }
  const bool log = options.live && target.format == "ndjson";
  auto output =
      Output::open(target.path, log ? Output::Visible::line_by_line : Output::Visible::when_whole);
  if (!output) return output.error();
  using Made = std::unique_ptr<Report>;
  if (target.format == "text") return Made(new TextReport(std::move(*output), options));
  if (target.format == "har") return Made(new HarReport(std::move(*output)));
  return Made(new NdjsonReport(std::move(*output)));
}

}  // namespace wirelens
