// support/run.cc - the engine with one thread, and its records as JSON.
#include "support/run.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "all.h"
#include "capture/source.h"
#include "dissect/key_log.h"
#include "engine/engine.h"
#include "support/tree.h"

namespace wirelens::testing {
namespace {

class Recorder final : public EventSink {
 public:
  void write(const Event& event) override {
    writer_.clear();
    writer_.begin_record(event.type().name, event.time(), event.connection());
    event.describe(writer_);
    writer_.end_record();
    records.push_back(nlohmann::json::parse(writer_.view()));
  }
  Records records;

 private:
  JsonWriter writer_{1u << 16};
};

}  // namespace

Records records_of(std::string_view name, bool show_secrets) {
  EngineOptions options;
  options.threads = 1;
  options.protocols = all_protocols();
  options.show_secrets = show_secrets;
  if (std::ifstream keys(tree("captures/" + std::string(name) + ".keys")); keys) {
    std::stringstream text;
    text << keys.rdbuf();
    auto log = std::make_shared<KeyLog>();
    log->add(text.view());
    options.key_log = std::move(log);
  }
  Recorder recorder;
  const SourceOpener open = [&] {
    return open_savefile(tree("captures/" + std::string(name)), {});
  };
  const Result<RunResult> result = run(open, options, {}, recorder);
  EXPECT_TRUE(result) << name;
  return recorder.records;
}

Records sent_in(std::string_view name) {
  const std::string stem(name.substr(0, name.rfind('.')));
  std::ifstream file(tree("captures/" + stem + ".sent.jsonl"));
  EXPECT_TRUE(file) << name;
  Records lines;
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

}  // namespace wirelens::testing
