// flow/flow_table.h - one shard of all flows: finds them, feeds them, forgets them.
//
// Two tiers: a bare SYN is a 64-byte entry in a ring; the full record is made when somebody answers
// or payload comes. Memory comes from one ledger; when it runs short, the oldest bare SYN goes
// first, then closed connections, one-sided ones, idle ones. Which flows share a shard, and so who
// makes room for whom, depends on the packets alone and never on threads or hash keys.
#pragma once

#include <cstdint>
#include <map>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/ledger.h"
#include "decode/decode.h"
#include "dissect/conversation.h"
#include "event/emitter.h"
#include "flow/flow.h"
#include "flow/flow_index.h"
#include "flow/half_open_ring.h"
#include "flow/segment_watch.h"
#include "flow/slab.h"
#include "flow/timeline.h"
#include "flow/timer_wheel.h"

namespace wirelens {

struct FlowSettings {
  tcp::Settings tcp;
  DissectSettings dissect;
  std::span<const Protocol* const> protocols;
  Duration half_open_for = std::chrono::seconds(180);  ///< longer than Linux retries a SYN (127 s)
  Duration tcp_idle_for = std::chrono::hours(24 * 5);  ///< Linux's conntrack lets go after 5 days
  Duration udp_idle_for = std::chrono::seconds(180);
  Duration interim_every = std::chrono::seconds(300);
  const Watch* watch = nullptr;  ///< whose packets are told one by one; outlives the table
  Timeline* timeline = nullptr;  ///< counts along; outlives the table
};

/// What a shard counted, for the last record of the run.
struct FlowTally {
  std::map<std::string_view, std::uint64_t> flaws;
  std::uint64_t one_sided = 0;
  std::uint64_t midstream = 0;
  std::uint64_t missing_bytes = 0;
  std::uint64_t half_open_evicted = 0;
  std::uint64_t closed_evicted = 0;
  std::uint64_t evicted = 0;
  std::uint64_t refused = 0;  ///< flows for which there was no memory at all

  void add(const FlowTally& other);
};

class FlowTable final : private tcp::Listener, private Context {
 public:
  /// All references outlive the table. `pool` serves records and small allocations.
  FlowTable(const FlowSettings& settings, const HashKey& secret, const Decoder& decoder,
            std::size_t max_memory, std::pmr::memory_resource& pool, Emitter& emitter);
  ~FlowTable() override;

  /// Where the key leads, for all tables with the same secret. The same for both directions.
  static std::uint32_t place(const HashKey& secret, const FlowKey& key) {
    const std::uint64_t hash = hash_of(secret, key);
    return static_cast<std::uint32_t>(hash ^ (hash >> 32));
  }
  /// Prefetches the index.
  void prepare(std::uint32_t place) const { index_.prefetch(place); }
  /// What a packet's record probably is: found ahead, looked at first.
  struct Guess {
    FlowHandle handle;
    FlowHead* flow = nullptr;  ///< where it lies, unless it's a bare SYN; it may be over by now
  };
  /// Prefetches the record; prepare() was called some packets ago.
  Guess approach(std::uint32_t place) {
    const FlowHandle handle = index_.guess(place);
    return {handle, approach(handle)};
  }
  FlowHead* approach(FlowHandle handle);
  /// Prefetches what hangs on the record; approach() was called some packets ago.
  void reach(const Decoded& decoded, const Guess& guess);
  void reach(FlowHandle handle);
  /// Prefetches what hangs on that; reach() was called some packets ago.
  void grasp(const Decoded& decoded, const Guess& guess) const {
    if (!lives(guess.handle, FlowHandle::Kind::tcp)) return;
    static_cast<const TcpFlow&>(*guess.flow).connection.reach(decoded);
  }
  void grasp(FlowHandle handle);
  /// Takes a TCP or UDP packet, in packet order. Returns what it was a packet of.
  Guess packet(const Packet& packet, const Decoded& decoded, std::uint32_t place,
               const Guess& guess);

