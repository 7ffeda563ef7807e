// cli/rules.cc - wirelens rules: the catalogue of findings, from the rules themselves.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "all.h"
#include "cli/commands.h"
#include "cli/nearest.h"
#include "detect/rule.h"
#include "report/page.h"

namespace wirelens {
namespace {

constexpr unsigned kColumns = 80;

std::string catalogue() {
  std::string out;
  std::string_view group;
  for (const detect::Rule* rule : all_rules()) {
    const std::string_view prefix = rule->id.substr(0, rule->id.find('.'));
    if (!group.empty() && prefix != group) out += '\n';
    group = prefix;
    out += fmt::format("{:<32} {:<8} {}\n", rule->id, name_of(rule->severity), rule->title);
  }
  return out + "\nEach severity is the gravest of its rule. wirelens rules RULE explains one.\n";
}

std::string page_of(const detect::Rule& rule) {
  Page page(kColumns, false);
  page.heading(rule.id, fmt::format("{}, up to {}", rule.title, name_of(rule.severity)));
  page.gap();
  page.paragraph("Meaning", rule.about);
  page.paragraph("Fix", rule.fix);
  std::string_view label = "Thresholds";
  for (const detect::Threshold& each : rule.thresholds) {
    page.paragraph(label,
                   fmt::format("{} = {} {}: {}", each.name, each.value, each.unit, each.about));
    label = "";
  }
  if (!rule.thresholds.empty()) {
    page.paragraph("", fmt::format("as --set {}.{}={}", rule.id, rule.thresholds.front().name,
                                   rule.thresholds.front().value));
  }
  label = "Follows";
  for (const std::string_view cause : rule.follows) {
    page.paragraph(label, cause);
    label = "";
  }
  label = "Told by";
  for (const std::string_view other : rule.absorbed_by) {
    page.paragraph(label, other);
    label = "";
  }
  page.paragraph("Source", rule.source);
  return page.text();
}

}  // namespace

ExitStatus rules(Arguments arguments) {
  auto asked = parse_rules(arguments);
  if (!asked) {
    complain(asked.error().message);
    return kUsage;
  }
  if (!*asked) return print(catalogue());
  std::vector<std::string_view> ids;
  for (const detect::Rule* rule : all_rules()) {
    if (rule->id == **asked) return print(page_of(*rule));
    ids.push_back(rule->id);
  }
  const auto meant = nearest(**asked, ids);
  complain(fmt::format("no rule {}: {}", **asked,
                       meant ? fmt::format("did you mean {}?", *meant) : "see wirelens rules"));
  return kUsage;
}

}  // namespace wirelens
