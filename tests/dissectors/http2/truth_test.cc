// Our captures, in the clear and inside TLS, against what their servers said themselves:
// captures/http2/*.truth.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/run.h"
#include "support/tree.h"

namespace wirelens::http2 {
namespace {

using nlohmann::json;

/// Records of `type` in captures/http2/NAME.pcap, by connection.
std::vector<json> records(const std::string& name, const std::string& type) {
  std::vector<json> found = testing::of_type(testing::records_of("http2/" + name + ".pcap"), type);
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
                                           "head_of_line", "loss_at_server", "tls"));

/// Where packets are missing frames may be, too; none is told that was not sent.
TEST(FramesOfNghttpd, AreNeverMoreThanItCounted) {
  const std::vector<json> said = truth("tls_capture_loss");
  const std::vector<json> sums = records("tls_capture_loss", "http2");
  ASSERT_EQ(said.size(), 1u);
  ASSERT_EQ(sums.size(), 1u);
  for (const char* side : {"client", "server"}) {
    const json& frames = sums[0][side]["frames"];
    const json& counted = said[0]["frames"][side];
    EXPECT_GT(frames.value("headers", 0), counted.value("headers", 0) / 2) << side;
    for (const auto& [type, count] : frames.items()) {
      EXPECT_LE(count, counted.value(type, 0)) << side << " " << type;
    }
  }
  for (const json& http : records("tls_capture_loss", "http")) {
    if (http.contains("path")) {
      EXPECT_TRUE(http["path"] == "/style.css" || http["path"] == "/index.html") << http;
    }
    if (http.contains("status")) {
      EXPECT_EQ(http["status"], 200);
    }
  }
}

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
                         ::testing::Values("answers", "resets", "grpc", "extended_connect",
                                           "tls_answers", "tls_lossy"));

TEST(StreamsOfNginx, AreThoseOfItsAccessLog) {
  std::vector<std::string> ours, theirs;
  for (const json& http : records("tls_nginx", "http")) {
    EXPECT_TRUE(http["complete"].get<bool>()) << http;
    ours.push_back(line(http, "status", "response_body_wire_bytes"));
  }
  for (const json& said : truth("tls_nginx")) theirs.push_back(line(said, "status", "sent"));
  std::sort(ours.begin(), ours.end());
  std::sort(theirs.begin(), theirs.end());
  EXPECT_EQ(ours, theirs);
}

/// The calls of the script: unary, three at once of which one streams and one fails, and a method
/// that is not there.
TEST(GrpcOfNode, CountsTheMessagesOfBothSides) {
  for (const char* name : {"grpc", "tls_answers", "tls_lossy"}) {
    std::vector<std::string> calls;
    for (const json& call : records(name, "grpc")) {
      calls.push_back(call.value("service", "?") + "/" + call.value("method", "?") + " " +
                      std::to_string(call.value("status", -1)) + " " +
                      std::to_string(call.value("request_messages", -1)) + ">" +
                      std::to_string(call.value("response_messages", -1)));
    }
    std::sort(calls.begin(), calls.end());
    const std::vector<std::string> expected = {"shop.Cart/Add 0 1>1", "shop.Cart/Add 0 3>1",
                                               "shop.Cart/Get 5 1>0", "shop.Cart/Old 12 1>0",
                                               "shop.Cart/Watch 0 1>4"};
    EXPECT_EQ(calls, expected) << name;
  }
}

/// A WebSocket in a stream (RFC 8441): what the client sent is what came back.
TEST(ExtendedConnectOfNode, IsAWebSocketWithItsMessages) {
  for (const char* name : {"extended_connect", "tls_answers", "tls_lossy"}) {
    std::map<std::string, std::vector<std::string>> said;
    for (const json& message : records(name, "websocket_message")) {
      EXPECT_TRUE(message.contains("stream"));
      if (message["opcode"] == "text") said[message["from"]].push_back(message["preview"]);
    }
    const std::vector<std::string> words = {"hello", "over", "HTTP/2"};
    EXPECT_EQ(said["client"], words) << name;
    EXPECT_EQ(said["server"], words) << name;
    const std::vector<json> sessions = records(name, "websocket");
    ASSERT_EQ(sessions.size(), 1u) << name;
    EXPECT_EQ(sessions[0]["close_code"], 1000);
    EXPECT_EQ(sessions[0]["path"], "/chat");
  }
}

}  // namespace
}  // namespace wirelens::http2
