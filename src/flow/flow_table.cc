// flow/flow_table.cc - finding, feeding and expiring flows.
//
// What a flow tells when it ends stands in flow_record.cc, who makes room for whom in
// flow_memory.cc, what is fetched ahead in flow_ahead.cc.
#include "flow/flow_table.h"

#include <algorithm>

namespace wirelens {
namespace {

/// Recent flows that can still be joined by an end that wears another VLAN or tunnel.
constexpr std::size_t kJoinable = 2048;

std::uint8_t end_bit(bool high) {
  return high ? 2 : 1;
}

}  // namespace

FlowTable::FlowTable(const FlowSettings& settings, const HashKey& secret, const Decoder& decoder,
                     std::size_t max_memory, std::pmr::memory_resource& pool, Emitter& emitter)
    : settings_(settings),
      secret_(secret),
      decoder_(decoder),
      emitter_(emitter),
      ledger_(max_memory),
      dissector_memory_(ledger_, Charge::dissectors, pool),
      pool_(pool),
      index_(ledger_),
      half_open_(ledger_),
      tcp_(ledger_, Charge::flows, pool),
      udp_(ledger_, Charge::flows, pool),
      tcp_timers_(Links<TcpFlow>{&tcp_}),
      udp_timers_(Links<UdpFlow>{&udp_}),
      joinable_(kJoinable) {
  ledger_.cap(Charge::half_open, max_memory / 8);
  ledger_.cap(Charge::reassembly, max_memory / 4);
  if (settings_.watch) watch_ = std::make_unique<SegmentWatch>(*settings_.watch, emitter_);
}

FlowTable::~FlowTable() = default;

bool FlowTable::same(FlowHandle handle, const FlowKey& key) {
  switch (handle.kind()) {
    case FlowHandle::Kind::half_open:
      return half_open_.at(handle.number()).key() == key;
    case FlowHandle::Kind::tcp:
      return tcp_.at(handle.number()).is(key);
    case FlowHandle::Kind::udp:
      return udp_.at(handle.number()).is(key);
    case FlowHandle::Kind::none:
      break;
  }
  return false;
}

FlowHandle FlowTable::find(const FlowKey& key, std::uint32_t hash) {
  return index_.find(hash, [&](FlowHandle handle) { return same(handle, key); });
}

FlowTable::Guess FlowTable::packet(const Packet& packet, const Decoded& decoded,
                                   std::uint32_t place, const Guess& guess) {
  stamp_ = {packet.number, packet.time};
  const Guess flow = decoded.transport == Transport::tcp
                         ? tcp_packet(packet, decoded, place, guess)
                         : udp_packet(packet, decoded, place, guess);
  if (ledger_.total() > ledger_.limit()) relieve();
  return flow;
}

// ---- one connection in two networks
// ---------------------------------------------------------------
//
// A mirror may show the two ends of a connection under different VLAN tags or tunnel keys. A packet
// that finds no flow joins one of the same 5-tuple whose other end alone was heard so far.

/// Not by the secret: which flows stay joinable must not depend on it.
FlowTable::PlaceForJoin FlowTable::place_for_join(FlowKey key) {
  constexpr HashKey kFixed{0x9e3779b97f4a7c15, 0xd6e8feb86659fd93};
  key.outer = ~0u;
  const std::uint64_t hash = hash_of(kFixed, key);
  return {joinable_[hash % kJoinable], static_cast<std::uint32_t>(hash >> 32)};
}

void FlowTable::make_joinable(const FlowKey& key, FlowHandle handle) {
  const PlaceForJoin place = place_for_join(key);
  place.entry = {place.tag, handle};
}

FlowHandle FlowTable::join(const Decoded& decoded, std::uint32_t hash) {
  if (decoder_.encapsulation_count() < 2) return {};
  const PlaceForJoin found = place_for_join(decoded.key);
  const FlowHandle candidate = found.entry.handle;
  if (!candidate || found.entry.tag != found.tag || !joins(candidate, decoded)) return {};
  FlowHandle joined = candidate;
  if (candidate.kind() == FlowHandle::Kind::half_open) {
    const FlowKey first = half_open_.at(candidate.number()).key();
    joined = promote(candidate, place(secret_, first));
    if (!joined) return {};
  }
  FlowHead& flow = joined.kind() == FlowHandle::Kind::tcp
                       ? static_cast<FlowHead&>(tcp_.at(joined.number()))
                       : static_cast<FlowHead&>(udp_.at(joined.number()));
  flow.second_outer = decoded.key.outer;
  index_.insert(hash, joined);
  return joined;
}

bool FlowTable::joins(FlowHandle handle, const Decoded& decoded) {
  const auto same_ends = [&](FlowKey key) {
    key.outer = decoded.key.outer;
    return key == decoded.key;
  };
  const auto other_end_only = [&](const FlowHead& flow) {
    return flow.seen == end_bit(!decoded.from_high) && flow.second_outer == flow.key.outer &&
           same_ends(flow.key);
  };
  switch (handle.kind()) {
    case FlowHandle::Kind::half_open: {
      const tcp::HalfOpen& syn = half_open_.at(handle.number());
      return half_open_.alive(handle.number()) && syn.from_high != decoded.from_high &&
             decoded.tcp.has(TcpHeader::kAck) && decoded.tcp.acknowledgment == syn.sequence + 1 &&
             same_ends(syn.key());
    }
    case FlowHandle::Kind::tcp:
      return tcp_.alive(handle.number()) && decoded.tcp.has(TcpHeader::kAck) &&
             other_end_only(tcp_.at(handle.number()));
    case FlowHandle::Kind::udp:
      return udp_.alive(handle.number()) && other_end_only(udp_.at(handle.number()));
    case FlowHandle::Kind::none:
      break;
  }
  return false;
}

void FlowTable::take_in(FlowHandle handle, const FlowKey& key, std::uint32_t hash) {
  index_.insert(hash, handle);
  make_joinable(key, handle);
}

void FlowTable::leave(const FlowHead& flow, FlowHandle handle) {
  index_.erase(flow.hash, handle);
  if (flow.second_outer == flow.key.outer) return;
  FlowKey second = flow.key;
  second.outer = flow.second_outer;
  index_.erase(place(secret_, second), handle);
}

// ---- TCP
// --------------------------------------------------------------------------------------------

FlowTable::Guess FlowTable::tcp_packet(const Packet& packet, const Decoded& decoded,
                                       std::uint32_t hash, const Guess& guess) {
  if (lives(guess.handle, FlowHandle::Kind::tcp) && guess.flow->is(decoded.key)) [[likely]] {
    return feed(static_cast<TcpFlow&>(*guess.flow), guess.handle, packet, decoded);
  }
  FlowHandle handle = find(decoded.key, hash);
  if (!handle) return tcp_packet_of_none(packet, decoded, hash);
  if (handle.kind() == FlowHandle::Kind::half_open) {
    if (again(half_open_.at(handle.number()), packet, decoded)) return {};
    handle = promote(handle, hash);
  }
  return feed(handle, packet, decoded);
}

/// Of no flow that is known by its key.
FlowTable::Guess FlowTable::tcp_packet_of_none(const Packet& packet, const Decoded& decoded,
                                               std::uint32_t hash) {
  constexpr std::uint8_t kKind =
      TcpHeader::kSyn | TcpHeader::kAck | TcpHeader::kFin | TcpHeader::kRst;
  const std::uint8_t kind = decoded.tcp.flags & kKind;
  const bool opens = (kind & (TcpHeader::kSyn | TcpHeader::kAck)) == TcpHeader::kSyn;
  if (!opens) {
    if (const FlowHandle joined = join(decoded, hash)) return feed(joined, packet, decoded);
  }
  const bool bare = kind == TcpHeader::kSyn && decoded.payload_length == 0;
  if (bare && decoded.key.outer <= 0xffff && decoded.checksum != Checksum::bad) {
    bare_syn(packet, decoded, hash);
    return {};
  }
  return feed(new_tcp(packet, decoded, hash), packet, decoded);
}

void FlowTable::bare_syn(const Packet& packet, const Decoded& decoded, std::uint32_t hash) {
  while (half_open_.full()) {
    if (half_open_.empty()) return void(feed(new_tcp(packet, decoded, hash), packet, decoded));
    ++tally_.half_open_evicted;
    close_half_open(half_open_.oldest(), Why::evicted);
  }
  tcp::HalfOpen entry;
  entry.low = decoded.key.low;
  entry.high = decoded.key.high;
  entry.low_port = decoded.key.low_port;
  entry.high_port = decoded.key.high_port;
  entry.outer = static_cast<std::uint16_t>(decoded.key.outer);
  entry.is_version6 = decoded.key.version == 6;
  entry.from_high = decoded.from_high;
  entry.sequence = decoded.tcp.sequence;
  entry.mss = decoded.tcp.options.mss;
  entry.has_window_scale = decoded.tcp.options.has_window_scale;
  entry.window_scale = decoded.tcp.options.window_scale & 0xf;
  entry.sack_permitted = decoded.tcp.options.sack_permitted;
  entry.has_timestamp = decoded.tcp.options.has_timestamp;
  entry.fast_open = decoded.tcp.options.fast_open;
  entry.ecn = decoded.tcp.has(TcpHeader::kEce) && decoded.tcp.has(TcpHeader::kCwr);
  entry.first_packet(packet.number);
  entry.time = packet.time.time_since_epoch().count();
  entry.id(new_id());
  if (watches(packet.number, packet)) {
    watch_->syn(entry.id(), packet.number, false, packet, decoded);
  }
  take_in(FlowHandle::of(FlowHandle::Kind::half_open, half_open_.add(entry)), decoded.key, hash);
}

/// The same SYN once more needs no more than a count.
bool FlowTable::again(tcp::HalfOpen& entry, const Packet& packet, const Decoded& decoded) {
  constexpr std::uint8_t kKind =
      TcpHeader::kSyn | TcpHeader::kAck | TcpHeader::kFin | TcpHeader::kRst;
  const bool same_syn = (decoded.tcp.flags & kKind) == TcpHeader::kSyn &&
                        decoded.from_high == (entry.from_high != 0) &&
                        decoded.tcp.sequence == entry.sequence && decoded.payload_length == 0;
  if (!same_syn || entry.resent == 7) return false;
  if (watches(entry.first_packet(), packet)) {
    watch_->syn(entry.id(), entry.first_packet(), true, packet, decoded);
  }
  if (packet.now - entry.first_time() < tcp::kSynCopy) {
    if (entry.copies < 3) ++entry.copies;
  } else {
    ++entry.resent;
    tell_again(entry, packet);
    if (settings_.timeline) settings_.timeline->resent(1);
  }
  return true;
}

void FlowTable::tell_again(const tcp::HalfOpen& entry, const Packet& packet) {
  tcp::Incident incident;
  incident.kind = tcp::Incident::Kind::syn_resent;
  incident.at = {packet.number, packet.time};
  incident.duration = packet.now - entry.first_time();
  const Peers peers = peers_of(entry.key(), entry.from_high);
  emitter_.emit(&kEventType<tcp::Incident>, packet.time, entry.id(), &incident, &peers);
}

FlowHandle FlowTable::promote(FlowHandle handle, std::uint32_t hash) {
  const HalfOpenRing::Number syn = handle.number();
  const tcp::HalfOpen entry = half_open_.at(syn);
  const std::uint32_t number = make(tcp_, tcp_hand_, entry);
  if (number == Flows<TcpFlow>::kNone) return {};
  TcpFlow& flow = tcp_.at(number);
  flow.key = entry.key();
  flow.second_outer = flow.key.outer;
  flow.last_time = entry.first_time();
  flow.hash = hash;
  tcp_.beside(number) = {entry.id(), entry.first_packet(), entry.first_time(), {}};
  flow.hear(entry.from_high);
  half_open_.kill(syn);
  const FlowHandle promoted = FlowHandle::of(FlowHandle::Kind::tcp, number);
  index_.replace(hash, handle, promoted);
  make_joinable(flow.key, promoted);
  return promoted;
}

FlowHandle FlowTable::new_tcp(const Packet& packet, const Decoded& decoded, std::uint32_t hash) {
  const std::uint32_t number = make(tcp_, tcp_hand_);
  if (number == Flows<TcpFlow>::kNone) return {};
  TcpFlow& flow = tcp_.at(number);
  tcp_.beside(number) = begin(flow, packet, decoded, hash);
  flow.midstream = !decoded.tcp.has(TcpHeader::kSyn);
  const FlowHandle handle = FlowHandle::of(FlowHandle::Kind::tcp, number);
  take_in(handle, decoded.key, hash);
  return handle;
}

FlowOrigin FlowTable::begin(FlowHead& flow, const Packet& packet, const Decoded& decoded,
                            std::uint32_t hash) {
  flow.key = decoded.key;
  flow.second_outer = decoded.key.outer;
  flow.last_time = packet.time;
  flow.hash = hash;
  return {new_id(), packet.number, packet.time, {}};
}

FlowTable::Guess FlowTable::feed(FlowHandle handle, const Packet& packet, const Decoded& decoded) {
  if (!handle) return {};
  return feed(tcp_.at(handle.number()), handle, packet, decoded);
}

FlowTable::Guess FlowTable::feed(TcpFlow& flow, FlowHandle handle, const Packet& packet,
                                 const Decoded& decoded) {
  take_up(flow, tcp_.beside(handle.number()));
  if (!flow.connection.client_known() && !flow.conversation && !decoded.payload.empty()) {
    guess_client(flow, decoded);
  }
  if (flow.conversation && decoded.payload_length > 0) {
    flow.conversation->reach(flow.connection.direction_of(decoded));
  }
  tcp::Surroundings around = surroundings();
  const tcp::Outcome outcome = watch_ || settings_.timeline
                                   ? take_watched(flow, packet, decoded)
                                   : flow.connection.segment(packet, decoded, around, *this);
  if (outcome == tcp::Outcome::anew) {
    close_tcp(handle.number(), Why::over);
    return tcp_packet(packet, decoded, place(secret_, decoded.key), {});
  }
  flow.last_time = std::max(flow.last_time, packet.time);
  flow.hear(decoded.from_high);
  tidy(flow);
  if (!flow.armed) {
    tcp_timers_.arm(handle.number(), next_interim(*origin_, packet.now));
    flow.armed = true;
  }
  if (outcome == tcp::Outcome::calm) return {handle, &flow};
  const std::optional<Timestamp> deadline = flow.connection.deadline(packet.now);
  if (deadline && tcp_timers_.later_than(handle.number(), *deadline)) {
    tcp_timers_.arm(handle.number(), *deadline);
  }
  return {handle, &flow};
}

/// Lets the connection take a packet while somebody looks on.
tcp::Outcome FlowTable::take_watched(TcpFlow& flow, const Packet& packet, const Decoded& decoded) {
  tcp::Surroundings around = surroundings();
  const bool watched = watches(origin_->first_packet, packet);
  const std::uint64_t resent = flow.connection.resent();
  if (watched) watch_->before(flow.connection);
  const tcp::Outcome outcome = flow.connection.segment(packet, decoded, around, *this);
  if (outcome == tcp::Outcome::anew) return outcome;
  if (watched) watch_->after(flow, *origin_, packet, decoded);
  if (settings_.timeline) settings_.timeline->resent(flow.connection.resent() - resent);
  return outcome;
}

ConnectionId FlowTable::new_id() {
  if (settings_.timeline) settings_.timeline->opened();
  return emitter_.open();
}

/// Nobody saw who opened, but whoever sends a request is the client, whatever the ports are.
void FlowTable::guess_client(TcpFlow& flow, const Decoded& decoded) {
  for (const Protocol* protocol : settings_.protocols) {
    if (!protocol->speaker) continue;
    const std::optional<Direction> speaker = protocol->speaker(decoded.payload);
    if (!speaker) continue;
    const bool by_client = *speaker == Direction::from_client;
    return flow.connection.guess_client(decoded, by_client == decoded.from_high);
  }
}

/// Frees a conversation that has nothing to say any more, or nothing to remember for now.
void FlowTable::tidy(TcpFlow& flow) {
  if (!flow.conversation) return;
  if (flow.conversation->opaque()) return free_conversation(flow);
  if (flow.midstream) return;
  if (const auto ruled_out = flow.conversation->ruled_out()) {
    flow.ruled_out = *ruled_out & 3;
    flow.conversation.reset();
  }
}

/// The conversation as tidy() left it; nullptr where there was none.
Conversation* FlowTable::known_conversation(TcpFlow& flow) {
  if (!flow.conversation && flow.ruled_out != 0) new_conversation(flow);
  return flow.conversation.get();
}

void FlowTable::new_conversation(TcpFlow& flow) {
  flow.conversation.reset(new (dissector_memory_)
                              Conversation(settings_.protocols, dissector_memory_));
  flow.conversation->recall(flow.ruled_out);
  flow.ruled_out = 0;
}

void FlowTable::free_conversation(TcpFlow& flow) {
  flow.conversation.reset();
  flow.opaque = true;
}

// ---- UDP
// --------------------------------------------------------------------------------------------

FlowTable::Guess FlowTable::udp_packet(const Packet& packet, const Decoded& decoded,
                                       std::uint32_t hash, const Guess& guess) {
  FlowHandle handle;
  if (lives(guess.handle, FlowHandle::Kind::udp) && guess.flow->is(decoded.key))
    handle = guess.handle;
  if (!handle) handle = find(decoded.key, hash);
  if (!handle) handle = join(decoded, hash);
  if (!handle) handle = new_udp(packet, decoded, hash);
  if (!handle) return {};
  UdpFlow& flow = udp_.at(handle.number());
  ++flow.packets[decoded.from_high];
  flow.bytes[decoded.from_high] += decoded.payload_length;
  flow.hear(decoded.from_high);
  flow.last_time = std::max(flow.last_time, packet.time);
  if (watch_) {
    const FlowOrigin& origin = udp_.beside(handle.number());
    if (watches(origin.first_packet, packet)) watch_->datagram(flow, origin.id, packet, decoded);
  }
  return {handle, &flow};
}

FlowHandle FlowTable::new_udp(const Packet& packet, const Decoded& decoded, std::uint32_t hash) {
  const std::uint32_t number = make(udp_, udp_hand_);
  if (number == Flows<UdpFlow>::kNone) return {};
  UdpFlow& flow = udp_.at(number);
  udp_.beside(number) = begin(flow, packet, decoded, hash);
  flow.client_is_high = decoded.key.high_port != decoded.key.low_port
                            ? decoded.key.high_port > decoded.key.low_port
                            : decoded.from_high;
  const FlowHandle handle = FlowHandle::of(FlowHandle::Kind::udp, number);
  take_in(handle, decoded.key, hash);
  udp_timers_.arm(number, packet.now + settings_.udp_idle_for);
  return handle;
}

// ---- time
// -------------------------------------------------------------------------------------------

template <class Flow>
void FlowTable::collect_fallen(TimerWheel<Links<Flow>>& timers, Flows<Flow>& flows,
                               FlowHandle::Kind kind, Timestamp now, std::vector<Due>& out) {
  fallen_due_.clear();
  timers.advance(now, fallen_due_);
  for (const std::uint32_t number : fallen_due_) {
    out.push_back({flows.beside(number).first_packet, this, FlowHandle::of(kind, number)});
  }
}

void FlowTable::collect_due(Timestamp now, std::vector<Due>& out) {
  collect_fallen(tcp_timers_, tcp_, FlowHandle::Kind::tcp, now, out);
  collect_fallen(udp_timers_, udp_, FlowHandle::Kind::udp, now, out);
  // Bare SYNs wait in order of arrival: those whose time is over stand in front.
  half_open_.each_until([&](HalfOpenRing::Number number) {
    const tcp::HalfOpen& entry = half_open_.at(number);
    if (entry.first_time() + settings_.half_open_for > now) return false;
    out.push_back(
        {entry.first_packet(), this, FlowHandle::of(FlowHandle::Kind::half_open, number)});
    return true;
  });
}

void FlowTable::expire(FlowHandle handle, Timestamp now, std::uint64_t packet) {
  stamp_ = {packet, now};
  switch (handle.kind()) {
    case FlowHandle::Kind::tcp:
      return expire_tcp(handle.number(), now);
    case FlowHandle::Kind::udp:
      return expire_udp(handle.number(), now);
    case FlowHandle::Kind::half_open:
      return close_half_open(handle.number(), Why::idle);
    case FlowHandle::Kind::none:
      return;
  }
}

Timestamp FlowTable::next_interim(const FlowOrigin& origin, Timestamp now) const {
  const Duration age = now - origin.first_time;
  const Duration into = age > Duration::zero() ? age % settings_.interim_every : Duration::zero();
  return now + settings_.interim_every - into;
}

bool FlowTable::interim_due(FlowHead& flow, const FlowOrigin& origin, Timestamp now) const {
  const auto periods =
      static_cast<std::uint16_t>((now - origin.first_time) / settings_.interim_every);
  if (periods == flow.interims) return false;
  flow.interims = periods;
  return flow.last_time > now - settings_.interim_every;
}

void FlowTable::expire_tcp(std::uint32_t number, Timestamp now) {
  TcpFlow& flow = tcp_.at(number);
  take_up(flow, tcp_.beside(number));
  tcp::Surroundings around = surroundings();
  const std::optional<Timestamp> deadline = flow.connection.deadline(now);
  if (deadline && *deadline <= now && flow.connection.expire(now, around, *this)) {
    return close_tcp(number, Why::over);
  }
  if (now - flow.last_time > settings_.tcp_idle_for) return close_tcp(number, Why::idle);
  tidy(flow);
  if (interim_due(flow, *origin_, now)) emit_tcp(flow, Why::over, true);
  const std::optional<Timestamp> next = flow.connection.deadline(now);
  const Timestamp interim = next_interim(*origin_, now);
  tcp_timers_.arm(number, next ? std::min(*next, interim) : interim);
}

void FlowTable::expire_udp(std::uint32_t number, Timestamp now) {
  UdpFlow& flow = udp_.at(number);
  const FlowOrigin& origin = udp_.beside(number);
  if (now - flow.last_time >= settings_.udp_idle_for) return close_udp(number, Why::idle);
  if (interim_due(flow, origin, now)) emit_udp(flow, origin, Why::over, true);
  udp_timers_.arm(number,
                  std::min(flow.last_time + settings_.udp_idle_for, next_interim(origin, now)));
}

template <class Visit>
void FlowTable::each_flow(const Visit& visit) {
  const auto each_of = [&](auto& slab, FlowHandle::Kind kind) {
    for (std::uint32_t number = 0; number < slab.made(); ++number) {
      if (slab.alive(number)) visit(slab.beside(number).first_packet, FlowHandle::of(kind, number));
    }
  };
  each_of(tcp_, FlowHandle::Kind::tcp);
  each_of(udp_, FlowHandle::Kind::udp);
  half_open_.each_until([&](HalfOpenRing::Number number) {
    visit(half_open_.at(number).first_packet(),
          FlowHandle::of(FlowHandle::Kind::half_open, number));
    return true;
  });
}

void FlowTable::count_beginnings(unsigned shift, std::span<std::uint32_t> counts) {
  each_flow([&](std::uint64_t first_packet, FlowHandle) { ++counts[first_packet >> shift]; });
}

void FlowTable::collect_before(std::uint64_t end, std::vector<Due>& out) {
  each_flow([&](std::uint64_t first_packet, FlowHandle handle) {
    if (first_packet < end) out.push_back({first_packet, this, handle});
  });
}

void FlowTable::finish(FlowHandle handle, const Stamp& stamp) {
  stamp_ = stamp;
  close(handle, Why::end_of_capture);
}

// ---- what TCP says of the flow at hand
// ------------------------------------------------------------

void FlowTable::data(Direction from, Bytes bytes, const Stamp& stamp) {
  TcpFlow& flow = *at_hand_;
  if (flow.opaque || settings_.protocols.empty()) return;
  if (!flow.conversation) new_conversation(flow);
  flow.conversation->data(*this, from, bytes, stamp);
}

void FlowTable::gap(Direction from, std::uint64_t bytes, const Stamp& stamp) {
  if (Conversation* const known = known_conversation(*at_hand_)) {
    known->gap(*this, from, bytes, stamp);
  }
}

void FlowTable::end(Direction from, tcp::Ending ending, const Stamp& stamp) {
  if (Conversation* const known = known_conversation(*at_hand_)) {
    known->end(*this, from, ending == tcp::Ending::fin, stamp);
  }
}

void FlowTable::flaw(const Flaw& flaw, std::optional<Direction> from, std::string_view detail) {
  ++tally_.flaws[flaw.name];
  std::vector<FlowNotes::Count>& counts = notes(*at_hand_).flaws;
  auto count = std::find_if(counts.begin(), counts.end(), [&](const FlowNotes::Count& each) {
    return each.flaw->name == flaw.name;
  });
  if (count == counts.end()) count = counts.insert(count, {&flaw, 0});
  if (++count->count > kFlawsPerConnection) return;
  FlawSeen seen;
  seen.name = flaw.name;
  seen.rule = flaw.rule;
  seen.packet = stamp_.packet;
  seen.from = from;
  if (!detail.empty()) seen.detail = detail;
  emit(&kEventType<FlawSeen>, stamp_.time, &seen);
}

void FlowTable::incident(const tcp::Incident& incident) {
  emit(&kEventType<tcp::Incident>, incident.at.time, &incident);
}

}  // namespace wirelens
