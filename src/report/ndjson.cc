// report/ndjson.cc - gathers records and writes them out in large pieces of whole lines.
#include "report/ndjson.h"

namespace wirelens {
NdjsonReport::NdjsonReport(std::unique_ptr<Output> output)
    : output_(std::move(output)), writer_(kPiece + kPiece / 4) {}

void NdjsonReport::write(const Event& event) {
  if (output_->failure()) return;
  writer_.record(event);
  if (writer_.size() >= kPiece) flush();
}

void NdjsonReport::flush() {
  if (writer_.size() == 0) return;
  output_->write(writer_.view());
  writer_.clear();
}

void NdjsonReport::finish() {
  flush();
  output_->finish();
}

}  // namespace wirelens
