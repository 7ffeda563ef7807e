// TLS over TCP, packet by packet, into one shard of the flow table: for what a conversation alone
// cannot show.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "all.h"
#include "flow/flow_table.h"
#include "support/packets.h"

namespace wirelens::testing {

class Wire {
 public:
  /// In what order the segments of a turn come.
  enum class Order : std::uint8_t { sent, shuffled, repeated };

  Wire(Emitter& told, FlowSettings settings) {
    if (settings.protocols.empty()) settings.protocols = all_protocols();
    table_ = std::make_unique<FlowTable>(settings, kSecret, decoder_, std::size_t{256} << 20, pool_,
                                         told);
  }

  const Ledger& ledger() const { return table_->memory_account(); }

  /// A connection of its own, the handshake first; `turns` by turns, the client's first, in
  /// segments of at most `most` bytes. Stays open.
  void connect(std::uint32_t number, const std::vector<std::string>& turns, std::size_t most = 1448,
               Order order = Order::sent) {
    TcpSpec client{.source = "10.1." + std::to_string(number / 250 % 250) + "." +
                             std::to_string(1 + number % 250),
                   .source_port = static_cast<std::uint16_t>(20'000 + number % 7),
                   .destination_port = 443};
    TcpSpec server{.source = client.destination,
                   .destination = client.source,
                   .source_port = 443,
                   .destination_port = client.source_port};
    client.sequence = 100;
    server.sequence = 500;
    send(client, server, kSyn);
    ++client.sequence;
    send(server, client, kSyn | kAck);
    ++server.sequence;
    send(client, server, kAck);
    TcpSpec* from = &client;
    TcpSpec* to = &server;
    for (const std::string& turn : turns) {
      say(*from, *to, turn, most, order);
      std::swap(from, to);
    }
  }
  /// Lets timers fire that are due by then.
  void pass(Duration time) {
    now_ += time;
    std::vector<FlowTable::Due> due;
    const Timestamp now = Timestamp{} + now_;
    if (table_->has_due(now)) table_->collect_due(now, due);
    for (const FlowTable::Due& each : due) each.table->expire(each.handle, now, packets_);
  }
  /// Ends every connection: to be called before it goes.
  void finish() {
    std::vector<FlowTable::Due> all;
    table_->collect_before(~std::uint64_t{0}, all);
    for (const FlowTable::Due& each : all) table_->finish(each.handle, {packets_, {}});
  }

 private:
  static constexpr std::uint8_t kSyn = 2, kAck = 16;

  void say(TcpSpec& from, const TcpSpec& to, const std::string& turn, std::size_t most,
           Order order) {
    std::vector<std::pair<std::uint32_t, std::string>> segments;
    for (std::size_t at = 0; at < turn.size(); at += most) {
      segments.emplace_back(from.sequence + static_cast<std::uint32_t>(at), turn.substr(at, most));
    }
    if (order == Order::shuffled) std::shuffle(segments.begin(), segments.end(), random_);
    if (order == Order::repeated) {
      for (std::size_t i = segments.size(); i-- > 0;) segments.push_back(segments[i]);
    }
    const auto end = from.sequence + static_cast<std::uint32_t>(turn.size());
    for (auto& [sequence, payload] : segments) {
      from.sequence = sequence;
      from.payload = payload;
      send(from, to, kAck);
    }
    from.sequence = end;
    from.payload.clear();
    send(to, from, kAck);
  }
  void send(TcpSpec from, const TcpSpec& to, std::uint8_t flags) {
    from.flags = flags;
    from.acknowledgment = (flags & kAck) != 0 ? to.sequence : 0;
    now_ += std::chrono::microseconds(10);
    const Octets frame = frame_of(from);
    Packet packet = packet_of(frame, now_, ++packets_);
    Decoded decoded;
    ASSERT_EQ(decoder_.decode(packet, interface_, decoded), Verdict::flow);
    table_->packet(packet, decoded, FlowTable::place(kSecret, decoded.key), {});
  }

  static constexpr HashKey kSecret{1, 2};
  Ledger decoder_ledger_{std::size_t{8} << 20};
  Decoder decoder_{decoder_ledger_};
  std::pmr::unsynchronized_pool_resource pool_;
  Interface interface_;
  std::unique_ptr<FlowTable> table_;
  std::mt19937 random_{5};
  Duration now_{};
  std::uint64_t packets_ = 0;
};

}  // namespace wirelens::testing
