// tcp/ambiguity_test.cc - traffic that two readers may read differently, and how we do: cases T01
// to T32, as far as they are TCP's.
#include <gtest/gtest.h>

#include "support/conversation.h"

namespace wirelens {
namespace {

using namespace std::chrono_literals;
constexpr std::uint8_t kSyn = TcpHeader::kSyn, kAck = TcpHeader::kAck, kFin = TcpHeader::kFin,
                       kRst = TcpHeader::kRst, kUrg = TcpHeader::kUrg, kPsh = TcpHeader::kPsh;
const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::string part(std::size_t from, std::size_t size) {
  return kGet.substr(from, size);
}

TcpOptions stamped(std::uint32_t value) {
  TcpOptions options;
  options.has_timestamp = true;
  options.timestamp_value = value;
  return options;
}

TEST(Ambiguity, T01HalvesSwapped) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.at = 10, .payload = kGet.substr(10), .id = 8});
  talk.say(kClient, {.payload = part(0, 10), .id = 7});
  EXPECT_EQ(talk.heard(kClient), kGet);
  EXPECT_EQ(talk.sent(kClient).out_of_order, 1u);
  EXPECT_EQ(talk.sent(kClient).retransmitted_packets, 0u);
}

TEST(Ambiguity, T02ThirdPartTwice) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.at = 20, .payload = kGet.substr(20), .id = 9});
  talk.say(kClient, {.at = 20, .payload = kGet.substr(20), .id = 9});
  talk.say(kClient, {.at = 10, .payload = part(10, 10), .id = 8});
  talk.say(kClient, {.payload = part(0, 10), .id = 7});
  EXPECT_EQ(talk.heard(kClient), kGet);
  EXPECT_EQ(talk.sent(kClient).capture_duplicates, 1u);
  EXPECT_EQ(talk.sent(kClient).out_of_order, 2u);
}

TEST(Ambiguity, T03OneByteSegmentsReversed) {
  Dialogue talk;
  talk.handshake();
  std::string text;
  for (int i = 0; i < 80'000; ++i) text += static_cast<char>('a' + i % 23);
  for (std::size_t i = text.size(); i-- > 0;) {
    talk.say(kClient, {.at = static_cast<std::int64_t>(i),
                       .payload = text.substr(i, 1),
                       .id = static_cast<std::uint16_t>(i + 1),
                       .after = 1us});
  }
  EXPECT_EQ(talk.heard(kClient), text);
}

TEST(Ambiguity, T04IdenticalRetransmission) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.payload = part(0, 20)});
  talk.say(kClient, {.payload = part(0, 20), .after = 300ms});         // whole
  talk.say(kClient, {.at = 5, .payload = part(5, 10), .after = 1ms});  // part of it
  talk.say(kClient, {.at = 10, .payload = kGet.substr(10)});           // spanning old and new
  EXPECT_EQ(talk.heard(kClient), kGet);
  EXPECT_EQ(talk.flaws(), 0u);
  EXPECT_EQ(talk.sent(kClient).retransmitted_packets, 3u);
  EXPECT_EQ(talk.sent(kClient).retransmitted_bytes, 20u + 10u + 10u);
  EXPECT_EQ(talk.sent(kClient).bytes, kGet.size());
}

// Two copies of an interval in all relations in which they overlap; the first is "aaaa...".
struct Overlap {
  std::int64_t begin, end;
};
class OverlapTest : public testing::TestWithParam<Overlap> {};

TEST_P(OverlapTest, T05FirstCopyWinsBehindAHole) {
  const auto [begin, end] = GetParam();
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.at = 20, .payload = std::string(10, 'a')});
  talk.say(kClient,
           {.at = begin, .payload = std::string(static_cast<std::size_t>(end - begin), 'b')});
  EXPECT_TRUE(talk.flawed("tcp.overlap_conflict"));
  std::string whole(static_cast<std::size_t>(std::max<std::int64_t>(end, 30)), 'x');
  for (auto i = begin; i < end; ++i) whole[static_cast<std::size_t>(i)] = 'b';
  for (std::size_t i = 20; i < 30; ++i) whole[i] = 'a';
  talk.say(kClient, {.payload = std::string(
                         static_cast<std::size_t>(std::min<std::int64_t>(begin, 20)), 'x')});
  EXPECT_EQ(talk.heard(kClient), whole);
}

TEST_P(OverlapTest, T05FirstCopyWinsAfterDelivery) {
  const auto [begin, end] = GetParam();
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.payload = std::string(20, 'x')});
  talk.say(kClient, {.at = 20, .payload = std::string(10, 'a')});
  std::string second(static_cast<std::size_t>(end - begin), 'b');
  talk.say(kClient, {.at = begin, .payload = second});
  EXPECT_TRUE(talk.flawed("tcp.overlap_conflict"));
  EXPECT_EQ(talk.heard(kClient),
            std::string(20, 'x') + std::string(10, 'a') +
                std::string(static_cast<std::size_t>(end > 30 ? end - 30 : 0), 'b'));
}

