// captures/findings.tsv: what is found in each capture, and what is not, near as it comes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "all.h"
#include "capture/source.h"
#include "detect/rule.h"
#include "engine/engine.h"
#include "engine/key_log_tail.h"
#include "event/finding.h"
#include "support/tree.h"

namespace wirelens {
namespace {

constexpr std::string_view kQuiet = "quiet";

struct Row {
  std::string capture;
  std::string rule;
  std::string severity;  ///< or "quiet": a near miss
  std::string reason;
  std::string setting;  ///< "tcp.time_wait_storm.sockets=100", or empty
};

std::vector<Row> table() {
  std::vector<Row> rows;
  std::ifstream file(tree("captures/findings.tsv"));
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    std::istringstream fields(line);
    Row row;
    std::getline(fields, row.capture, '\t');
    std::getline(fields, row.rule, '\t');
    std::getline(fields, row.severity, '\t');
    std::getline(fields, row.reason, '\t');
    std::getline(fields, row.setting, '\t');
    rows.push_back(row);
  }
  return rows;
}

class Found final : public EventSink {
 public:
  void write(const Event& event) override {
    EXPECT_FALSE(event.type().internal);
    if (const auto* finding = event.as<Finding>()) judge(*finding);
  }
  /// "tcp.syn_flood high", as often as it was found.
  std::multiset<std::string> findings;

 private:
  void judge(const Finding& finding) {
    findings.insert(std::string(finding.rule) + " " + std::string(name_of(finding.severity)));
    SCOPED_TRACE(finding.rule);
    EXPECT_FALSE(finding.why.empty());
    EXPECT_FALSE(finding.fix.empty());
    EXPECT_FALSE(finding.subject.empty());
    EXPECT_FALSE(finding.measured.empty());
    EXPECT_FALSE(finding.packets.empty());
    EXPECT_LE(finding.packets.size(), 20u);
    EXPECT_LE(finding.conns.size(), 20u);
    EXPECT_TRUE(finding.first_ts && finding.last_ts && *finding.first_ts <= *finding.last_ts);
    EXPECT_GE(finding.cost_seconds.value_or(Duration::zero()), Duration::zero());
  }
};

/// A threshold that is not what anybody would measure in a small capture.
std::vector<detect::Setting> setting_of(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::size_t dot = text.substr(0, equals).rfind('.');
  for (const detect::Rule* rule : all_rules()) {
    for (const detect::Threshold& each : rule->thresholds) {
      if (text.substr(0, dot) != rule->id || text.substr(dot + 1, equals - dot - 1) != each.name) {
        continue;
      }
      return {{rule->id, each.name, std::stod(text.substr(equals + 1))}};
    }
  }
  ADD_FAILURE() << "no threshold: " << text;
  return {};
}

/// Secrets and roots that lie beside a capture, as scripts/golden uses them.
void read_beside(const std::filesystem::path& capture, EngineOptions& options) {
  const std::filesystem::path authority = capture.parent_path() / "authority.pem";
  if (std::filesystem::exists(authority)) options.ca_file = authority;
  if (auto log = read_key_log(capture.string() + ".keys")) options.key_log = *log;
}

std::multiset<std::string> found_in(const std::string& capture, const std::string& setting = {}) {
  EngineOptions options;
  if (!setting.empty()) options.settings = setting_of(setting);
  options.protocols = all_protocols();
  options.rules = all_rules();
  Found found;
  const std::string path = tree("captures/" + capture);
  read_beside(path, options);
  const SourceOpener open = [&] { return open_savefile(path, {}); };
  const auto result = run(open, options, {}, found);
  EXPECT_TRUE(result) << path;
  return found.findings;
}

std::vector<std::string> captures() {
  std::vector<std::string> names;
  const std::filesystem::path top = tree("captures");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(top)) {
    const std::string name = std::filesystem::relative(entry.path(), top).string();
    if (entry.is_regular_file() && name.find(".pcap") != name.npos && !name.ends_with(".keys")) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(Findings, AreThoseOfTheTable) {
  std::map<std::string, std::multiset<std::string>> expected;
  for (const Row& row : table()) {
    if (!row.setting.empty() || row.severity == kQuiet) continue;
    expected[row.capture].insert(row.rule + " " + row.severity);
  }
  for (const std::string& capture : captures()) {
    EXPECT_EQ(found_in(capture), expected[capture])
        << capture << ": put what is right into captures/findings.tsv, with the reason";
  }
}

TEST(Findings, AreThoseOfTheTableUnderItsSettings) {
  for (const Row& row : table()) {
    if (row.setting.empty()) continue;
    const auto found = found_in(row.capture, row.setting);
    const std::string start = row.rule + " ";
    const auto at = found.lower_bound(start);
    const bool fired = at != found.end() && at->starts_with(start);
    const std::string severity = fired ? at->substr(start.size()) : std::string(kQuiet);
    EXPECT_EQ(severity, row.severity) << row.capture << " " << row.rule << " " << row.setting;
  }
}

TEST(Findings, TableNamesWhatThereIs) {
  const std::vector<std::string> present = captures();
  std::set<std::string> rules;
  for (const detect::Rule* rule : all_rules()) rules.emplace(rule->id);
  for (const Row& row : table()) {
    EXPECT_THAT(present, testing::Contains(row.capture));
    EXPECT_TRUE(rules.contains(row.rule)) << row.rule;
    EXPECT_FALSE(row.reason.empty()) << row.capture << " " << row.rule << ": why is that right?";
  }
}

TEST(Findings, EveryRuleHasACaptureAndANearMiss) {
  std::set<std::string> firing;
  std::set<std::string> quiet;
  for (const Row& row : table()) (row.severity == kQuiet ? quiet : firing).insert(row.rule);
  for (const detect::Rule* rule : all_rules()) {
    EXPECT_TRUE(firing.contains(std::string(rule->id))) << rule->id << " fires on no capture";
    EXPECT_TRUE(quiet.contains(std::string(rule->id))) << rule->id << " has no near miss";
  }
}

TEST(Rules, ExplainThemselves) {
  std::set<std::string_view> ids;
  for (const detect::Rule* rule : all_rules()) ids.insert(rule->id);
  EXPECT_EQ(ids.size(), all_rules().size());
  for (const detect::Rule* rule : all_rules()) {
    SCOPED_TRACE(rule->id);
    EXPECT_FALSE(rule->title.empty());
    EXPECT_FALSE(rule->about.empty());
    EXPECT_FALSE(rule->fix.empty());
    EXPECT_FALSE(rule->source.empty());
    EXPECT_FALSE(rule->takes.empty());
    std::set<std::string_view> names;
    for (const detect::Threshold& each : rule->thresholds) {
      EXPECT_TRUE(names.insert(each.name).second) << each.name;
      EXPECT_FALSE(each.unit.empty());
      EXPECT_FALSE(each.about.empty());
    }
  }
}

}  // namespace
}  // namespace wirelens
