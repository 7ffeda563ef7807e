// report/junit.h - findings as JUnit XML, which Jenkins, GitLab and others read: a test case for
// each rule, so that the same cases come in every run.
//
//   <testsuites name="wirelens" tests="95" failures="1">
//    <testsuite name="tcp" tests="30" failures="1" errors="0" skipped="0" time="96.000">
//     <testcase classname="wirelens.tcp" name="tcp.time_wait_storm" time="96.000">
//      <failure type="high" message="TIME_WAIT storm: 10.77.0.1 → 10.77.1.1:8080">...</failure>
//     </testcase>
//
// A rule fails if it found something at or above --fail-on, or medium where that is not given. What
// it found below that is its <system-out>; a rule that could not judge is skipped. `time` is what
// the findings cost, in seconds. The text says what, whom, why, the fix, and the packets.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/finding.h"
#include "event/records.h"
#include "report/output.h"
#include "report/report.h"

namespace wirelens {

class JunitReport final : public Report {
 public:
  static constexpr Severity kFailing = Severity::medium;

  /// Severities below `failing` do not fail; every one of `rules` gets a case.
  JunitReport(std::unique_ptr<Output> output, std::span<const std::string_view> rules,
              std::optional<Severity> failing);

  void write(const Event& event) override;
  void finish() override;
  const std::optional<WriteFailure>& failure() const override { return output_->failure(); }

 private:
  struct Case {
    std::string message;  ///< of the gravest finding
    std::string text;     ///< of all of them
    std::string skipped;  ///< why it could not judge
    Severity severity = Severity::info;
    std::uint64_t findings = 0;
    Duration cost{};
  };
  using Cases = std::map<std::string, Case, std::less<>>;

  void add(const Finding& finding);
  void skip(const CaptureEnd& end);
  bool fails(const Case& one) const;
  void append_suite(std::string& out, std::string_view family, Cases::const_iterator first,
                    Cases::const_iterator last) const;
  void append_case(std::string& out, std::string_view family, const std::string& rule,
                   const Case& one) const;

  std::unique_ptr<Output> output_;
  Severity failing_;
  Cases cases_;  ///< by rule
};

}  // namespace wirelens
