// report/report.cc - the list of formats: one line each.
#include "report/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/har.h"
#include "report/html.h"
#include "report/junit.h"
#include "report/ndjson.h"
#include "report/output.h"
#include "report/pcapng.h"
#include "report/text.h"

namespace wirelens {
namespace {

constexpr std::string_view kFormats[] = {"text", "ndjson", "har", "junit", "pcapng", "html"};

}  // namespace

bool draws_timeline(std::string_view format) {
  return format == "html";
}

bool copies_packets(std::string_view format) {
  return format == "pcapng";
}

/// html comes last: a build without the page has one less.
std::span<const std::string_view> report_formats() {
  const std::span<const std::string_view> all(kFormats);
  return HtmlReport::is_built() ? all : all.first(all.size() - 1);
}

Result<std::unique_ptr<Report>> open_report(const WriteTarget& target,
                                            const ReportOptions& options) {
  const auto formats = report_formats();
  if (std::find(formats.begin(), formats.end(), target.format) == formats.end()) {
    return Error{fmt::format("format '{}' is not known; there are {}", target.format,
                             fmt::join(formats, ", "))};
  }
  const bool log = options.live && target.format == "ndjson";
  auto output =
      Output::open(target.path, log ? Output::Visible::line_by_line : Output::Visible::when_whole);
  if (!output) return output.error();
  using Made = std::unique_ptr<Report>;
  if (target.format == "text") return Made(new TextReport(std::move(*output), options));
  if (target.format == "html") return Made(new HtmlReport(std::move(*output)));
  if (target.format == "pcapng") {
    return Made(new PcapngReport(std::move(*output), options.key_log));
  }
  if (target.format == "har") return Made(new HarReport(std::move(*output)));
  if (target.format == "junit") {
    return Made(new JunitReport(std::move(*output), options.rules, options.fail_on));
  }
  return Made(new NdjsonReport(std::move(*output)));
}

}  // namespace wirelens
