// report/junit.cc - the elements and attributes on which Jenkins's and GitLab's readers agree.
#include "report/junit.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/figures.h"
#include "report/wire_text.h"

namespace wirelens {
namespace {

/// Packets named for one finding.
constexpr std::size_t kPackets = 20;

/// Text as XML 1.0 takes it, in an element or an attribute. What acts is escaped before
/// (printable()); U+FFFE and U+FFFF are no characters of XML.
std::string xml(std::string_view text) {
  std::string out;
  const std::string safe = printable(text);
  for (std::size_t i = 0; i < safe.size(); ++i) {
    switch (safe[i]) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        if (safe.compare(i, 2, "\xef\xbf") == 0 && i + 2 < safe.size() &&
            static_cast<unsigned char>(safe[i + 2]) >= 0xbe) {
          out += safe[i + 2] == '\xbe' ? "\\u{fffe}" : "\\u{ffff}";
          i += 2;
        } else {
          out += safe[i];
        }
    }
  }
  return out;
}

std::string_view family_of(std::string_view rule) {
  return rule.substr(0, rule.find('.'));
}

std::string text_of(const Finding& finding) {
  std::string text = fmt::format("{}: {}\n{}\n{}\n", name_of(finding.severity), xml(finding.title),
                                 xml(finding.subject), xml(finding.why));
  if (finding.follows) text += fmt::format("Follows from {}.\n", xml(*finding.follows));
  if (finding.cost_seconds) text += fmt::format("Cost: {}\n", duration_text(*finding.cost_seconds));
  text += fmt::format("Fix: {}\n", xml(finding.fix));
  if (finding.packets.empty()) return text;
  text += "Packets:";
  const std::size_t shown = std::min(finding.packets.size(), kPackets);
  for (std::size_t i = 0; i < shown; ++i) text += fmt::format(" {}", finding.packets[i]);
  if (finding.packets_total > shown)
    text += fmt::format(" and {} more", finding.packets_total - shown);
  return text + "\n";
}

}  // namespace

JunitReport::JunitReport(std::unique_ptr<Output> output, std::span<const std::string_view> rules,
                         std::optional<Severity> failing)
    : output_(std::move(output)), failing_(failing.value_or(kFailing)) {
  for (const std::string_view rule : rules) cases_.try_emplace(std::string(rule));
}

void JunitReport::write(const Event& event) {
  if (const auto* finding = event.as<Finding>()) {
    if (!finding->interim.value_or(false)) add(*finding);
  } else if (const auto* end = event.as<CaptureEnd>()) {
    skip(*end);
  }
}

void JunitReport::add(const Finding& finding) {
  Case& one = cases_.try_emplace(std::string(finding.rule)).first->second;
  if (one.findings++ == 0 || finding.severity > one.severity) {
    one.severity = finding.severity;
    one.message = fmt::format("{}: {}", xml(finding.title), xml(finding.subject));
  }
  if (!one.text.empty()) one.text += '\n';
  one.text += text_of(finding);
  one.cost += finding.cost_seconds.value_or(Duration::zero());
}

/// "http.incomplete_body is not judged"
void JunitReport::skip(const CaptureEnd& end) {
  for (const CaptureEnd::Unseen& each : end.not_observable) {
    const auto found = cases_.find(each.doubt.substr(0, each.doubt.find(' ')));
    if (found == cases_.end() || !each.doubt.ends_with("not judged")) continue;
    found->second.skipped = fmt::format("not seen: {}", xml(each.what));
  }
}

bool JunitReport::fails(const Case& one) const {
  return one.findings > 0 && one.severity >= failing_;
}

void JunitReport::append_case(std::string& out, std::string_view family, const std::string& rule,
                              const Case& one) const {
  out += fmt::format("    <testcase classname=\"wirelens.{}\" name=\"{}\" time=\"{:.3f}\"",
                     xml(family), xml(rule), seconds(one.cost));
  const std::string more =
      one.findings > 1 ? fmt::format(" (and {} more)", one.findings - 1) : std::string();
  if (fails(one)) {
    out += fmt::format(">\n      <failure type=\"{}\" message=\"{}{}\">{}</failure>\n",
                       name_of(one.severity), one.message, more, one.text);
  } else if (one.findings > 0) {
    out += fmt::format(">\n      <system-out>{}</system-out>\n", one.text);
  } else if (!one.skipped.empty()) {
    out += fmt::format(">\n      <skipped message=\"{}\"/>\n", one.skipped);
  } else {
    out += "/>\n";
    return;
  }
  out += "    </testcase>\n";
}

void JunitReport::append_suite(std::string& out, std::string_view family,
                               Cases::const_iterator first, Cases::const_iterator last) const {
  const auto count = [&](auto is) { return std::count_if(first, last, is); };
  Duration cost{};
  for (auto each = first; each != last; ++each) cost += each->second.cost;
  out += fmt::format(
      "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" "
      "time=\"{:.3f}\">\n",
      xml(family), std::distance(first, last),
      count([&](const auto& each) { return fails(each.second); }), count([](const auto& each) {
        return each.second.findings == 0 && !each.second.skipped.empty();
      }),
      seconds(cost));
  for (auto each = first; each != last; ++each) append_case(out, family, each->first, each->second);
  out += "  </testsuite>\n";
}

void JunitReport::finish() {
  const auto failures = std::count_if(cases_.begin(), cases_.end(),
                                      [&](const auto& each) { return fails(each.second); });
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"wirelens\" tests=\"{}\" failures=\"{}\">\n",
      cases_.size(), failures);
  for (auto first = cases_.cbegin(); first != cases_.cend();) {
    const std::string_view family = family_of(first->first);
    const auto last = std::find_if(
        first, cases_.cend(), [&](const auto& each) { return family_of(each.first) != family; });
    append_suite(out, family, first, last);
    first = last;
  }
  out += "</testsuites>\n";
  output_->write(out);
  output_->finish();
}

}  // namespace wirelens
