// engine/worker.cc - the path of a packet, in batches so that memory can be fetched ahead.
#include "engine/worker.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/prefetch.h"

namespace wirelens {
namespace {

/// Which shard a flow belongs to: by its 5-tuple alone, so that both ends of a connection meet even
/// if they wear different VLAN tags.
unsigned shard_of(const FlowKey& key) {
  std::uint64_t words[4];
  std::memcpy(words, &key, sizeof words);
  std::uint64_t mixed = words[0] ^ words[1] ^ words[2] ^ words[3];
  mixed ^= (std::uint64_t{key.low_port} << 16 | key.high_port) * 0x9e3779b97f4a7c15;
  mixed ^= mixed >> 32;
  mixed *= 0xff51afd7ed558ccd;
  return static_cast<unsigned>(mixed >> 60);
}
static_assert(Worker::kShards == 16);

FlowSettings flow_settings(const EngineOptions& options, Timeline* timeline) {
  FlowSettings settings;
  settings.watch = options.watch;
  settings.timeline = timeline;
  settings.tcp.time_wait = options.time_wait;
  settings.dissect.show_secrets = options.show_secrets;
  settings.dissect.bodies = options.bodies;
  settings.dissect.ca_file = options.ca_file;
  settings.protocols = options.protocols;
  return settings;
}

constexpr std::size_t kFragmentMemory = 8u << 20;

constexpr std::size_t kAhead = 8;  // packets, or flows that end, are fetched before their turn

/// What decode() reads of nearly every packet.
[[gnu::always_inline]] inline void prefetch_headers(const Packet& packet) {
  const std::size_t headers = std::min<std::size_t>(packet.bytes.size(), 2 * kCacheLine);
  if (headers > 0) prefetch(packet.bytes.data(), headers);
}

}  // namespace

Worker::Worker(const EngineOptions& options, const HashKey& secret, unsigned number,
               unsigned workers, Emitter& emitter)
    : secret_(secret),
      decoder_ledger_(kFragmentMemory),
      decoder_(decoder_ledger_),
      secrets_(options.key_log, options.private_keys, !options.growing_key_log.empty()),
      emitter_(emitter) {
  if (options.timeline) timeline_ = std::make_unique<Timeline>();
  FlowSettings settings = flow_settings(options, timeline_.get());
  settings.dissect.secrets = &secrets_;
  settings.dissect.shelf = &shelf_;
  for (unsigned shard = number; shard < kShards; shard += workers) {
    tables_[shard] = std::make_unique<FlowTable>(settings, secret, decoder_,
                                                 options.max_memory / kShards, pool_, emitter);
    any_table_ = tables_[shard].get();
  }
}

std::size_t Worker::take(std::span<const Packet> packets, std::span<const Interface> interfaces,
                         std::span<const Annotations::Keys> keys) {
  const std::uint64_t last = packets.empty() ? tally_.last_packet : packets.back().number;
  std::size_t learnt = 0;
  for (const Annotations::Keys& each : keys) {
    if (each.packets_before > last) break;
    ++learnt;
    const auto behind = std::find_if(packets.begin(), packets.end(), [&](const Packet& packet) {
      return packet.number > each.packets_before;
    });
    const auto before = static_cast<std::size_t>(behind - packets.begin());
    take_all(packets.first(before), interfaces);
    packets = packets.subspan(before);
    learn(each.log);
  }
  take_all(packets, interfaces);
  return learnt;
}

void Worker::count(std::span<const Packet> packets) {
  if (packets.empty()) return;
  tally_.packets += packets.size();
  tally_.last_packet = packets.back().number;
  Timestamp last = tally_.last_time.value_or(packets.front().time);
  for (const Packet& packet : packets) {
    tally_.bytes += packet.original_length;
    tally_.truncated += packet.truncated();
    last = std::max(last, packet.time);
  }
  tally_.last_time = last;
}

void Worker::take_all(std::span<const Packet> packets, std::span<const Interface> interfaces) {
  count(packets);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (i + kAhead < packets.size()) prefetch_headers(packets[i + kAhead]);
    Pending& pending = decoded_->packets[decoded_->count++];
    decode(packets[i], interfaces, pending);
    if (decoded_->count == Group::kSize) step();
    if (pending.decoded.joined) drain();  // joined fragments live until the next decode()
  }
  drain();
}

/// Each group goes one stage further.
void Worker::step() {
  for (std::size_t i = 0; i < decoded_->count; ++i) {
    Pending& pending = decoded_->packets[i];
    if (pending.table && !pending.recent) pending.guess = pending.table->approach(pending.place);
  }
  for (std::size_t i = 0; i < approached_->count; ++i) {
    const Pending& pending = approached_->packets[i];
    if (pending.table && !pending.recent) pending.table->reach(pending.decoded, pending.guess);
  }
  for (std::size_t i = 0; i < reached_->count; ++i) {
    const Pending& pending = reached_->packets[i];
    if (pending.table && !pending.recent) pending.table->grasp(pending.decoded, pending.guess);
  }
  for (std::size_t i = 0; i < grasped_->count; ++i) handle(grasped_->packets[i]);
  grasped_->count = 0;
  Group* const empty =
      std::exchange(grasped_, std::exchange(reached_, std::exchange(approached_, decoded_)));
  decoded_ = empty;
}