INSTANTIATE_TEST_SUITE_P(Relations, OverlapTest,
                         testing::Values(Overlap{20, 30}, Overlap{20, 25}, Overlap{25, 30},
                                         Overlap{23, 27}, Overlap{15, 35}, Overlap{20, 35},
                                         Overlap{15, 30}, Overlap{15, 25}, Overlap{25, 35}));

TEST(Ambiguity, T05BothVariantsAreShown) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.payload = "good"});
  talk.say(kClient, {.payload = "evil"});
  EXPECT_EQ(talk.heard(kClient), "good");
  EXPECT_EQ(talk.detail("tcp.overlap_conflict"), "first 676f6f64 second 6576696c");
}

TEST(Ambiguity, T06ThreeVariants) {
  std::string once;
  for (int run = 0; run < 2; ++run) {
    Dialogue talk;
    talk.handshake();
    talk.say(kClient, {.at = 5, .payload = std::string(10, 'a')});
    talk.say(kClient, {.at = 10, .payload = std::string(10, 'b')});
    talk.say(kClient, {.at = 0, .payload = std::string(18, 'c')});
    EXPECT_EQ(talk.heard(kClient), "cccccaaaaaaaaaabbbbb");
    EXPECT_EQ(talk.flaws(), 2u);  // b over a, c over both
    EXPECT_EQ(talk.detail("tcp.overlap_conflict"), "first 6161616161 second 6262626262");
    if (run == 1) {
      EXPECT_EQ(talk.heard(kClient), once);
    }
    once = talk.heard(kClient);
  }
}

TEST(Ambiguity, T07ConflictAfterTheAck) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.payload = "GET /good"});
  talk.say(kServer, {.ack = 9});
  talk.say(kClient, {.payload = "GET /evil"});
  EXPECT_EQ(talk.heard(kClient), "GET /good");
  EXPECT_TRUE(talk.flawed("tcp.overlap_conflict"));

  Dialogue large;
  large.handshake();
  std::string text(1400, 'a');
  large.say(kClient, {.payload = text});
  large.say(kServer, {.ack = 1400});
  text[1000] = 'b';
  large.say(kClient, {.payload = text});
  EXPECT_TRUE(large.flawed("tcp.overlap_conflict"));
}

TEST(Ambiguity, T08DecoyWithBadChecksum) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.payload = "GET /evil", .checksum = Checksum::bad});
  EXPECT_EQ(talk.heard(kClient), "");
  talk.say(kClient, {.payload = "GET /good"});
  talk.say(kServer, {.ack = 9});
  EXPECT_EQ(talk.heard(kClient), "GET /good");
  EXPECT_TRUE(talk.flawed("tcp.bad_checksum"));
  EXPECT_EQ(talk.record().history.substr(0, 4), "ShAC");
}

TEST(Ambiguity, T08NobodySpeaksForTheDecoy) {
  Dialogue talk;
  talk.handshake();
  talk.say(kServer, {});
  talk.say(kClient, {.payload = "GET /evil", .checksum = Checksum::bad});
  talk.finish();
  EXPECT_EQ(talk.heard(kClient), "");
}

TEST(Ambiguity, T09OffloadedChecksums) {
  // Until the decoder has recognised the sender, the receiver's ACK speaks for the segments.
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.payload = "GET /", .checksum = Checksum::bad});
  talk.say(kServer, {.ack = 5});
  EXPECT_EQ(talk.heard(kClient), "GET /");
  talk.say(kClient, {.at = 5, .payload = "index", .checksum = Checksum::unverified});
  EXPECT_EQ(talk.heard(kClient), "GET /index");
}

TEST(Ambiguity, T11DecoyWithLowTtl) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.payload = "GET /evil", .ttl = 3});
  talk.say(kClient, {.payload = "GET /good"});
  talk.say(kServer, {.ack = 9});
  EXPECT_EQ(talk.heard(kClient), "GET /good");
  EXPECT_TRUE(talk.flawed("tcp.ttl_anomaly"));
}

TEST(Ambiguity, T11AnotherPathIsLearnt) {
  Dialogue talk;
  talk.handshake();
  for (int i = 0; i < 3; ++i) {
    talk.say(kClient, {.at = i * 2, .payload = "ab", .ttl = 40});
    talk.say(kServer, {.ack = i * 2 + 2});
  }
  EXPECT_EQ(talk.heard(kClient), "ababab");
  EXPECT_EQ(talk.flaws(), 1u);
}

TEST(Ambiguity, T11BothEndsTakeAnotherPath) {
  Dialogue talk;
  talk.handshake();
  for (int i = 0; i < 5; ++i) {
    talk.say(kClient, {.at = i * 4, .ack = i * 3, .payload = "ping", .ttl = 40});
    talk.say(kServer, {.at = i * 3, .ack = i * 4 + 4, .payload = "pon", .ttl = 40});
  }
  talk.say(kClient, {.at = 20, .ack = 15, .ttl = 40});
  EXPECT_EQ(talk.heard(kClient), "pingpingpingpingping");
  EXPECT_EQ(talk.heard(kServer), "ponponponponpon");
}