  /// A flow whose time has come.
  struct Due {
    std::uint64_t first_packet;
    FlowTable* table;
    FlowHandle handle;
  };
  /// A cheap look whether time `now` lets anything expire.
  bool has_due(Timestamp now) const { return tcp_timers_.due(now); }
  /// Appends the flows to look at by `now`; they must be handed to expire(), ordered by
  /// first_packet.
  void collect_due(Timestamp now, std::vector<Due>& out);
  void expire(FlowHandle handle, Timestamp now, std::uint64_t packet);
  /// For every flow, adds one to counts[first packet >> shift].
  void count_beginnings(unsigned shift, std::span<std::uint32_t> counts);
  /// Appends every flow that began before packet `end`; each must be handed to finish(), ordered by
  /// first_packet.
  void collect_before(std::uint64_t end, std::vector<Due>& out);
  void finish(FlowHandle handle, const Stamp& stamp);

  /// Flows that live, bare SYNs included.
  std::size_t size() const { return tcp_.used() + udp_.used() + half_open_.used(); }
  const FlowTally& tally() const { return tally_; }
  const Ledger& memory_account() const { return ledger_; }

 private:
  /// Calls visit(first packet, handle) for every flow.
  template <class Visit>
  void each_flow(const Visit& visit);
  struct Joinable {
    std::uint32_t tag = 0;  // of the 5-tuple: most that are looked for are not there
    FlowHandle handle;
  };
  struct PlaceForJoin {
    Joinable& entry;
    std::uint32_t tag;
  };
  enum class Why : std::uint8_t { over, idle, evicted, end_of_capture };
  template <class Flow>
  struct Links {
    Flows<Flow>* flows;
    TimerLink& operator()(std::uint32_t number) const { return flows->beside(number).timer; }
  };

  bool lives(FlowHandle handle, FlowHandle::Kind kind) const {
    if (handle.kind() != kind) return false;
    const std::uint32_t number = handle.number();
    return kind == FlowHandle::Kind::tcp ? tcp_.alive(number) : udp_.alive(number);
  }
  Guess tcp_packet(const Packet& packet, const Decoded& decoded, std::uint32_t hash,
                   const Guess& guess);
  Guess tcp_packet_of_none(const Packet& packet, const Decoded& decoded, std::uint32_t hash);
  Guess udp_packet(const Packet& packet, const Decoded& decoded, std::uint32_t hash,
                   const Guess& guess);
  FlowHandle find(const FlowKey& key, std::uint32_t hash);
  bool same(FlowHandle handle, const FlowKey& key);
  PlaceForJoin place_for_join(FlowKey key);
  void make_joinable(const FlowKey& key, FlowHandle handle);
  FlowHandle join(const Decoded& decoded, std::uint32_t hash);
  bool joins(FlowHandle handle, const Decoded& decoded);
  void bare_syn(const Packet& packet, const Decoded& decoded, std::uint32_t hash);
  void tell_again(const tcp::HalfOpen& entry, const Packet& packet);
  bool again(tcp::HalfOpen& entry, const Packet& packet, const Decoded& decoded);
  FlowHandle promote(FlowHandle half_open, std::uint32_t hash);
  FlowHandle new_udp(const Packet& packet, const Decoded& decoded, std::uint32_t hash);
  FlowHandle new_tcp(const Packet& packet, const Decoded& decoded, std::uint32_t hash);
  FlowOrigin begin(FlowHead& flow, const Packet& packet, const Decoded& decoded,
                   std::uint32_t hash);
  void take_in(FlowHandle handle, const FlowKey& key, std::uint32_t hash);
  void leave(const FlowHead& flow, FlowHandle handle);
  Guess feed(FlowHandle handle, const Packet& packet, const Decoded& decoded);
  Guess feed(TcpFlow& flow, FlowHandle handle, const Packet& packet, const Decoded& decoded);
  tcp::Outcome take_watched(TcpFlow& flow, const Packet& packet, const Decoded& decoded);
  void take_up(TcpFlow& flow, const FlowOrigin& origin) {
    at_hand_ = &flow;
    origin_ = &origin;
  }
  ConnectionId new_id();
  bool watches(std::uint64_t first_packet, const Packet& packet) const {
    return watch_ && watch_->wants(first_packet, packet.number);
  }
  void guess_client(TcpFlow& flow, const Decoded& decoded);
  void tidy(TcpFlow& flow);
  Conversation* known_conversation(TcpFlow& flow);
  void new_conversation(TcpFlow& flow);
  void free_conversation(TcpFlow& flow);

