// engine/worker.h - one thread's share: decodes every packet, keeps the flows of its own shards.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <vector>

#include "base/hash.h"
#include "base/ledger.h"
#include "base/pool.h"
#include "capture/packet.h"
#include "decode/decode.h"
#include "dissect/secrets.h"
#include "dissect/shelf.h"
#include "engine/engine.h"
#include "event/emitter.h"
#include "flow/flow_table.h"

namespace wirelens {

/// What was seen of the packets, whoever keeps their flows: the same for every worker of a run.
struct PacketTally {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t truncated = 0;
  std::optional<Timestamp> last_time;
  std::uint64_t last_packet = 0;
};

class Worker {
 public:
  /// Flows are spread over this many shards, whatever the number of workers: what is forgotten when
  /// memory runs short must not depend on that.
  static constexpr unsigned kShards = 16;

  /// Worker `number` of `workers` keeps every shard s with s % workers == number.
  Worker(const EngineOptions& options, const HashKey& secret, unsigned number, unsigned workers,
         Emitter& emitter);

  /// Takes packets in order. `interfaces` are those that the packets refer to. `keys` are secrets
  /// in the order in which they stand in the input: returns how many of them stand before the next
  /// packet; those are learnt, each at its place.
  std::size_t take(std::span<const Packet> packets, std::span<const Interface> interfaces,
                   std::span<const Annotations::Keys> keys = {});
  /// More secrets, for all packets to come.
  void learn(const SecretText& log) { secrets_.add(log.view()); }
  /// The input has ended: ends every flow.
  void finish();

  const PacketTally& tally() const { return tally_; }
  /// nullptr: nobody asked for one.
  const Timeline* timeline() const { return timeline_.get(); }
  const DecodeCounts& decode_counts() const { return decoder_.counts(); }
  FlowTally flow_tally() const;
  /// Bytes that the ledgers refused, by class.
  std::uint64_t refused(Charge charge) const;

 private:
  /// Flows of the latest packets, by a few bits of their keys: packets come in trains.
  struct Recent {
    FlowKey key;
    std::uint32_t place = 0;
    FlowTable* table = nullptr;
    FlowTable::Guess flow;
  };
  struct Pending {
    const Packet* packet = nullptr;
    Recent* entry = nullptr;
    FlowTable* table = nullptr;  // nullptr: not a packet of one of our flows
    std::uint32_t place = 0;     // in the table's index
    bool recent = false;         // of a flow that was here a moment ago: all of it is at hand
    FlowTable::Guess guess;
    Decoded decoded;
  };
  /// Packets that go through the stages together; what a stage has asked for arrives while the
  /// other groups are at work.
  struct Group {
    static constexpr std::size_t kSize = 8;
    std::size_t count = 0;
    std::array<Pending, kSize> packets;
  };

  void count(std::span<const Packet> packets);
  void find_table(Pending& pending);
  void take_all(std::span<const Packet> packets, std::span<const Interface> interfaces);
  void decode(const Packet& packet, std::span<const Interface> interfaces, Pending& pending);
  void step();
  void drain();
  void handle(const Pending& pending);
  void look_ahead(std::size_t due);
  void finish_before(std::uint64_t packet, std::size_t flows);
  void note_time(const Pending& pending);
  void let_time_pass(const Packet& packet);

  HashKey secret_;
  Ledger decoder_ledger_;
  Decoder decoder_;
  Pool pool_;
  Secrets secrets_;
  Shelf shelf_;
  Emitter& emitter_;
  std::unique_ptr<Timeline> timeline_;
  std::array<std::unique_ptr<FlowTable>, kShards> tables_;
  FlowTable* any_table_ = nullptr;
  PacketTally tally_;
  std::array<Recent, 64> recent_;
  // What was done with them so far: the stages in front of handle().
  std::array<Group, 4> groups_;
  Group* decoded_ = &groups_[0];
  Group* approached_ = &groups_[1];
  Group* reached_ = &groups_[2];
  Group* grasped_ = &groups_[3];
  std::vector<FlowTable::Due> due_;
};

}  // namespace wirelens