TEST(Ambiguity, T12ResetCapturedBeforeItsSyn) {
  Dialogue talk;
  talk.say(kServer, {.flags = kRst | kAck});
  EXPECT_EQ(talk.say(kClient, {.at = -1, .flags = kSyn}), tcp::Outcome::kept);
  EXPECT_EQ(talk.record().close, Close::refused);
  EXPECT_EQ(talk.record().conn_state, "REJ");
  EXPECT_EQ(talk.sent(kClient).packets, 1u);
}

TEST(Ambiguity, T12InexactResetThatNothingFollows) {
  Dialogue talk;
  talk.handshake();
  talk.say(kServer, {.payload = "abc"});
  talk.say(kServer, {.at = 27, .flags = kRst});
  EXPECT_TRUE(talk.flawed("tcp.inexact_reset"));
  EXPECT_EQ(talk.record().close, Close::reset_by_server);
  talk.say(kClient, {.ack = 3});
  EXPECT_EQ(talk.record().close, Close::open);
}

TEST(Ambiguity, T12ResetExact) {
  Dialogue talk;
  talk.handshake();
  talk.say(kServer, {.flags = kRst | kAck});
  EXPECT_EQ(talk.states(), "closed/closed");
  EXPECT_EQ(talk.record().close, Close::reset_by_server);
  EXPECT_EQ(talk.record().conn_state, "RSTR");
  EXPECT_FALSE(talk.ended(kServer));
  talk.pass(18s);
  talk.say(kServer, {.flags = kRst | kAck});  // a router's own, for the same connection
  EXPECT_EQ(talk.sent(kServer).packets, 3u);
  talk.pass(29s);
  EXPECT_FALSE(talk.over());
  talk.pass(2s);
  EXPECT_TRUE(talk.over());
  talk.finish();
  EXPECT_TRUE(talk.ended(kServer) && talk.ended(kClient));
}

TEST(Ambiguity, T12OtherResets) {
  struct Case {
    Segment reset;
    std::string_view flaw;
  };
  TcpOptions md5;
  md5.md5 = true;
  const Case cases[] = {
      {{.at = 100, .flags = kRst}, "tcp.inexact_reset"},
      {{.at = 5'000'000 * 100, .flags = kRst}, "tcp.reset_out_of_window"},
      {{.flags = kRst, .checksum = Checksum::bad}, "tcp.bad_checksum"},
      {{.flags = kRst, .options = md5}, "tcp.unexpected_md5"},
      {{.at = 7, .payload = "junk", .flags = kRst}, "tcp.reset_with_data"},
  };
  for (const Case& each : cases) {
    Dialogue talk;
    talk.handshake();
    talk.say(kClient, each.reset);
    EXPECT_TRUE(talk.flawed(each.flaw)) << each.flaw;
    EXPECT_EQ(talk.states(), "established/established") << each.flaw;
    talk.say(kClient, {.payload = kGet});
    talk.say(kServer, {.ack = static_cast<std::int64_t>(kGet.size()), .payload = "200"});
    EXPECT_EQ(talk.heard(kClient), kGet) << each.flaw;
    EXPECT_EQ(talk.heard(kServer), "200") << each.flaw;
  }
}

TEST(Ambiguity, T12RefusalThatTheServerNeverSent) {
  Dialogue talk;
  talk.say(kClient, {.at = -1, .flags = kSyn});
  talk.say(kServer, {.flags = kRst | kAck});
  talk.say(kServer, {.flags = kFin | kAck});
  talk.say(kClient, {.flags = kRst, .window = 0});
  talk.say(kServer, {.at = -1, .flags = kSyn | kAck});
  talk.say(kClient, {});
  EXPECT_EQ(talk.states(), "established/established");
  EXPECT_TRUE(talk.flawed("tcp.rst_ignored"));
  talk.say(kClient, {.payload = kGet});
  talk.say(kServer, {.ack = static_cast<std::int64_t>(kGet.size()), .payload = "200"});
  EXPECT_EQ(talk.heard(kClient), kGet);
  EXPECT_EQ(talk.heard(kServer), "200");
  EXPECT_EQ(talk.record().close, Close::open);
}

TEST(Ambiguity, T13ResetIgnored) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.payload = "GET"});
  talk.say(kServer, {.ack = 3});
  talk.say(kClient, {.at = 3, .flags = kRst});
  EXPECT_TRUE(talk.connection().closed());
  talk.say(kServer, {.ack = 3, .payload = "200"});
  talk.say(kClient, {.at = 3, .ack = 3, .payload = "GET again"});
  EXPECT_TRUE(talk.flawed("tcp.rst_ignored"));
  EXPECT_EQ(talk.states(), "established/established");
  EXPECT_EQ(talk.heard(kClient), "GETGET again");
  EXPECT_EQ(talk.heard(kServer), "200");
  EXPECT_FALSE(talk.connection().closed());
  EXPECT_EQ(talk.record().close, Close::open);
}

