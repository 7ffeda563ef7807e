// report/ndjson.h - records, one JSON object a line, as the events come.
#pragma once

#include <memory>

#include "report/json_writer.h"
#include "report/output.h"
#include "report/report.h"

namespace wirelens {

class NdjsonReport final : public Report {
 public:
  explicit NdjsonReport(std::unique_ptr<Output> output);

  void write(const Event& event) override;
  void finish() override;
  void flush() override;
  const std::optional<WriteFailure>& failure() const override { return output_->failure(); }

 private:
  std::unique_ptr<Output> output_;
  JsonWriter writer_;
};

}  // namespace wirelens
