// Our captures against what their servers said themselves: captures/http2/*.truth.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "all.h"
#include "capture/source.h"
#include "engine/engine.h"
#include "report/json_writer.h"
#include "support/tree.h"

namespace wirelens::http2 {
namespace {

using nlohmann::json;

class Recorder final : public EventSink {
 public:
  void write(const Event& event) override {
    writer_.clear();
    writer_.begin_record(event.type().name, event.time(), event.connection());
    event.describe(writer_);
    writer_.end_record();
    records.push_back(json::parse(writer_.view()));
  }
  std::vector<json> records;

 private:
  JsonWriter writer_{1u << 16};
};

/// Records of `type` in captures/http2/NAME.pcap, by connection.
std::vector<json> records(const std::string& name, const std::string& type) {
  Recorder recorder;
  EngineOptions options;
  options.protocols = all_protocols();
  const SourceOpener open = [&] {
    return open_savefile(tree("captures/http2/" + name + ".pcap"), {});
  };
  EXPECT_TRUE(run(open, options, {}, recorder)) << name;
  std::vector<json> found;
  for (const json& record : recorder.records) {
    if (record["type"] == type) found.push_back(record);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const json& a, const json& b) { return a["conn"] < b["conn"]; });
  return found;
}

std::vector<json> truth(const std::string& name) {
  std::ifstream file(tree("captures/http2/" + name + ".truth"));
  EXPECT_TRUE(file) << name;
  std::vector<json> rows;
  for (std::string line; std::getline(file, line);) rows.push_back(json::parse(line));
  return rows;
}

class Frames : public ::testing::TestWithParam<const char*> {};

TEST_P(Frames, AreThoseThatTheServerCounted) {
  const std::vector<json> said = truth(GetParam());
  const std::vector<json> sums = records(GetParam(), "http2");
  ASSERT_EQ(sums.size(), said.size());
  for (std::size_t i = 0; i < said.size(); ++i) {
    // nghttp2 tells its server nothing of CONTINUATION, nor of streams that are closed already.
    json client = sums[i]["client"]["frames"];
    json expected = said[i]["frames"]["client"];
    EXPECT_GE(client.value("window_update", 0), expected.value("window_update", 0)) << i;
    for (const char* untold : {"continuation", "window_update"}) {
      client.erase(untold);
      expected.erase(untold);
    }
    EXPECT_EQ(client, expected) << i;
    EXPECT_EQ(sums[i]["server"]["frames"], said[i]["frames"]["server"]) << i;
  }
}
INSTANTIATE_TEST_SUITE_P(OfNghttpd, Frames,
                         ::testing::Values("prior_knowledge", "push", "flow_control",
                                           "head_of_line", "loss_at_server"));

class Streams : public ::testing::TestWithParam<const char*> {};

/// "GET /path 200 13": what both ends know of an exchange.
std::string line(const json& one, const char* status, const char* bytes) {
  return one.value("method", "-") + " " + one.value("path", "-") + " " +
         std::to_string(one.value(status, 0)) + " " + std::to_string(one.value(bytes, 0));
}

TEST_P(Streams, AreThoseThatTheServerAnswered) {
  std::multimap<int, std::string> ours, theirs;
  for (const json& http : records(GetParam(), "http")) {
    // The server knows what it meant to send on a stream that was broken off.
    const bool counts = http["complete"] == true;
    ours.emplace(http["stream"], line(http, "status", counts ? "response_body_wire_bytes" : ""));
  }
  for (json said : truth(GetParam())) {
    if (said["error"] != 0) said["sent"] = 0;
    std::string path = said["path"];
    if (const auto secret = path.find("s3cret"); secret != std::string::npos) {
      path.replace(secret, 6, "[redacted]");
    }
    said["path"] = path;
    theirs.emplace(said["stream"], line(said, "status", "sent"));
  }
  const auto sorted = [](const std::multimap<int, std::string>& lines) {
    std::vector<std::pair<int, std::string>> all(lines.begin(), lines.end());
    std::sort(all.begin(), all.end());
    return all;
  };
  EXPECT_EQ(sorted(ours), sorted(theirs));
}
INSTANTIATE_TEST_SUITE_P(OfNode, Streams,
                         ::testing::Values("answers", "resets", "grpc", "extended_connect"));

}  // namespace
}  // namespace wirelens::http2