TEST(Ambiguity, T14ResetWhileDataIsOnItsWay) {
  Dialogue talk;
  talk.handshake();
  talk.say(kServer, {.at = 4, .payload = "late"});
  talk.say(kServer, {.at = 8, .flags = kRst});
  talk.say(kServer, {.payload = "data"});
  EXPECT_EQ(talk.heard(kServer), "datalate");
  EXPECT_EQ(talk.record().close, Close::reset_by_server);
  EXPECT_EQ(talk.sent(kServer).missing_bytes, 0u);
}

TEST(Ambiguity, T15FinBeforeItsData) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.at = 10, .payload = kGet.substr(10), .flags = kFin | kAck});
  EXPECT_EQ(talk.states(), "established/established");
  EXPECT_FALSE(talk.ended(kClient));
  talk.say(kClient, {.payload = part(0, 10)});
  EXPECT_EQ(talk.heard(kClient), kGet);
  EXPECT_EQ(talk.states(), "fin_wait_1/established");
  talk.say(kServer, {.ack = static_cast<std::int64_t>(kGet.size()) + 1});
  EXPECT_TRUE(talk.ended(kClient));
}

TEST(Ambiguity, T16FinDecoy) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.flags = kFin | kAck});
  EXPECT_FALSE(talk.ended(kClient));
  talk.say(kClient, {.payload = kGet});
  EXPECT_EQ(talk.heard(kClient), kGet);
  EXPECT_TRUE(talk.flawed("tcp.fin_conflict"));
  EXPECT_EQ(talk.states(), "established/established");

  Dialogue acked;
  acked.handshake();
  acked.say(kClient, {.flags = kFin | kAck});
  acked.say(kServer, {.ack = 1});
  acked.say(kClient, {.payload = kGet});
  EXPECT_EQ(acked.heard(kClient), "");
  EXPECT_TRUE(acked.flawed("tcp.data_after_fin"));
}

TEST(Ambiguity, T17FastOpen) {
  Dialogue taken;
  taken.say(kClient, {.at = -1, .payload = kGet, .flags = kSyn});
  EXPECT_EQ(taken.heard(kClient), "");
  taken.say(kServer,
            {.at = -1, .ack = static_cast<std::int64_t>(kGet.size()), .flags = kSyn | kAck});
  EXPECT_EQ(taken.heard(kClient), kGet);
  EXPECT_EQ(taken.flaws(), 0u);

  Dialogue refused;
  refused.say(kClient, {.at = -1, .payload = "GET /old", .flags = kSyn});
  refused.say(kServer, {.at = -1, .flags = kSyn | kAck});
  EXPECT_TRUE(refused.flawed("tcp.syn_data_refused"));
  refused.say(kClient, {.payload = kGet});
  EXPECT_EQ(refused.heard(kClient), kGet);
}

TEST(Ambiguity, T18SynWithAnotherNumber) {
  for (const std::int64_t chosen : {-1, 999, 4999}) {
    Dialogue talk;
    for (const std::int64_t at : {-1, 999, 4999, 6999}) {
      talk.say(kClient, {.at = at, .flags = kSyn, .after = 1s});
    }
    EXPECT_TRUE(talk.flawed("tcp.syn_changed"));
    talk.say(kServer, {.at = -1, .ack = chosen + 1, .flags = kSyn | kAck});
    talk.say(kClient, {.at = chosen + 1});
    talk.say(kClient, {.at = chosen + 1, .payload = kGet});
    EXPECT_EQ(talk.heard(kClient), kGet) << chosen;
    EXPECT_EQ(talk.states(), "established/established");
  }
}

TEST(Ambiguity, T19SynInsideAConnection) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.payload = "GET"});
  EXPECT_EQ(talk.say(kClient, {.at = 50, .flags = kSyn}), tcp::Outcome::kept);
  EXPECT_TRUE(talk.flawed("tcp.syn_in_connection"));
  talk.say(kClient, {.at = 3, .payload = " /"});
  EXPECT_EQ(talk.heard(kClient), "GET /");
  EXPECT_EQ(talk.states(), "established/established");
}

