// tcp/loss_test.cc - what was lost, by whom, and what was only late or seen twice.
#include <gtest/gtest.h>

#include "support/conversation.h"

namespace wirelens {
namespace {

using namespace std::chrono_literals;

const std::string kFull(1000, 'x');

std::int64_t at(int segment) {
  return std::int64_t{1000} * segment;
}

/// Sends full segments from..to (exclusive) of the server, 100 us apart.
void send(Dialogue& talk, int from, int to) {
  for (int i = from; i < to; ++i) {
    talk.say(kServer, {.at = at(i), .payload = kFull, .after = 100us});
  }
}

TcpOptions sack(std::uint32_t left, std::uint32_t right) {
  TcpOptions options;
  options.sack_blocks = 1;
  options.sack[0] = {5'000'000 + left, 5'000'000 + right};
  return options;
}

TEST(Loss, FastRetransmissionAfterThreeDuplicateAcks) {
  Dialogue talk;
  talk.handshake();
  send(talk, 0, 8);
  talk.say(kClient, {.ack = at(1), .after = 20ms});
  for (int i = 0; i < 3; ++i) talk.say(kClient, {.ack = at(1), .after = 100us});
  talk.say(kServer, {.at = at(1), .payload = kFull, .after = 1ms});
  talk.say(kClient, {.ack = at(8), .after = 20ms});
  EXPECT_EQ(talk.sent(kClient).duplicate_acks, 3u);
  EXPECT_EQ(talk.sent(kServer).fast_retransmits, 1u);
  EXPECT_EQ(talk.sent(kServer).timeouts, 0u);
  EXPECT_EQ(talk.sent(kServer).retransmitted_packets, 1u);
  EXPECT_EQ(talk.sent(kServer).retransmitted_bytes, 1000u);
  EXPECT_EQ(talk.sent(kServer).max_bytes_in_flight, 8000u);
}

TEST(Loss, FastRetransmissionBySackOfDataThatTheCaptureNeverSaw) {
  Dialogue talk;
  talk.handshake();
  send(talk, 0, 1);
  send(talk, 2, 4);  // segment 1 was lost before the capture
  talk.say(kClient, {.ack = at(1), .options = sack(2000, 4000), .after = 20ms});
  talk.say(kServer, {.at = at(1), .payload = kFull, .after = 1ms});
  EXPECT_EQ(talk.sent(kServer).fast_retransmits, 1u);
  EXPECT_EQ(talk.sent(kServer).out_of_order, 0u);
  EXPECT_EQ(talk.heard(kServer).size(), 4000u);
}

TEST(Loss, TimeoutOfTheLastSegment) {
  Dialogue talk;
  talk.handshake();
  send(talk, 0, 2);
  talk.say(kServer, {.at = at(1), .payload = kFull, .after = 250ms});
  talk.say(kServer, {.at = at(1), .payload = kFull, .after = 500ms});
  talk.say(kClient, {.ack = at(2)});
  EXPECT_EQ(talk.sent(kServer).timeouts, 2u);
  EXPECT_EQ(talk.sent(kServer).fast_retransmits, 0u);
  EXPECT_FALSE(talk.sent(kServer).rtt.has_value());  // Karn: nobody knows which copy was answered
}

TEST(Loss, TailLossProbeIsNoTimeout) {
  Dialogue talk;
  talk.handshake();
  send(talk, 0, 2);
  talk.say(kServer, {.at = at(1), .payload = kFull, .after = 20ms});
  EXPECT_EQ(talk.sent(kServer).retransmitted_packets, 1u);
  EXPECT_EQ(talk.sent(kServer).timeouts, 0u);
  EXPECT_EQ(talk.sent(kServer).spurious, 0u);
}

TEST(Loss, SpuriousWhenTheAckWasSeen) {
  Dialogue talk;
  talk.handshake();
  send(talk, 0, 2);
  talk.say(kClient, {.ack = at(2)});
  talk.say(kServer, {.at = at(1), .payload = kFull, .after = 300ms});
  EXPECT_EQ(talk.sent(kServer).spurious, 1u);
  EXPECT_EQ(talk.sent(kServer).retransmitted_packets, 1u);
}

TEST(Loss, SpuriousByDuplicateSack) {
  Dialogue talk;
  talk.handshake();
  send(talk, 0, 2);
  talk.say(kServer, {.at = at(1), .payload = kFull, .after = 300ms});
  talk.say(kClient, {.ack = at(2)});
  EXPECT_EQ(talk.sent(kServer).spurious, 0u);
  talk.say(kClient, {.ack = at(2), .options = sack(1000, 2000)});
  talk.say(kClient, {.ack = at(2), .options = sack(1000, 2000)});
  EXPECT_EQ(talk.sent(kServer).spurious, 1u);
  EXPECT_EQ(talk.sent(kServer).timeouts, 1u);
}

TEST(Loss, OvertakenOnTheWay) {
  Dialogue talk;
  talk.handshake();
  send(talk, 0, 1);
  talk.say(kServer, {.at = at(2), .payload = kFull, .id = 501});
  talk.say(kServer, {.at = at(1), .payload = kFull, .id = 500, .after = 15ms});
  EXPECT_EQ(talk.sent(kServer).out_of_order, 1u);
  EXPECT_EQ(talk.sent(kServer).retransmitted_packets, 0u);
}

TEST(Loss, SentLaterIsNotOvertaken) {
  Dialogue talk;
  talk.handshake();
  send(talk, 0, 1);
  talk.say(kServer, {.at = at(2), .payload = kFull, .id = 501});
  talk.say(kServer, {.at = at(1), .payload = kFull, .id = 502});
  EXPECT_EQ(talk.sent(kServer).out_of_order, 0u);
  EXPECT_EQ(talk.sent(kServer).retransmitted_packets, 1u);
}

TEST(Loss, MirrorPortSeesTwice) {
  Dialogue talk;
  talk.handshake();
  for (std::uint16_t i = 0; i < 3; ++i) {
    for (int copy = 0; copy < 2; ++copy) {
      talk.say(
          kServer,
          {.at = at(i), .payload = kFull, .id = static_cast<std::uint16_t>(700 + i), .after = 5us});
    }
    for (int copy = 0; copy < 2; ++copy) {
      talk.say(kClient,
               {.ack = at(i + 1), .id = static_cast<std::uint16_t>(900 + i), .after = 5us});
    }
  }
  EXPECT_EQ(talk.sent(kServer).capture_duplicates, 3u);
  EXPECT_EQ(talk.sent(kClient).capture_duplicates, 3u);
  EXPECT_EQ(talk.sent(kServer).retransmitted_packets, 0u);
  EXPECT_EQ(talk.sent(kClient).duplicate_acks, 0u);
  EXPECT_EQ(talk.heard(kServer).size(), 3000u);
}

TEST(Loss, CopiesBehindOthers) {
  Dialogue talk;
  talk.handshake();
  talk.say(kClient, {.id = 50});
  talk.say(kClient, {.id = 50});  // the capture is known for copies from here on
  send(talk, 0, 4);
  for (int copy = 0; copy < 2; ++copy) {
    for (std::uint16_t i = 0; i < 4; ++i) {
      talk.say(kClient, {.ack = at(i + 1), .id = static_cast<std::uint16_t>(60 + i), .after = 3us});
    }
  }
  EXPECT_EQ(talk.sent(kClient).capture_duplicates, 5u);
  EXPECT_EQ(talk.sent(kClient).duplicate_acks, 0u);
}

TEST(Loss, CopyThatDiffersIsNoCopy) {
  Dialogue talk;
  talk.handshake();
  talk.say(kServer, {.payload = "good", .id = 7});
  talk.say(kServer, {.payload = "evil", .id = 7});
  EXPECT_EQ(talk.sent(kServer).capture_duplicates, 0u);
  EXPECT_TRUE(talk.flawed("tcp.overlap_conflict"));
}

TEST(Loss, MirrorPortSeesTheHandshakeTwice) {
  Dialogue talk;
  constexpr std::uint8_t kSyn = TcpHeader::kSyn, kAck = TcpHeader::kAck;
  for (int copy = 0; copy < 2; ++copy) {
    talk.say(kClient, {.at = -1, .flags = kSyn, .id = 1, .after = 15us});
  }
  talk.say(kServer, {.at = -1, .flags = kSyn | kAck});
  talk.say(kClient, {.id = 2, .after = 10us});
  talk.say(kServer, {.at = -1, .flags = kSyn | kAck, .after = 5us});
  talk.say(kClient, {.id = 2, .after = 10us});
  EXPECT_EQ(talk.sent(kClient).capture_duplicates, 2u);
  EXPECT_EQ(talk.sent(kServer).capture_duplicates, 1u);
  EXPECT_EQ(talk.sent(kClient).retransmitted_packets, 0u);
  EXPECT_EQ(talk.sent(kServer).retransmitted_packets, 0u);
}

TEST(Loss, DuplicatedByTheNetwork) {
  Dialogue talk;
  talk.handshake();
  for (int copy = 0; copy < 2; ++copy) {
    talk.say(kServer, {.payload = kFull, .id = 5, .after = 10us});
  }
  EXPECT_EQ(talk.sent(kServer).capture_duplicates, 1u);
  talk.say(kClient, {.ack = at(1)});
  talk.say(kClient, {.ack = at(1), .options = sack(0, 1000)});  // the receiver had it twice as well
  EXPECT_EQ(talk.sent(kServer).capture_duplicates, 0u);
  EXPECT_EQ(talk.sent(kServer).retransmitted_packets, 0u);
}

TEST(Loss, ZeroWindow) {
  Dialogue talk;
  talk.handshake();
  send(talk, 0, 2);
  talk.say(kClient, {.ack = at(2), .window = 0});
  talk.say(kServer, {.at = at(2) - 1, .after = 200ms});
  talk.say(kClient, {.ack = at(2), .window = 0});
  talk.say(kServer, {.at = at(2) - 1, .after = 400ms});
  talk.say(kClient, {.ack = at(2), .window = 0});
  talk.say(kClient, {.ack = at(2), .window = 500, .after = 100ms});
  EXPECT_EQ(talk.sent(kClient).zero_windows, 3u);
  EXPECT_EQ(talk.sent(kClient).zero_window_time, 702ms);
  EXPECT_EQ(talk.sent(kServer).zero_window_probes, 2u);
  EXPECT_EQ(talk.sent(kServer).retransmitted_packets, 0u);
  EXPECT_EQ(talk.sent(kClient).duplicate_acks, 0u);
}

TEST(Loss, ProbesOfOneByteAreTakenOnce) {
  Dialogue talk;
  talk.handshake();
  send(talk, 0, 1);
  talk.say(kClient, {.ack = at(1), .window = 0});
  talk.say(kServer, {.at = at(1), .payload = "x", .after = 300ms});
  talk.say(kClient, {.ack = at(1), .window = 0});
  talk.say(kServer, {.at = at(1), .payload = "x", .after = 600ms});
  talk.say(kClient, {.ack = at(1), .window = 65535});
  talk.say(kServer, {.at = at(1), .payload = kFull});
  EXPECT_EQ(talk.sent(kServer).zero_window_probes, 2u);
  EXPECT_EQ(talk.heard(kServer).size(), 2000u);
  EXPECT_EQ(talk.flaws(), 0u);
}

TEST(Loss, RoundTripsByAcksAndByTimestamps) {
  Dialogue talk;
  talk.handshake();
  for (int i = 0; i < 10; ++i) {
    send(talk, i, i + 1);
    talk.say(kClient, {.ack = at(i + 1), .after = std::chrono::milliseconds(10 + i)});
  }
  const RoundTrip rtt = *talk.sent(kServer).rtt;
  EXPECT_EQ(rtt.samples, 10u);
  EXPECT_EQ(rtt.min, 10ms);
  EXPECT_EQ(rtt.max, 19ms);
  EXPECT_EQ(rtt.mean, 14500us);

  const auto ticks = [](std::uint32_t value, std::uint32_t echo) {
    TcpOptions options;
    options.has_timestamp = true;
    options.timestamp_value = value;
    options.timestamp_echo = echo;
    return options;
  };
  Dialogue stamped;
  stamped.handshake(true);
  stamped.say(kServer, {.payload = kFull, .options = ticks(2000, 1000)});
  stamped.say(kServer, {.payload = kFull, .options = ticks(2300, 1000), .after = 300ms});
  stamped.say(kClient, {.ack = at(1), .options = ticks(1500, 2300), .after = 7ms});
  EXPECT_EQ(stamped.sent(kServer).rtt->mean, 7ms);  // the echo names the second copy
}

TEST(Loss, ResentSynsCountAsTimeouts) {
  Dialogue talk;
  talk.say(kClient, {.at = -1, .flags = TcpHeader::kSyn});
  talk.say(kClient, {.at = -1, .flags = TcpHeader::kSyn, .after = 1s});
  talk.say(kServer, {.at = -1, .flags = TcpHeader::kSyn | TcpHeader::kAck});
  talk.say(kServer, {.at = -1, .flags = TcpHeader::kSyn | TcpHeader::kAck, .after = 1s});
  talk.say(kClient, {});
  EXPECT_EQ(talk.sent(kClient).timeouts, 1u);
  EXPECT_EQ(talk.sent(kServer).timeouts, 1u);
  EXPECT_EQ(*talk.record().handshake_rtt, 1s + 1ms + 1s + 1ms);
}

TEST(Loss, TruncatedPayloadIsMissing) {
  Dialogue talk;
  talk.handshake();
  talk.say(kServer, {.payload = kFull, .cut = 900});
  talk.say(kServer, {.at = at(2), .payload = kFull, .cut = 990});
  talk.say(kServer, {.at = at(1), .payload = kFull, .cut = 1000});
  EXPECT_EQ(talk.heard(kServer),
            std::string(100, 'x') + "<900><1000>" + std::string(10, 'x') + "<990>");
  EXPECT_EQ(talk.sent(kServer).bytes, 3000u);  // they were sent, and seen: only not kept
  EXPECT_EQ(talk.sent(kServer).missing_bytes, 0u);
  EXPECT_EQ(talk.flaws(), 0u);
}

}  // namespace
}  // namespace wirelens
