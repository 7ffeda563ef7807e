// report/findings.cc - in which words a finding is shown.
#include "report/findings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <numeric>

#include "base/figures.h"
#include "report/wire_text.h"

namespace wirelens {
namespace {

struct Mark {
  std::string_view text;
  std::string_view colour;  ///< SGR
};

Mark mark_of(Severity severity) {
  constexpr std::array<Mark, kSeverityNames.size()> kMarks = {
      Mark{"INFO", "2"}, Mark{"LOW", "36"}, Mark{"MEDIUM", "33"}, Mark{"HIGH", "1;31"},
      Mark{"CRITICAL", "1;97;41"}};
  return kMarks[static_cast<std::size_t>(severity)];
}

std::string_view owner_of(Blame verdict) {
  constexpr std::array<std::string_view, 3> kOwners = {"the network's doing", "an endpoint's doing",
                                                       "only the capture's"};
  return kOwners[static_cast<std::size_t>(verdict)];
}

/// "packets 7 9 12 and 24,110 more"; packet numbers as Wireshark's filters take them.
std::string proof_of(const ShownFinding& finding) {
  std::string words = finding.packets.size() == 1 ? "packet" : "packets";
  for (const std::uint64_t packet : finding.packets) words += fmt::format(" {}", packet);
  const std::uint64_t more = finding.packets_total - finding.packets.size();
  return more > 0 ? fmt::format("{} and {} more", words, count_text(more)) : words;
}

void show(Page& page, const ShownFinding& finding) {
  const Mark mark = mark_of(finding.severity);
  page.item(mark.text, mark.colour, printable(finding.title), printable(finding.rule));
  page.note("", printable(finding.why));
  if (!finding.fix.empty()) page.note("Fix", printable(finding.fix));
  std::string words(owner_of(finding.verdict));
  if (finding.cost) words = fmt::format("{} of waiting, {}", duration_text(*finding.cost), words);
  if (!finding.packets.empty()) words += fmt::format(" · {}", proof_of(finding));
  if (!finding.follows.empty()) words += fmt::format(" · follows {}", printable(finding.follows));
  page.note(finding.cost ? "Cost" : "Seen", words);
}

}  // namespace

void write_findings(Page& page, const Summary& summary) {
  const std::uint64_t more =
      std::accumulate(summary.more_findings.begin(), summary.more_findings.end(), std::uint64_t{0});
  std::string words = "No findings";
  if (!summary.findings.empty()) words = counted(summary.findings.size() + more, "finding");
  if (summary.cost > Duration::zero()) {
    words +=
        fmt::format("{} {} of waiting", summary.findings.size() + more == 1 ? " costs" : " cost",
                    duration_text(summary.cost));
  }
  if (summary.end.packets == 0) return;
  page.gap();
  page.headline(words);
  for (const ShownFinding& finding : summary.findings) {
    page.gap();
    show(page, finding);
  }
  if (more > 0) {
    std::vector<std::string> counts;
    for (std::size_t i = summary.more_findings.size(); i-- > 0;) {
      if (summary.more_findings[i] == 0) continue;
      counts.push_back(
          fmt::format("{} {}", count_text(summary.more_findings[i]), kSeverityNames[i]));
    }
    page.gap();
    page.note("", fmt::format("and {} more: {}; -w ndjson=FILE has every one", count_text(more),
                              fmt::join(counts, ", ")));
  }
  page.gap();
}

}  // namespace wirelens
