// A browser's visit, all of it in TLS: page, chat, event stream and Socket.IO are told as the site
// itself wrote them down (scripts/captures/site.js).
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "support/run.h"

namespace wirelens {
namespace {

using nlohmann::json;
using testing::of_type;
using testing::Records;
using testing::records_of;
using testing::sent_in;

constexpr const char* kCapture = "session/browser.pcapng";

Records logged(std::string_view what) {
  Records all;
  for (const json& line : sent_in(kCapture)) {
    if (line["what"] == what) all.push_back(line);
  }
  return all;
}

TEST(BrowserSession, EverythingIsDecryptedAndWhole) {
  const Records records = records_of(kCapture);
  EXPECT_EQ(testing::flaws(records), std::vector<std::string>{});
  std::map<std::string, int> status;
  for (const json& http : of_type(records, "http")) {
    EXPECT_TRUE(http["complete"].get<bool>()) << http;
    const std::string path = http["path"];
    status[path.substr(0, path.find('?'))] = http["status"];
    EXPECT_EQ(http["host"], "shop.test");
    EXPECT_EQ(http["scheme"], "https");
  }
  const std::map<std::string, int> expected = {
      {"/", 200},          {"/answer", 200},      {"/catalogue.json", 200}, {"/chat", 101},
      {"/done", 204},      {"/favicon.ico", 404}, {"/socket.io.js", 200},   {"/socket.io/", 101},
      {"/style.css", 200}, {"/visit.js", 200}};
  status["/socket.io/"] = 101;  // 200 by polling, then 101
  EXPECT_EQ(status, expected);
}

TEST(BrowserSession, TheChatIsWhatWasSaid) {
  std::vector<std::pair<std::string, int>> seen, said;
  for (const json& each : of_type(records_of(kCapture), "websocket_message")) {
    if (each["opcode"] != "text" || !each["compressed"].get<bool>()) continue;
    seen.emplace_back(each["from"], each["bytes"]);
  }
  for (const json& each : logged("websocket")) said.emplace_back(each["from"], each["bytes"]);
  EXPECT_EQ(seen, said);
}

TEST(BrowserSession, TheAnswerComesTokenByToken) {
  const auto line = [](const json& event) {
    return event["event"].get<std::string>() + " " + event["id"].get<std::string>() + " " +
           std::to_string(event["data_bytes"].get<int>());
  };
  std::vector<std::string> seen, said;
  for (const json& each : of_type(records_of(kCapture), "sse_event")) {
    EXPECT_TRUE(each.contains("stream")) << "over HTTP/2";
    seen.push_back(line(each));
  }
  for (const json& each : logged("sse")) said.push_back(line(each));
  EXPECT_EQ(seen, said);
}

TEST(BrowserSession, SocketIoBeginsByPollingInHttp2) {
  const Records records = records_of(kCapture);
  std::vector<std::string> seen, said;
  const auto line = [](const json& packet) {
    return packet["from"].get<std::string>() + " " +
           packet.value("event", packet.value("kind", "?"));
  };
  std::set<std::string> sessions, transports;
  for (const json& each : of_type(records, "socketio")) {
    sessions.insert(each["sid"]);
    transports.insert(each["transport"]);
    const std::string kind = each["kind"];
    if (kind == "event" || kind == "ack") seen.push_back(line(each));
  }
  for (const json& each : logged("socketio")) said.push_back(line(each));
  EXPECT_EQ(seen, said);
  EXPECT_EQ(sessions.size(), 1u) << "one session over both transports and two connections";
  EXPECT_EQ(transports, (std::set<std::string>{"polling", "websocket"}));
  for (const json& each : of_type(records, "socketio_session")) {
    EXPECT_EQ(each.contains("stream"), each["transport"] == "polling");
  }
}

/// The stretch that is missing hits all four connections: what is told is what was said, in its
/// order, to the last of it.
TEST(BrowserSession, CutInItsMiddleItGoesOn) {
  const Records records = records_of("session/browser_cut.pcapng");
  EXPECT_EQ(testing::flaws(records), std::vector<std::string>{});
  for (const json& tls : of_type(records, "tls")) EXPECT_TRUE(tls["decrypted"].get<bool>());
  const auto expect_part_of = [](const std::vector<std::string>& seen,
                                 const std::vector<std::string>& said) {
    ASSERT_FALSE(seen.empty());
    EXPECT_LT(seen.size(), said.size());
    EXPECT_GT(seen.size(), said.size() / 2);
    auto next = said.begin();
    for (const std::string& each : seen) {
      next = std::find(next, said.end(), each);
      ASSERT_NE(next, said.end()) << each;
      ++next;
    }
    EXPECT_EQ(seen.back(), said.back());
  };
  std::vector<std::string> seen, said;
  for (const json& each : of_type(records, "sse_event")) {
    if (each["complete"].get<bool>()) seen.push_back(each.value("id", "?"));
  }
  for (const json& each : logged("sse")) said.push_back(each["id"]);
  expect_part_of(seen, said);
  for (const char* from : {"client", "server"}) {
    seen.clear();
    said.clear();
    for (const json& each : of_type(records, "websocket_message")) {
      const bool chat = each["opcode"] == "text" && each["compressed"].get<bool>();
      if (!chat || each["from"] != from || !each["complete"].get<bool>()) continue;
      seen.push_back(std::to_string(each.value("bytes", 0)));
    }
    for (const json& each : logged("websocket")) {
      if (each["from"] == from) said.push_back(std::to_string(each["bytes"].get<int>()));
    }
    expect_part_of(seen, said);
  }
}

}  // namespace
}  // namespace wirelens