  template <class Flow>
  void collect_fallen(TimerWheel<Links<Flow>>& timers, Flows<Flow>& flows, FlowHandle::Kind kind,
                      Timestamp now, std::vector<Due>& out);
  void expire_tcp(std::uint32_t number, Timestamp now);
  void expire_udp(std::uint32_t number, Timestamp now);
  Timestamp next_interim(const FlowOrigin& origin, Timestamp now) const;
  bool interim_due(FlowHead& flow, const FlowOrigin& origin, Timestamp now) const;
  void close(FlowHandle handle, Why why);
  void close_half_open(HalfOpenRing::Number number, Why why);
  void close_tcp(std::uint32_t number, Why why);
  void close_udp(std::uint32_t number, Why why);
  void emit_tcp(TcpFlow& flow, Why why, bool interim);
  void emit_udp(UdpFlow& flow, const FlowOrigin& origin, Why why, bool interim);
  void emit_record(const FlowHead& flow, const FlowOrigin& origin, Connection& record,
                   bool client_is_high, Why why, bool interim);

  template <class Flow, class... Arguments>
  std::uint32_t make(Flows<Flow>& flows, std::uint32_t& hand, Arguments&&... arguments);
  template <class Flow>
  bool evict_from(Flows<Flow>& flows, std::uint32_t& hand);
  void relieve();
  tcp::Surroundings surroundings() { return {ledger_, pool_, settings_.tcp}; }
  FlowNotes& notes(TcpFlow& flow);

  // tcp::Listener, for the flow at hand
  void data(Direction from, Bytes bytes, const Stamp& stamp) override;
  void gap(Direction from, std::uint64_t bytes, const Stamp& stamp) override;
  void end(Direction from, tcp::Ending ending, const Stamp& stamp) override;
  void flaw(const Flaw& flaw, std::optional<Direction> from, std::string_view detail) override;
  void incident(const tcp::Incident& incident) override;

  // Context, for the flow at hand
  void emit(const EventType* type, Timestamp time, const void* payload) override;
  void name_server(std::string_view name) override;
  void speaks(std::string_view name) override;
  const Stamp& packet() const override { return stamp_; }
  std::optional<Duration> handshake() const override;
  Stamp opened() const override { return {origin_->first_packet, origin_->first_time}; }
  std::uint16_t server_port() const override;
  bool midstream() const override;
  const DissectSettings& settings() const override { return settings_.dissect; }
  std::pmr::memory_resource& memory() override { return dissector_memory_; }
  Ledger& ledger() override { return ledger_; }

  FlowSettings settings_;
  HashKey secret_;
  const Decoder& decoder_;
  Emitter& emitter_;
  Ledger ledger_;
  ChargedResource dissector_memory_;
  std::pmr::memory_resource& pool_;
  FlowIndex index_;
  HalfOpenRing half_open_;
  Flows<TcpFlow> tcp_;
  Flows<UdpFlow> udp_;
  TimerWheel<Links<TcpFlow>> tcp_timers_;
  TimerWheel<Links<UdpFlow>> udp_timers_;
  FlowTally tally_;
  std::uint32_t tcp_hand_ = 0;  // where the search for the least useful flow goes on
  std::uint32_t udp_hand_ = 0;
  std::vector<std::uint32_t> fallen_due_;
  std::unique_ptr<SegmentWatch> watch_;  // absent: nobody asks
  std::vector<Joinable> joinable_;       // recent flows by 5-tuple alone, see join()

  // The flow at hand: set for each call into a connection or a conversation.
  TcpFlow* at_hand_ = nullptr;
  const FlowOrigin* origin_ = nullptr;  // of that
  Stamp stamp_;
};

}  // namespace wirelens
