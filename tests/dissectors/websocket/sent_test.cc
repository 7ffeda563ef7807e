// Captures of node's ws: the records are what the peers wrote down when they sent it.
#include <gtest/gtest.h>

#include <map>

#include "support/run.h"

namespace wirelens::websocket {
namespace {

using testing::of_type;
using testing::Records;
using testing::records_of;
using testing::sent_in;

/// Messages of one side, as far as both its log and our records tell of them.
std::vector<std::string> messages(const Records& records, std::string_view from, bool logged) {
  std::vector<std::string> all;
  for (const auto& each : records) {
    const std::string opcode = each.value("opcode", "?");
    if (each["from"] != from || opcode == "pong" || opcode == "close") continue;
    std::string text = opcode + " " + std::to_string(each.value("bytes", -1));
    if (opcode == "text") {
      const std::string shown = each.value(logged ? "begins" : "preview", "");
      text += " " + shown.substr(0, 40);
    }
    all.push_back(text);
  }
  return all;
}

class Sent : public ::testing::TestWithParam<const char*> {};

TEST_P(Sent, EveryMessageAsItsSenderSentIt) {
  const Records records = records_of(GetParam(), true);
  const Records sent = sent_in(GetParam());
  ASSERT_GT(sent.size(), 40u);
  for (const char* from : {"client", "server"}) {
    const auto logged = messages(sent, from, true);
    const auto seen = messages(of_type(records, "websocket_message"), from, false);
    EXPECT_EQ(seen, logged);
  }
  EXPECT_EQ(testing::flaws(records), std::vector<std::string>{});
  const Records sessions = of_type(records, "websocket");
  ASSERT_EQ(sessions.size(), 1u);
  EXPECT_EQ(sessions[0]["closed_by"], "client");
  EXPECT_EQ(sessions[0]["close_code"], 1000);
  EXPECT_EQ(sessions[0]["close_reason"], "enough for today");
  EXPECT_EQ(sessions[0]["subprotocol"], "chat.v2");
  EXPECT_EQ(sessions[0]["pings"], sessions[0]["pongs"]);
  EXPECT_EQ(sessions[0]["ping_rtt"]["samples"], sessions[0]["pings"]);
}

INSTANTIATE_TEST_SUITE_P(WebSocket, Sent,
                         ::testing::Values("websocket/chat.pcap", "websocket/deflate.pcap",
                                           "websocket/deflate_one_sided.pcap",
                                           "websocket/lossy.pcap", "websocket/tls.pcap",
                                           "websocket/tls_lossy.pcap"));

/// What is told is the end of what was sent.
TEST(WebSocketSent, BegunBefore) {
  const Records records = records_of("websocket/begun_before.pcap", true);
  const Records sent = sent_in("websocket/begun_before.pcap");
  for (const char* from : {"client", "server"}) {
    const auto logged = messages(sent, from, true);
    const auto seen = messages(of_type(records, "websocket_message"), from, false);
    ASSERT_GT(seen.size(), logged.size() / 2);
    const auto end = static_cast<std::ptrdiff_t>(logged.size() - seen.size());
    EXPECT_EQ(seen, std::vector<std::string>(logged.begin() + end, logged.end()));
  }
  EXPECT_EQ(testing::flaws(records), std::vector<std::string>{});
}

/// Where packets are missing, nothing that is told was not sent: sizes are right, and what is not
/// known is U+FFFD, never another letter.
class Holes : public ::testing::TestWithParam<const char*> {};

TEST_P(Holes, OnlyWhatWasSent) {
  const Records records = records_of(GetParam(), true);
  const Records sent = sent_in(GetParam());
  for (const std::string from : {"client", "server"}) {
    auto next = sent.begin();
    std::size_t found = 0, whole = 0;
    for (const auto& each : of_type(records, "websocket_message")) {
      const std::string opcode = each.value("opcode", "?");
      if (each["from"] != from || (opcode != "text" && opcode != "binary")) continue;
      ++found;
      if (!each["complete"].get<bool>() || !each.contains("bytes")) continue;
      ++whole;
      const std::string shown = each.value("preview", "");
      next = std::find_if(next, sent.end(), [&](const auto& one) {
        if (one["from"] != from || one["opcode"] != opcode || one["bytes"] != each["bytes"]) {
          return false;
        }
        if (opcode != "text") return true;
        const std::string begins = one["begins"];
        std::size_t at = 0;
        for (std::size_t i = 0; i < begins.size() && at < shown.size(); ++i) {
          if (shown.compare(at, 3, "\xef\xbf\xbd") == 0) {
            at += 3;
          } else if (shown[at++] != begins[i]) {
            return false;
          }
        }
        return true;
      });
      ASSERT_NE(next, sent.end()) << each;
      ++next;
    }
    EXPECT_GT(whole, 20u) << from;
    EXPECT_GE(found, whole);
  }
  EXPECT_EQ(testing::flaws(records), std::vector<std::string>{});
}
INSTANTIATE_TEST_SUITE_P(WebSocket, Holes,
                         ::testing::Values("websocket/capture_loss.pcap",
                                           "websocket/tls_capture_loss.pcap"));

TEST(WebSocketSent, EachFaultOnItsConnection) {
  std::map<int, std::string> found;
  for (const auto& each : of_type(records_of("websocket/faults.pcap"), "flaw")) {
    found[each["conn"].get<int>()] += each["name"].get<std::string>() + " ";
  }
  const std::map<int, std::string> expected = {
      {0, "websocket.bad_accept "},          {1, "websocket.unmasked_client_frame "},
      {2, "websocket.masked_server_frame "}, {3, "websocket.invalid_utf8 "},
      {4, "websocket.invalid_utf8 "},        {5, "websocket.reserved_bits "},
      {6, "websocket.bad_opcode "},          {7, "websocket.control_too_long "},
      {8, "websocket.fragmented_control "},  {9, "websocket.bad_close "},
      {10, "websocket.frame_after_close "},
  };
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace wirelens::websocket
