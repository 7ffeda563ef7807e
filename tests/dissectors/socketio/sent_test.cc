// Captures of socket.io: the records are the packets that the peers wrote down when they sent them.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/run.h"

namespace wirelens::socketio {
namespace {

using testing::of_type;
using testing::Records;
using testing::records_of;
using testing::sent_in;

/// Events and acknowledgements of one side in one namespace; what carries them may change places.
std::vector<std::string> told(const Records& records, std::string_view from) {
  std::vector<std::string> all;
  for (const auto& each : records) {
    const std::string kind = each.value("kind", "event");
    if (each["from"] != from || kind == "connect" || kind == "disconnect") continue;
    std::string text = each["namespace"].get<std::string>() + " ";
    text += kind == "ack" ? "ack" : each["event"].get<std::string>();
    if (each.contains("attachments")) text += "+" + std::to_string(each["attachments"].get<int>());
    all.push_back(text);
  }
  return all;
}

class Sent : public ::testing::TestWithParam<const char*> {};

TEST_P(Sent, EveryPacketAsItWasSent) {
  const Records records = records_of(GetParam());
  const Records packets = of_type(records, "socketio");
  const Records sent = sent_in(GetParam());
  for (const char* from : {"client", "server"}) {
    auto seen = told(packets, from);
    auto logged = told(sent, from);
    // Namespaces share a session; which of them speaks first is up to the client's timers.
    std::stable_sort(seen.begin(), seen.end());
    std::stable_sort(logged.begin(), logged.end());
    EXPECT_EQ(seen, logged) << from;
  }
  EXPECT_EQ(testing::flaws(records), std::vector<std::string>{});
  std::set<std::string> sessions;
  for (const auto& each : packets) {
    ASSERT_TRUE(each.contains("sid")) << each;
    sessions.insert(each["sid"]);
    EXPECT_TRUE(each["complete"].get<bool>());
    EXPECT_EQ(each.dump().find("do-not-show-this"), std::string::npos);
  }
  EXPECT_EQ(sessions.size(), 1u) << "one session over all transports";
  const Records summaries = of_type(records, "socketio_session");
  const bool announced = std::any_of(summaries.begin(), summaries.end(), [](const auto& each) {
    return each.value("ping_interval", 0.0) == 0.3 && each.value("ping_timeout", 0.0) == 2.0;
  });
  EXPECT_TRUE(announced);
}

INSTANTIATE_TEST_SUITE_P(SocketIo, Sent,
                         ::testing::Values("socketio/upgraded.pcap", "socketio/polling.pcap",
                                           "socketio/websocket.pcap", "socketio/old_upgraded.pcap",
                                           "socketio/old_polling.pcap", "socketio/lossy.pcap",
                                           "socketio/jsonp.pcap", "socketio/tls.pcap",
                                           "socketio/tls_lossy.pcap"));

/// Where packets are missing packets of Socket.IO are, too; the others are those that were sent, in
/// their order.
TEST(SocketIoSent, BehindHolesOnlyWhatWasSent) {
  const Records packets = of_type(records_of("socketio/tls_capture_loss.pcap"), "socketio");
  const Records sent = sent_in("socketio/tls_capture_loss.pcap");
  for (const char* from : {"client", "server"}) {
    const auto seen = told(packets, from);
    const auto logged = told(sent, from);
    EXPECT_GT(seen.size(), logged.size() / 2) << from;
    auto next = logged.begin();
    for (const std::string& each : seen) {
      next = std::find(next, logged.end(), each);
      ASSERT_NE(next, logged.end()) << from << " " << each;
      ++next;
    }
  }
}

TEST(SocketIoSent, TransportsOfAnUpgrade) {
  for (const char* name : {"socketio/upgraded.pcap", "socketio/old_upgraded.pcap"}) {
    const Records records = records_of(name);
    std::set<std::string> transports;
    for (const auto& each : of_type(records, "socketio")) {
      transports.insert(each["transport"]);
      const bool socket = each["transport"] == "websocket";
      EXPECT_TRUE(!socket || each["upgraded"].get<bool>());
    }
    EXPECT_EQ(transports, (std::set<std::string>{"polling", "websocket"})) << name;
    const Records sessions = of_type(records, "socketio_session");
    ASSERT_EQ(sessions.size(), 2u);
    const auto& socket = sessions[0]["transport"] == "websocket" ? sessions[0] : sessions[1];
    const auto& poll = sessions[0]["transport"] == "polling" ? sessions[0] : sessions[1];
    EXPECT_EQ(socket["sid"], poll["sid"]);
    EXPECT_TRUE(socket["upgraded"].get<bool>());
    EXPECT_GT(socket["probe_time"].get<double>(), 0.0);
    EXPECT_TRUE(poll["offers_websocket"].get<bool>());
    EXPECT_EQ(poll["version"], std::string(name).find("old") == std::string::npos ? 4 : 3);
    EXPECT_GE(socket["pings"].get<int>(), 2);
    EXPECT_LT(socket["longest_ping_gap"].get<double>(), 0.6);
  }
}

}  // namespace
}  // namespace wirelens::socketio
