// tcp/connection_test.cc - the life of a healthy connection, and its record.
#include <gtest/gtest.h>

#include "support/conversation.h"

namespace wirelens {
namespace {

using namespace std::chrono_literals;
constexpr std::uint8_t kSyn = TcpHeader::kSyn, kAck = TcpHeader::kAck, kFin = TcpHeader::kFin,
                       kRst = TcpHeader::kRst, kPsh = TcpHeader::kPsh;

TEST(Connection, StepsThroughAWholeLife) {
  Dialogue talk;
  talk.say(kClient, {.at = -1, .flags = kSyn});
  EXPECT_EQ(talk.states(), "syn_sent/listen");
  talk.say(kServer, {.at = -1, .flags = kSyn | kAck});
  EXPECT_EQ(talk.states(), "syn_sent/syn_received");
  talk.say(kClient, {});
  EXPECT_EQ(talk.states(), "established/established");
  talk.say(kClient, {.payload = "ping", .flags = kAck | kPsh});
  talk.say(kServer, {.ack = 4, .payload = "pong", .flags = kAck | kPsh});
  talk.say(kClient, {.at = 4, .ack = 4});
  talk.say(kClient, {.at = 4, .ack = 4, .flags = kFin | kAck});
  EXPECT_EQ(talk.states(), "fin_wait_1/established");
  talk.say(kServer, {.at = 4, .ack = 5});
  EXPECT_EQ(talk.states(), "fin_wait_2/close_wait");
  talk.say(kServer, {.at = 4, .ack = 5, .flags = kFin | kAck});
  EXPECT_EQ(talk.states(), "fin_wait_2/last_ack");
  talk.say(kClient, {.at = 5, .ack = 5});
  EXPECT_EQ(talk.states(), "time_wait/closed");
  EXPECT_TRUE(talk.connection().closed());
  EXPECT_EQ(talk.heard(kClient), "ping");
  EXPECT_EQ(talk.heard(kServer), "pong");
  EXPECT_TRUE(talk.ended(kClient) && talk.ended(kServer));
  EXPECT_EQ(talk.record().history, "ShADdFaf");
  EXPECT_EQ(talk.record().conn_state, "SF");
  EXPECT_EQ(talk.record().close, Close::fin);
  EXPECT_EQ(*talk.record().handshake_rtt, 2ms);
  EXPECT_EQ(talk.sent(kClient).rtt->samples, 1u);
  EXPECT_EQ(talk.sent(kClient).rtt->mean, 1ms);
  EXPECT_EQ(talk.sent(kClient).bytes, 4u);
  EXPECT_EQ(talk.sent(kClient).packets, 6u);
  EXPECT_EQ(talk.flaws(), 0u);
  talk.pass(59s);
  EXPECT_FALSE(talk.over());
  talk.pass(2s);
  EXPECT_TRUE(talk.over());
  EXPECT_EQ(talk.states(), "closed/closed");
}

TEST(Connection, ReturnsAllMemory) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.at = 10, .payload = "later"});
  talk.say(kClient, {.at = 40, .payload = "latest"});
  EXPECT_GT(talk.ledger().used(Charge::reassembly), 0u);
  talk.finish();
  EXPECT_EQ(talk.heard(kClient), "<10>later<25>latest");
  EXPECT_EQ(talk.ledger().total(), 0u);
  EXPECT_EQ(talk.sent(kClient).missing_bytes, 35u);
}

TEST(Connection, QuietConnectionGivesItsTrailBack) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.payload = "ping"});
  talk.say(kServer, {.ack = 4});
  EXPECT_GT(talk.ledger().used(Charge::analysis), 0u);
  talk.pass(1s);
  EXPECT_EQ(talk.ledger().total(), 0u);
  EXPECT_EQ(talk.sent(kClient).rtt->samples, 1u);
}

TEST(Connection, RefusedAndUnanswered) {
  Dialogue refused;
  refused.say(kClient, {.at = -1, .flags = kSyn});
  refused.say(kServer, {.at = -1, .flags = kRst | kAck, .window = 0});
  EXPECT_EQ(refused.record().close, Close::refused);
  EXPECT_EQ(refused.record().conn_state, "REJ");
  EXPECT_EQ(refused.record().history, "Sr");
  EXPECT_EQ(refused.flaws(), 0u);

  Dialogue unanswered;
  unanswered.say(kClient, {.at = -1, .flags = kSyn});
  unanswered.say(kClient, {.at = -1, .flags = kSyn, .after = 1s});
  unanswered.say(kClient, {.at = -1, .flags = kSyn, .after = 2s});
  EXPECT_EQ(unanswered.record().close, Close::unanswered);
  EXPECT_EQ(unanswered.record().conn_state, "S0");
  EXPECT_EQ(unanswered.sent(kClient).retransmitted_packets, 2u);
  EXPECT_EQ(unanswered.sent(kClient).timeouts, 2u);
  EXPECT_FALSE(unanswered.record().one_sided.has_value());
  unanswered.pass(131s);
  EXPECT_TRUE(unanswered.over());
}

}  // namespace
}  // namespace wirelens
