// The same bytes for any number of threads, whichever reader; stopping; counting.
#include "engine/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "all.h"
#include "capture/source.h"
#include "event/records.h"
#include "report/json_writer.h"
#include "support/tree.h"

namespace wirelens {
namespace {

class Recorder final : public EventSink {
 public:
  void write(const Event& event) override {
    writer_.begin_record(event.type().name, event.time(), event.connection());
    event.describe(writer_);
    writer_.end_record();
    names.push_back(event.type().name);
    if (const auto* connection = event.as<Connection>()) ids.push_back(connection->id);
  }
  std::string text() const { return std::string(writer_.view()); }

  std::vector<std::string_view> names;
  std::vector<std::uint64_t> ids;

 private:
  JsonWriter writer_{1u << 16};
};

std::vector<std::string> captures() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tree("captures"))) {
    const std::string path = entry.path().string();
    if (entry.is_regular_file() && path.find(".pcap") != std::string::npos) paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string records(const std::string& path, const EngineOptions& options,
                    const OpenOptions& how = {}) {
  Recorder recorder;
  const SourceOpener open = [&] { return open_savefile(path, how); };
  Result<RunResult> result = run(open, options, {}, recorder);
  return result ? recorder.text() : "error: " + result.error().message;
}

/// Shows the first line that differs, not two whole files.
void expect_same(const std::string& ours, const std::string& theirs, const std::string& what) {
  if (ours == theirs) return;
  const auto differs = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end()).first;
  const auto line = static_cast<std::size_t>(std::count(ours.begin(), differs, '\n'));
  const auto nth = [&](std::string text) {
    for (std::size_t i = 0; i < line; ++i) text.erase(0, text.find('\n') + 1);
    return text.substr(0, text.find('\n'));
  };
  ADD_FAILURE() << what << ", line " << line + 1 << "\n" << nth(ours) << "\n" << nth(theirs);
}

/// All but the `capture` record: libpcap does not tell the names of interfaces, and raises the
/// snapshot length of the modified variant.
std::string behind_capture(const std::string& records) {
  return records.substr(records.find('\n') + 1);
}

EngineOptions with_threads(unsigned threads) {
  EngineOptions options;
  options.threads = threads;
  options.protocols = all_protocols();
  return options;
}

TEST(Engine, SameBytesForAnyNumberOfThreads) {
  ASSERT_FALSE(captures().empty());
  for (const std::string& path : captures()) {
    const std::string alone = records(path, with_threads(1));
    for (const unsigned threads : {2u, 3u, 16u}) {
      expect_same(alone, records(path, with_threads(threads)),
                  path + " with " + std::to_string(threads));
    }
  }
}

TEST(Engine, SameBytesTwice) {
  // Hash keys differ from run to run.
  for (const std::string& path : captures()) {
    expect_same(records(path, with_threads(1)), records(path, with_threads(1)), path);
  }
}

bool holds_secrets(const std::string& path) {
  auto source = open_savefile(path, {});
  std::array<Packet, 256> packets;
  while (source && !(*source)->read(packets).ended) {
  }
  return source && !(*source)->annotations().tls_keys.empty();
}

TEST(Engine, SameBytesFromLibpcap) {
  unsigned compared = 0;
  for (const std::string& path : captures()) {
    OpenOptions libpcap;
    libpcap.use_libpcap = true;
    const std::string theirs = records(path, with_threads(1), libpcap);
    // It does not read everything that we do; a damaged file is damaged to both, in other words.
    if (theirs.starts_with("error") || theirs.find("\"damage\":[{") != std::string::npos) continue;
    if (holds_secrets(path)) continue;  // libpcap keeps none
    ++compared;
    expect_same(behind_capture(records(path, with_threads(1))), behind_capture(theirs), path);
  }
  EXPECT_GT(compared, 20u);
}

TEST(Engine, SameBytesWhenMemoryIsShort) {
  for (const std::string& path : captures()) {
    EngineOptions options = with_threads(1);
    options.max_memory = 16 * 64 * 1024;
    const std::string alone = records(path, options);
    options.threads = 3;
    expect_same(alone, records(path, options), path);
  }
}

TEST(Engine, IdsCountFromZeroInOrderOfFirstPacket) {
  Recorder recorder;
  const SourceOpener open = [] { return open_savefile(tree("captures/demo.pcapng"), {}); };
  ASSERT_TRUE(run(open, with_threads(2), {}, recorder));
  EXPECT_EQ(recorder.names.front(), "capture");
  EXPECT_EQ(recorder.names.back(), "capture_end");
  std::vector<std::uint64_t> ids = recorder.ids;
  std::sort(ids.begin(), ids.end());
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ids[i], i);
}

TEST(Engine, StopsInGoodOrder) {
  for (const unsigned threads : {1u, 2u}) {
    const std::atomic<bool> stop = true;
    RunControl control;
    control.stop = &stop;
    Recorder recorder;
    const SourceOpener open = [] { return open_savefile(tree("captures/demo.pcapng"), {}); };
    Result<RunResult> result = run(open, with_threads(threads), control, recorder);
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->stopped);
    EXPECT_EQ(recorder.names.back(), "capture_end");
  }
}

TEST(Engine, AnUnreadableInputIsAnError) {
  Recorder recorder;
  const SourceOpener open = [] { return open_savefile(tree("captures/absent.pcap"), {}); };
  for (const unsigned threads : {1u, 2u}) {
    EXPECT_FALSE(run(open, with_threads(threads), {}, recorder));
  }
  EXPECT_TRUE(recorder.names.empty());
}

}  // namespace
}  // namespace wirelens
