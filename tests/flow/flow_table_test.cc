// Whole packets into one shard: who is the client, one connection under two VLANs, two tiers, short
// memory, time.
#include "flow/flow_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "all.h"
#include "event/exchange.h"
#include "support/packets.h"

namespace wirelens {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint8_t kFin = 1, kSyn = 2, kRst = 4, kAck = 16;

/// What was told, as far as the tests ask.
struct Told final : Emitter {
  ConnectionId open() override { return opened++; }
  void close(ConnectionId) override { ++closed; }
  void emit(const EventType* type, Timestamp, std::optional<ConnectionId>, const void* payload,
            const Peers*) override {
    const Event event(type, {}, std::nullopt, payload);
    if (const auto* connection = event.as<Connection>()) {
      if (connection->interim) return void(++interims);
      clients.emplace_back(connection->client.ip);
      closes.push_back(connection->close.value_or(Close::open));
      evicted += connection->evicted.has_value();
    }
    if (const auto* exchange = event.as<Exchange>()) complete += exchange->complete;
  }
  ConnectionId opened = 0, closed = 0;
  int interims = 0, evicted = 0, complete = 0;
  std::vector<std::string> clients;
  std::vector<Close> closes;
};

constexpr HashKey kSecret{1, 2};

struct Shard {
  explicit Shard(std::size_t memory = std::size_t{64} << 20) {
    FlowSettings settings;
    settings.protocols = all_protocols();
    table = std::make_unique<FlowTable>(settings, kSecret, decoder, memory, pool, told);
  }
  void send(const TcpSpec& spec, Duration after = milliseconds(1)) {
    now += after;
    const Octets frame = frame_of(spec);
    Packet packet = packet_of(frame, now, ++packets);
    Decoded decoded;
    ASSERT_EQ(decoder.decode(packet, interface, decoded), Verdict::flow);
    pass(packet.now);
    table->packet(packet, decoded, FlowTable::place(kSecret, decoded.key), {});
  }
  void pass(Timestamp time) {
    if (!table->has_due(time)) return;
    std::vector<FlowTable::Due> due;
    table->collect_due(time, due);
    for (const FlowTable::Due& each : due) each.table->expire(each.handle, time, packets);
  }
  void finish() {
    std::vector<FlowTable::Due> all;
    table->collect_before(~std::uint64_t{0}, all);
    for (const FlowTable::Due& each : all) table->finish(each.handle, {packets, {}});
  }
  /// A whole exchange over a connection of its own: handshake, request, answer, close.
  void exchange(std::uint16_t port, std::vector<std::uint16_t> to = {},
                std::vector<std::uint16_t> back = {}) {
    TcpSpec client{.source_port = port, .vlans = to};
    TcpSpec server{.source = client.destination,
                   .destination = client.source,
                   .source_port = 80,
                   .destination_port = port,
                   .vlans = back};
    const auto say = [&](TcpSpec spec, std::uint32_t sequence, std::uint32_t acknowledgment,
                         std::uint8_t flags, std::string payload = {}) {
      spec.sequence = sequence;
      spec.acknowledgment = acknowledgment;
      spec.flags = flags;
      spec.payload = std::move(payload);
      send(spec);
    };
    const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    const auto asked = static_cast<std::uint32_t>(101 + request.size());
    const auto answered = static_cast<std::uint32_t>(501 + answer.size());
    say(client, 100, 0, kSyn);
    say(server, 500, 101, kSyn | kAck);
    say(client, 101, 501, kAck);
    say(client, 101, 501, kAck, request);
    say(server, 501, asked, kAck, answer);
    say(client, asked, answered, kFin | kAck);
    say(server, answered, asked + 1, kFin | kAck);
    say(client, asked + 1, answered + 1, kAck);
  }

