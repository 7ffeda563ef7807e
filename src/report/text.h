// report/text.h - the summary that a person reads: the answer first, then the evidence, then what
// could not be seen. The contract, section 5.
#pragma once

#include <memory>

#include "report/output.h"
#include "report/report.h"
#include "report/summary.h"

namespace wirelens {

/// Gathers while the run lasts, writes at its end.
class TextReport final : public Report {
 public:
  TextReport(std::unique_ptr<Output> output, const ReportOptions& options)
      : output_(std::move(output)), options_(options) {}

  void write(const Event& event) override { summary_.add(event); }
  void finish() override;
  const std::optional<WriteFailure>& failure() const override { return output_->failure(); }

 private:
  std::unique_ptr<Output> output_;
  ReportOptions options_;
  Summary summary_;
};

/// The report of a summary: printable text and newlines, besides colours where they are wanted.
std::string text_of(const Summary& summary, const ReportOptions& options);

}  // namespace wirelens