void Worker::drain() {
  for (std::size_t i = 0; i < groups_.size(); ++i) step();
}

void Worker::decode(const Packet& packet, std::span<const Interface> interfaces, Pending& pending) {
  pending.packet = &packet;
  pending.table = nullptr;
  if (decoder_.decode(packet, interfaces[packet.interface], pending.decoded) != Verdict::flow) {
    pending.decoded.joined = false;
    return;
  }
  find_table(pending);
}

void Worker::find_table(Pending& pending) {
  const FlowKey& key = pending.decoded.key;
  const unsigned bits = key.low_port + 7u * key.high_port + 31u * key.low[3];
  Recent& recent = recent_[bits % recent_.size()];
  pending.recent = recent.key == key;
  if (!pending.recent) {
    recent.key = key;
    recent.place = FlowTable::place(secret_, key);
    recent.table = tables_[shard_of(key)].get();
    recent.flow = {};
    if (recent.table) recent.table->prepare(recent.place);
  }
  pending.entry = &recent;
  pending.table = recent.table;
  pending.place = recent.place;
  pending.guess = recent.flow;
}

void Worker::handle(const Pending& pending) {
  if (timeline_) note_time(pending);
  if (any_table_->has_due(pending.packet->now)) let_time_pass(*pending.packet);
  if (!pending.table) return;
  emitter_.at({pending.packet->number, true, 0});
  const FlowTable::Guess flow =
      pending.table->packet(*pending.packet, pending.decoded, pending.place, pending.guess);
  Recent& recent = *pending.entry;
  if (recent.place == pending.place && recent.table == pending.table) recent.flow = flow;
}

void Worker::note_time(const Pending& pending) {
  timeline_->packet(pending.packet->now, pending.packet->original_length);
  const bool reset = pending.table && pending.decoded.transport == Transport::tcp &&
                     pending.decoded.tcp.has(TcpHeader::kRst);
  if (reset) timeline_->reset();
}

/// Flows fall due in an order that memory does not know.
void Worker::look_ahead(std::size_t due) {
  const std::size_t next = due + kAhead, sooner = due + kAhead / 2, soonest = due + kAhead / 4;
  if (next < due_.size()) due_[next].table->approach(due_[next].handle);
  if (sooner < due_.size()) due_[sooner].table->reach(due_[sooner].handle);
  if (soonest < due_.size()) due_[soonest].table->grasp(due_[soonest].handle);
}

void Worker::let_time_pass(const Packet& packet) {
  due_.clear();
  for (const auto& table : tables_) {
    if (table) table->collect_due(packet.now, due_);
  }
  std::sort(due_.begin(), due_.end(), [](const FlowTable::Due& a, const FlowTable::Due& b) {
    return a.first_packet < b.first_packet;
  });
  for (std::size_t i = 0; i < due_.size(); ++i) {
    look_ahead(i);
    const FlowTable::Due& due = due_[i];
    emitter_.at({packet.number, false, due.first_packet});
    due.table->expire(due.handle, packet.now, packet.number);
  }
}

/// All flows end, in rounds by their first packets: one list of them all would be the run's peak of
/// memory.
void Worker::finish() {
  constexpr unsigned kBits = 12;
  constexpr std::size_t kRounds = 8, kWorthARound = 4096;
  const auto width = static_cast<unsigned>(std::bit_width(tally_.last_packet));
  const unsigned shift = width > kBits ? width - kBits : 0;
  std::vector<std::uint32_t> begun(std::size_t{1} << kBits);
  std::size_t flows = 0;
  for (const auto& table : tables_) {
    if (!table) continue;
    flows += table->size();
    table->count_beginnings(shift, begun);
  }
  const std::size_t enough = std::max(flows / kRounds, kWorthARound);
  std::size_t gathered = 0;
  for (std::size_t i = 0; i < begun.size(); ++i) {
    gathered += begun[i];
    if (gathered < enough && i + 1 < begun.size()) continue;
    finish_before((std::uint64_t{i} + 1) << shift, gathered);
    gathered = 0;
  }
}

void Worker::finish_before(std::uint64_t packet, std::size_t flows) {
  due_.clear();
  due_.reserve(flows);
  for (const auto& table : tables_) {
    if (table) table->collect_before(packet, due_);
  }
  std::sort(due_.begin(), due_.end(), [](const FlowTable::Due& a, const FlowTable::Due& b) {
    return a.first_packet < b.first_packet;
  });
  const Stamp last{tally_.last_packet, tally_.last_time.value_or(Timestamp{})};
  for (std::size_t i = 0; i < due_.size(); ++i) {
    look_ahead(i);
    const FlowTable::Due& due = due_[i];
    emitter_.at({tally_.last_packet + 1, false, due.first_packet});
    due.table->finish(due.handle, last);
  }
}

FlowTally Worker::flow_tally() const {
  FlowTally total;
  for (const auto& table : tables_) {
    if (table) total.add(table->tally());
  }
  return total;
}

std::uint64_t Worker::refused(Charge charge) const {
  std::uint64_t total = decoder_ledger_.refused(charge);
  for (const auto& table : tables_) {
    if (table) total += table->memory_account().refused(charge);
  }
  return total;
}

}  // namespace wirelens