  Ledger decoder_ledger{std::size_t{8} << 20};
  Decoder decoder{decoder_ledger};
  std::pmr::unsynchronized_pool_resource pool;
  Told told;
  Interface interface;
  std::unique_ptr<FlowTable> table;
  Duration now{};
  std::uint64_t packets = 0;
};

TEST(FlowTable, AnExchangeFromHandshakeToClose) {
  Shard shard;
  shard.exchange(40000);
  shard.finish();
  EXPECT_EQ(shard.told.complete, 1);
  EXPECT_EQ(shard.told.closes, std::vector{Close::fin});
  EXPECT_EQ(shard.told.opened, shard.told.closed);
}

TEST(FlowTable, OneConnectionUnderTwoVlans) {
  Shard shard;
  shard.exchange(40000, {10}, {20});
  shard.exchange(40001, {10}, {});
  shard.exchange(40002, {}, {20});
  shard.finish();
  EXPECT_EQ(shard.told.opened, 3u);
  EXPECT_EQ(shard.told.complete, 3);
}

TEST(FlowTable, TheSamePortsInTwoVlansAreTwoConnections) {
  Shard shard;
  shard.send({.sequence = 1, .flags = kSyn, .vlans = {10}});
  shard.send({.sequence = 1, .flags = kSyn, .vlans = {20}});
  shard.finish();
  EXPECT_EQ(shard.told.opened, 2u);
}

TEST(FlowTable, WhoeverAsksIsTheClient) {
  // No handshake, and the server has the higher port.
  Shard shard;
  shard.send({.source = "10.0.0.9",
              .source_port = 443,
              .destination_port = 50000,
              .payload = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"});
  shard.send({.destination = "10.0.0.9",
              .source_port = 50001,
              .destination_port = 443,
              .payload = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  shard.finish();
  EXPECT_EQ(shard.told.clients, (std::vector<std::string>{"10.0.0.9", "10.0.0.9"}));
}

TEST(FlowTable, AFloodOfSynsNeitherGrowsNorBlinds) {
  constexpr std::size_t kMemory = std::size_t{2} << 20;
  Shard shard(kMemory);
  for (std::uint32_t i = 0; i < 40'000; ++i) {
    shard.send({.source = "172.16." + std::to_string(i / 250 % 250) + "." + std::to_string(i % 250),
                .source_port = static_cast<std::uint16_t>(1024 + i),
                .sequence = i,
                .flags = kSyn},
               std::chrono::microseconds(1));
    if (i % 1000 == 0) shard.exchange(static_cast<std::uint16_t>(40000 + i / 1000));
  }
  EXPECT_LE(shard.table->memory_account().peak(), kMemory);
  shard.finish();
  EXPECT_EQ(shard.told.complete, 40);
  EXPECT_GT(shard.told.evicted, 30'000);
  EXPECT_EQ(shard.told.opened, shard.told.closed);
}

TEST(FlowTable, ShortMemoryForgetsTheLeastUseful) {
  constexpr std::size_t kMemory = std::size_t{256} << 10;
  Shard shard(kMemory);
  for (std::uint16_t port = 10'000; port < 14'000; ++port) {
    shard.send({.source_port = port, .payload = "not a protocol"});
  }
  EXPECT_LE(shard.table->memory_account().total(), kMemory);
  EXPECT_GT(shard.table->tally().evicted, 2000u);
  shard.exchange(40000);
  EXPECT_EQ(shard.told.complete, 1);
  shard.finish();
  EXPECT_EQ(shard.told.opened, shard.told.closed);
}

TEST(FlowTable, TimeEndsWhatWaits) {
  Shard shard;
  shard.send({.sequence = 1, .flags = kSyn});
  shard.exchange(50000);
  EXPECT_EQ(shard.told.closed, 0u);
  shard.send({.source_port = 1, .sequence = 9, .flags = kSyn}, seconds(70));
  EXPECT_EQ(shard.told.closes, std::vector{Close::fin});  // TIME_WAIT is over
  shard.send({.source_port = 2, .sequence = 9, .flags = kSyn}, seconds(120));
  EXPECT_EQ(shard.told.closes, (std::vector{Close::fin, Close::unanswered}));
}

TEST(FlowTable, LongConnectionsLeaveInterimRecords) {
  Shard shard;
  shard.send({.payload = "a"});
  for (int minute = 0; minute < 30; ++minute) {
    shard.send({.sequence = static_cast<std::uint32_t>(2 + minute), .payload = "a"}, seconds(60));
  }
  EXPECT_EQ(shard.told.interims, 6);
  shard.finish();
}

TEST(FlowTable, AResetAnswersASyn) {
  Shard shard;
  shard.send({.sequence = 1, .flags = kSyn});
  shard.send({.source = "10.0.0.2",
              .destination = "10.0.0.1",
              .source_port = 80,
              .destination_port = 40000,
              .sequence = 0,
              .acknowledgment = 2,
              .flags = kRst | kAck});
  shard.finish();
  EXPECT_EQ(shard.told.closes, std::vector{Close::refused});
}

TEST(FlowTable, ASynSentAgainAfterItsRefusalIsNoConnectionOfItsOwn) {
  Shard shard;
  for (const int pause : {0, 3, 6, 12}) {
    shard.send({.sequence = 1, .flags = kSyn}, seconds(pause));
    shard.send({.source = "10.0.0.2",
                .destination = "10.0.0.1",
                .source_port = 80,
                .destination_port = 40000,
                .sequence = 0,
                .acknowledgment = 2,
                .flags = kRst | kAck});
  }
  shard.finish();
  EXPECT_EQ(shard.told.closes, std::vector{Close::refused});
}

}  // namespace
}  // namespace wirelens
