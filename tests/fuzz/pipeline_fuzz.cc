// fuzz/pipeline_fuzz.cc - any bytes as a capture, through everything: the same records however many
// workers, nothing that acts on a terminal, time and output in proportion to the input.
#include <cstdlib>
#include <string>

#include "all.h"
#include "base/work.h"
#include "capture/feed.h"
#include "capture/savefile.h"
#include "engine/engine.h"
#include "report/json_writer.h"
#include "report/summary.h"
#include "report/text.h"

namespace wirelens {
namespace {

/// Steps and bytes of records that a byte of a capture may cost. A packet has at least 16 bytes and
/// may make a connection's record of 1.6 kB, and flaws beside it.
constexpr std::uint64_t kMostSteps = 100;
constexpr std::uint64_t kMostOutput = 100;

void require(bool holds) {
  if (!holds) std::abort();
}

class Written final : public EventSink {
 public:
  void write(const Event& event) override {
    writer_.begin_record(event.type().name, event.time(), event.connection());
    event.describe(writer_);
    writer_.end_record();
    summary_.add(event);
  }
  std::string_view records() const { return writer_.view(); }
  const Summary& summary() const { return summary_; }

 private:
  JsonWriter writer_{1u << 16};
  Summary summary_;
};

/// Every choice that a capture's reader has, by the input's own last byte.
EngineOptions options_of(Bytes bytes) {
  const unsigned choice = bytes.empty() ? 0u : bytes.back();
  EngineOptions options;
  options.protocols = all_protocols();
  options.show_secrets = (choice & 1) != 0;
  options.bodies = (choice & 2) != 0 ? 64 : 0;
  if ((choice & 4) != 0) options.max_memory = std::size_t{1} << 20;
  return options;
}

void analyse(Bytes bytes, const EngineOptions& options, Written& written) {
  const SourceOpener open = [bytes] {
    return Savefile::over("f", std::make_unique<MemoryFeed>(bytes));
  };
  (void)run(open, options, {}, written);
}

void require_plain(std::string_view text) {
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    require(byte == '\n' || (byte >= 0x20 && byte != 0x7f));
  }
}

}  // namespace
}  // namespace wirelens

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirelens;
  const Bytes bytes(data, size);
  EngineOptions options = options_of(bytes);
  Written alone;
  work_done = 0;
  analyse(bytes, options, alone);
  require(work_done <= (1u << 16) + kMostSteps * size);
  require(alone.records().size() <= (1u << 16) + kMostOutput * size);
  require_plain(alone.records());
  require_plain(text_of(alone.summary(), {}));
  if (size % 8 == 0) {
    options.threads = 2;
    Written together;
    analyse(bytes, options, together);
    require(alone.records() == together.records());
  }
  return 0;
}