TEST(Ambiguity, T20PortsUsedAgain) {
  Dialogue after_close;
  after_close.handshake();
  after_close.close();
  EXPECT_EQ(after_close.say(kClient, {.at = 100'000, .flags = kSyn}), tcp::Outcome::anew);

  Dialogue after_reset;
  after_reset.handshake();
  after_reset.say(kClient, {.flags = kRst});
  EXPECT_EQ(after_reset.say(kClient, {.at = 100'000, .flags = kSyn}), tcp::Outcome::anew);

  Dialogue forgotten;  // the client has rebooted; the server says so by answering
  forgotten.handshake();
  EXPECT_EQ(forgotten.say(kClient, {.at = 100'000, .flags = kSyn}), tcp::Outcome::kept);
  EXPECT_EQ(forgotten.say(kServer, {.at = 70'000, .ack = 100'001, .flags = kSyn | kAck}),
            tcp::Outcome::anew);
}

TEST(Ambiguity, T20ServerInTimeWait) {  // RFC 6191
  Dialogue talk;
  talk.handshake(true);
  talk.say(kServer, {.flags = kFin | kAck, .options = stamped(1010)});
  talk.say(kClient, {.ack = 1, .flags = kFin | kAck, .options = stamped(1010)});
  talk.say(kServer, {.at = 1, .ack = 1, .options = stamped(1010)});
  EXPECT_EQ(talk.states(), "closed/time_wait");
  EXPECT_EQ(talk.say(kClient, {.at = -5000, .flags = kSyn, .options = stamped(900)}),
            tcp::Outcome::kept);
  EXPECT_EQ(talk.say(kClient, {.at = -5000, .flags = kSyn, .options = stamped(2000)}),
            tcp::Outcome::anew);
}

TEST(Ambiguity, T21SimultaneousOpen) {
  Dialogue talk;
  talk.say(kClient, {.at = -1, .flags = kSyn});
  talk.say(kServer, {.at = -1, .flags = kSyn});
  EXPECT_EQ(talk.states(), "syn_sent/syn_sent");
  talk.say(kClient, {.at = -1, .flags = kSyn | kAck});
  EXPECT_EQ(talk.states(), "syn_received/syn_sent");
  talk.say(kServer, {.at = -1, .flags = kSyn | kAck});
  EXPECT_EQ(talk.states(), "established/syn_received");  // did the client's SYN-ACK arrive?
  talk.say(kClient, {.payload = kGet});
  talk.say(kServer, {.ack = static_cast<std::int64_t>(kGet.size()), .payload = "200"});
  EXPECT_EQ(talk.states(), "established/established");
  EXPECT_EQ(talk.heard(kClient), kGet);
  EXPECT_EQ(talk.heard(kServer), "200");
}

TEST(Ambiguity, T21SplitHandshakes) {
  Dialogue four;  // the SYN-ACK in two packets
  four.say(kClient, {.at = -1, .flags = kSyn});
  four.say(kServer, {.at = -1, .flags = kAck});
  four.say(kServer, {.at = -1, .flags = kSyn});
  four.say(kClient, {});
  EXPECT_TRUE(four.flawed("tcp.split_handshake"));
  Dialogue five;
  five.say(kClient, {.at = -1, .flags = kSyn});
  five.say(kServer, {.at = -1, .flags = kAck});
  five.say(kServer, {.at = -1, .flags = kSyn});
  five.say(kClient, {.at = -1, .flags = kSyn | kAck});
  five.say(kServer, {});
  for (Dialogue* talk : {&four, &five}) {
    talk->say(kClient, {.payload = kGet});
    talk->say(kServer, {.ack = static_cast<std::int64_t>(kGet.size()), .payload = "200"});
    talk->say(kClient, {.at = static_cast<std::int64_t>(kGet.size()), .ack = 3});
    EXPECT_EQ(talk->heard(kClient), kGet);
    EXPECT_EQ(talk->heard(kServer), "200");
    EXPECT_EQ(talk->states(), "established/established");
  }
}

TEST(Ambiguity, T22WrongAcks) {
  Dialogue opening;
  opening.say(kClient, {.at = -1, .flags = kSyn});
  opening.say(kServer, {.at = -1, .flags = kSyn | kAck});
  opening.say(kClient, {.ack = 777});
  EXPECT_TRUE(opening.flawed("tcp.wrong_ack"));
  EXPECT_EQ(opening.states(), "syn_sent/syn_received");
  opening.say(kClient, {});
  EXPECT_EQ(opening.states(), "established/established");

  Dialogue later;
  later.handshake();
  later.say(kServer, {.payload = "abc"});
  later.say(kClient, {.ack = 900'000'000});
  EXPECT_TRUE(later.flawed("tcp.wrong_ack"));
  later.say(kServer, {.at = 3, .payload = "def"});
  EXPECT_EQ(later.heard(kServer), "abcdef");
}

TEST(Ambiguity, T22SynAckThatAnswersNothing) {
  Dialogue talk;
  talk.say(kClient, {.at = -1, .flags = kSyn});
  talk.say(kServer, {.at = -50'000, .ack = 12345, .flags = kSyn | kAck});
  EXPECT_TRUE(talk.flawed("tcp.syn_ack_mismatch"));
  talk.say(kServer, {.at = -1, .flags = kSyn | kAck});
  talk.say(kClient, {});
  EXPECT_EQ(talk.states(), "established/established");
}

TEST(Ambiguity, T23Paws) {
  for (const std::uint32_t old : {1u, 2u, 0x8000'0000u}) {
    Dialogue talk;
    talk.handshake(true);
    talk.say(kClient, {.payload = "GET", .options = stamped(5000)});
    talk.say(kServer, {.ack = 3, .options = stamped(5000)});
    talk.say(kClient, {.at = 3, .payload = " /evil", .options = stamped(5000 - old)});
    const bool put_aside = old == 2;
    EXPECT_EQ(talk.flawed("tcp.paws"), put_aside) << old;
    EXPECT_EQ(talk.heard(kClient), put_aside ? "GET" : "GET /evil") << old;
  }
}

TEST(Ambiguity, T23PawsOfAnyClock) {
  // A bare SYN that waited has left its TSval behind: what comes next sets it, however large.
  for (const std::uint32_t clock : {5000u, 0x7fff'ffffu, 0x9000'0000u}) {
    Dialogue talk;
    talk.say(kClient, {.at = -1, .flags = kSyn, .options = stamped(0)});
    talk.say(kServer, {.at = -1, .flags = kSyn | kAck, .options = stamped(0)});
    talk.say(kClient, {.payload = "GET", .options = stamped(clock)});
    talk.say(kServer, {.ack = 3, .options = stamped(clock)});
    talk.say(kClient, {.at = 3, .payload = " /evil", .options = stamped(clock - 100)});
    EXPECT_TRUE(talk.flawed("tcp.paws")) << clock;
    EXPECT_EQ(talk.heard(kClient), "GET") << clock;
  }
}

TEST(Ambiguity, T23TimestampMissing) {
  Dialogue talk;
  talk.handshake(true);
  talk.say(kClient, {.payload = "decoy"});
  EXPECT_TRUE(talk.flawed("tcp.timestamp_missing"));
  talk.say(kClient, {.payload = "GET /", .options = stamped(1001)});
  EXPECT_EQ(talk.heard(kClient), "GET /");
}

TEST(Ambiguity, T24Urgent) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.payload = "/malicXious", .flags = kAck | kUrg, .urgent = 7});
  talk.say(kClient, {.at = 11, .payload = "!", .flags = kAck | kUrg, .urgent = 1});
  talk.say(kClient, {.at = 12, .payload = "ab", .flags = kAck | kUrg, .urgent = 65535});
  talk.say(kClient, {.at = 14, .payload = "cd"});
  EXPECT_EQ(talk.heard(kClient),
            "/malicious"
            "abcd");
  EXPECT_TRUE(talk.flawed("tcp.urgent"));
  EXPECT_EQ(talk.sent(kClient).missing_bytes, 0u);
  EXPECT_EQ(talk.sent(kClient).bytes, 16u);
}

TEST(Ambiguity, T24UrgentBehindAHole) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.at = 2, .payload = "cXd", .flags = kAck | kUrg, .urgent = 2});
  talk.say(kClient, {.payload = "ab"});
  EXPECT_EQ(talk.heard(kClient), "abcd");
}

TEST(Ambiguity, T25SequenceWraps) {
  std::string plain;
  std::string record;
  for (const std::uint32_t isn : {1000u, 0xffff'fffbu, 0xffff'ffffu, 0xffff'fff0u, 0x7fff'fffau}) {
    Dialogue talk(isn, isn + 7);
    talk.handshake();
    for (std::size_t i = 0; i < kGet.size(); i += 3) {
      talk.say(kClient, {.at = static_cast<std::int64_t>(i), .payload = part(i, 3)});
    }
    talk.say(kServer, {.at = 4, .ack = static_cast<std::int64_t>(kGet.size()), .payload = "body"});
    talk.say(kServer, {.ack = static_cast<std::int64_t>(kGet.size()), .payload = "head"});
    talk.close();
    EXPECT_EQ(talk.heard(kClient), kGet);
    EXPECT_EQ(talk.heard(kServer), "headbody");
    if (plain.empty()) plain = talk.heard(kClient), record = talk.record().history;
    EXPECT_EQ(talk.record().history, record);
    EXPECT_EQ(talk.flaws(), 0u);
  }
}

TEST(Ambiguity, T25MoreThanFourGibibytes) {
  Dialogue talk(0xffff'0000);
  talk.handshake();
  talk.keep = false;
  const std::string block(65'000, 'z');
  std::int64_t at = 0;
  while (at < (std::int64_t{1} << 32) + 100'000) {
    talk.say(kClient, {.at = at, .payload = block, .after = 10us});
    at += static_cast<std::int64_t>(block.size());
    talk.say(kServer, {.ack = at, .after = 10us});
  }
  talk.say(kClient, {.at = at, .payload = "end"});
  EXPECT_EQ(talk.sent(kClient).bytes, static_cast<std::uint64_t>(at) + 3);
  EXPECT_EQ(talk.flaws(), 0u);
  EXPECT_EQ(talk.sent(kClient).retransmitted_packets, 0u);
}

TEST(Ambiguity, T26BeyondTheWindow) {
  Dialogue talk;
  talk.say(kClient, {.at = -1, .flags = kSyn, .window = 1000});
  talk.say(kServer, {.at = -1, .flags = kSyn | kAck, .window = 1000});
  talk.say(kClient, {.window = 1000});
  talk.say(kClient, {.at = 50'000, .payload = "far"});
  EXPECT_TRUE(talk.flawed("tcp.out_of_window"));
  talk.say(kClient, {.payload = "near"});
  talk.say(kServer, {.ack = 4, .window = 1000});
  EXPECT_EQ(talk.heard(kClient), "near");
  // A window that shrinks is no fault of who has already sent.
  talk.say(kClient, {.at = 4, .payload = std::string(900, 'x')});
  talk.say(kServer, {.ack = 4, .window = 10});
  talk.say(kClient, {.at = 904, .payload = "y"});
  EXPECT_EQ(talk.heard(kClient), "near" + std::string(900, 'x') + "y");
}

TEST(Ambiguity, T26ScaleUnknownMidstream) {
  Dialogue talk;
  talk.say(kServer, {.at = 5000, .ack = 100, .payload = "data", .window = 10});
  talk.say(kClient, {.at = 100, .ack = 5004, .window = 10});
  talk.say(kServer, {.at = 5008, .ack = 100, .payload = std::string(90'000, 'x'), .window = 10});
  talk.say(kServer, {.at = 5004, .ack = 100, .payload = "more", .window = 10});
  EXPECT_EQ(talk.heard(kServer), "datamore" + std::string(90'000, 'x'));
  EXPECT_EQ(talk.flaws(), 0u);
  EXPECT_TRUE(talk.record().midstream.value_or(false));
}

TEST(Ambiguity, T27ProbesAreNoConflict) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.payload = "abc"});
  talk.say(kServer, {.ack = 3});
  talk.say(kClient,
           {.at = 2, .payload = std::string(1, '\0'), .after = 60s});  // keep-alive, 1 byte
  talk.say(kClient, {.at = 2, .after = 60s});                          // and none
  EXPECT_EQ(talk.sent(kClient).keep_alives, 2u);
  talk.say(kServer, {.ack = 3, .window = 0});
  talk.say(kClient, {.at = 2, .after = 1s});
  EXPECT_EQ(talk.sent(kClient).zero_window_probes, 1u);
  EXPECT_EQ(talk.flaws(), 0u);
  EXPECT_EQ(talk.heard(kClient), "abc");
  EXPECT_EQ(talk.sent(kClient).retransmitted_packets, 0u);
}

TEST(Ambiguity, T27MidstreamFinAndWhatFollowsItAreNoKeepAlive) {
  Dialogue talk;
  talk.say(kServer, {.at = 70, .ack = 10, .flags = kFin | kAck});
  talk.say(kClient, {.at = 10, .ack = 71, .flags = kFin | kAck});
  talk.say(kServer, {.at = 71, .ack = 11});
  EXPECT_EQ(talk.sent(kServer).keep_alives, 0u);
  EXPECT_EQ(talk.record().close, Close::fin);
}

TEST(Ambiguity, T29FlagsThatMakeNoSense) {
  for (const std::uint8_t flags :
       {std::uint8_t{0}, std::uint8_t{kFin | kPsh | kUrg}, std::uint8_t{kSyn | kFin},
        std::uint8_t{kSyn | kRst}, std::uint8_t{kFin | kRst | kAck}}) {
    Dialogue talk;
    talk.handshake();
    talk.say(kClient, {.payload = "x", .flags = flags});
    EXPECT_TRUE(talk.flawed("tcp.bad_flags"));
    EXPECT_EQ(talk.states(), "established/established");
    talk.say(kClient, {.payload = kGet});
    EXPECT_EQ(talk.heard(kClient), kGet);
  }
}

TEST(Ambiguity, T30LossOfTheCapture) {
  Dialogue talk;
  talk.handshake();
  talk.say(kServer, {.payload = "head"});
  talk.say(kServer, {.at = 104, .payload = "tail"});
  talk.say(kClient, {.ack = 108});
  EXPECT_EQ(talk.heard(kServer), "head");  // the ACK may have overtaken its data in the capture
  talk.pass(150ms);
  EXPECT_EQ(talk.heard(kServer), "head<100>tail");
  EXPECT_EQ(talk.sent(kServer).missing_bytes, 100u);
  EXPECT_EQ(talk.sent(kServer).bytes, 8u);
  EXPECT_EQ(talk.sent(kServer).retransmitted_packets, 0u);
}

TEST(Ambiguity, T30OnlyWhatIsAcknowledgedIsGivenUp) {
  Dialogue talk;
  talk.handshake();
  talk.say(kServer, {.payload = "head"});
  talk.say(kServer, {.at = 104, .payload = "tail"});
  talk.say(kClient, {.ack = 54});
  talk.pass(150ms);
  EXPECT_EQ(talk.heard(kServer), "head<50>");
  talk.say(kServer, {.at = 54, .payload = std::string(50, 'x'), .after = 2s});
  EXPECT_EQ(talk.heard(kServer), "head<50>" + std::string(50, 'x') + "tail");
}

TEST(Ambiguity, T30AckBeforeItsData) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.ack = 4, .after = 1ms});
  talk.say(kServer, {.payload = "data", .after = 10us});
  talk.say(kClient, {.ack = 12});
  talk.say(kServer, {.at = 8, .payload = "tail", .after = 10us});
  talk.say(kServer, {.at = 4, .payload = "body", .after = 10us});
  EXPECT_EQ(talk.heard(kServer), "databodytail");
  EXPECT_EQ(talk.sent(kServer).acked_before_seen, 3u);
  EXPECT_EQ(talk.sent(kServer).missing_bytes, 0u);
  EXPECT_EQ(talk.sent(kServer).retransmitted_packets, 0u);
  EXPECT_EQ(talk.flaws(), 0u);
}

TEST(Ambiguity, T30BothEndsAgreeAfterALongOutage) {
  Dialogue talk;
  talk.handshake();
  talk.say(kServer, {.payload = "head"});
  talk.say(kClient, {.ack = 4});
  talk.say(kServer, {.at = 90'000'000, .payload = "tail", .after = 3s});
  talk.say(kClient, {.ack = 90'000'004});
  talk.pass(200ms);
  EXPECT_EQ(talk.heard(kServer), "head<89999996>tail");
  talk.say(kServer, {.at = 90'000'004, .payload = "end"});
  EXPECT_EQ(talk.heard(kServer), "head<89999996>tailend");
}

TEST(Ambiguity, T30AckAndDataAgreeAfterLongOutages) {
  Dialogue talk;
  talk.handshake();
  std::int64_t at = 0;
  std::string heard;
  for (int i = 0; i < 6; ++i) {
    const std::int64_t jump = 1'900'000'000;
    at += jump;
    if (i % 2 == 0) {  // the ACK of what was missed comes first
      talk.say(kClient, {.ack = at, .after = 3s});
      talk.say(kServer, {.at = at, .payload = "tail"});
    } else {
      talk.say(kServer, {.at = at, .payload = "tail", .after = 3s});
      talk.say(kClient, {.ack = at});
      talk.say(kClient, {.ack = at + 4});
    }
    talk.pass(200ms);
    heard.append("<").append(std::to_string(i == 0 ? jump : jump - 4)).append(">tail");
    EXPECT_EQ(talk.heard(kServer), heard) << i;
  }
  EXPECT_GT(talk.sent(kServer).missing_bytes, std::uint64_t{1} << 32);
}

TEST(Ambiguity, T31OneSide) {
  for (const Direction side : {kClient, kServer}) {
    Dialogue talk;
    const std::uint8_t syn = side == kClient ? kSyn : kSyn | kAck;
    talk.say(side, {.at = -1, .flags = syn});
    talk.say(side, {.payload = "one"});
    talk.say(side, {.at = 3, .ack = 50, .payload = "two"});
    talk.say(side, {.at = 16, .ack = 90, .payload = "four"});
    EXPECT_EQ(talk.heard(side), "onetwo");
    talk.pass(5s);
    EXPECT_EQ(talk.heard(side), "onetwo<10>four");
    talk.say(side, {.at = 20, .ack = 90, .flags = kFin | kAck});
    EXPECT_TRUE(talk.ended(side));
    EXPECT_TRUE(talk.record().one_sided.value_or(false));
    EXPECT_EQ(talk.flaws(), 0u);
  }
}

TEST(Ambiguity, T31NoAcksStaysBounded) {
  Dialogue talk;
  talk.handshake();
  const std::string block(1000, 'x');
  for (std::int64_t i = 0; i < 3000; ++i) {
    talk.say(kClient, {.at = 1 + i * 1000, .payload = block, .after = 1us});
    ASSERT_LE(talk.ledger().used(Charge::reassembly), std::size_t{1} << 20);
  }
  EXPECT_EQ(talk.sent(kClient).bytes, 3'000'000u);
  EXPECT_EQ(talk.sent(kClient).missing_bytes, 1u);
}

TEST(Ambiguity, T32MidstreamBeginsWithAKeepAlive) {
  Dialogue talk;
  talk.say(kServer, {.at = 999, .ack = 77});
  talk.say(kClient, {.at = 77, .ack = 1000});
  talk.say(kServer, {.at = 1000, .ack = 77, .payload = "data"});
  talk.say(kClient, {.at = 77, .ack = 1004});
  EXPECT_EQ(talk.heard(kServer), "data");
  EXPECT_EQ(talk.sent(kServer).keep_alives, 1u);
}

TEST(Ambiguity, T32Midstream) {
  Dialogue talk;
  talk.say(kServer, {.at = 1000, .ack = 77, .payload = "half of it"});
  talk.say(kClient, {.at = 77, .ack = 1010});
  talk.say(kClient, {.at = 77, .ack = 1010, .payload = "more"});
  talk.say(kServer, {.at = 1010, .ack = 81, .payload = "rest"});
  EXPECT_EQ(talk.heard(kServer), "half of itrest");
  EXPECT_EQ(talk.heard(kClient), "more");
  EXPECT_TRUE(talk.record().midstream.value_or(false));
  EXPECT_FALSE(talk.record().client_known);
  EXPECT_EQ(talk.states(), "established/established");
  EXPECT_EQ(talk.flaws(), 0u);
  EXPECT_EQ(talk.record().conn_state, "OTH");
}

}  // namespace
}  // namespace wirelens
