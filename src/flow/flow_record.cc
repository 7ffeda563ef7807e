// flow/flow_record.cc - what a flow tells, and how it ends.
#include <algorithm>

#include "flow/flow_table.h"

namespace wirelens {
void FlowTally::add(const FlowTally& other) {
  for (const auto& [name, count] : other.flaws) flaws[name] += count;
  one_sided += other.one_sided;
  midstream += other.midstream;
  missing_bytes += other.missing_bytes;
  half_open_evicted += other.half_open_evicted;
  closed_evicted += other.closed_evicted;
  evicted += other.evicted;
  refused += other.refused;
}

void FlowTable::close(FlowHandle handle, Why why) {
  switch (handle.kind()) {
    case FlowHandle::Kind::half_open:
      return close_half_open(handle.number(), why);
    case FlowHandle::Kind::tcp:
      return close_tcp(handle.number(), why);
    case FlowHandle::Kind::udp:
      return close_udp(handle.number(), why);
    case FlowHandle::Kind::none:
      return;
  }
}

void FlowTable::close_half_open(HalfOpenRing::Number number, Why why) {
  TcpFlow flow(half_open_.at(number));
  const tcp::HalfOpen& entry = half_open_.at(number);
  flow.key = entry.key();
  flow.second_outer = flow.key.outer;
  flow.last_time = entry.first_time();
  flow.hear(entry.from_high);
  const FlowOrigin origin{entry.id(), entry.first_packet(), entry.first_time(), {}};
  index_.erase(place(secret_, flow.key), FlowHandle::of(FlowHandle::Kind::half_open, number));
  half_open_.kill(number);
  take_up(flow, origin);
  emit_tcp(flow, why, false);
  emitter_.close(origin.id);
  at_hand_ = nullptr;
}

void FlowTable::close_tcp(std::uint32_t number, Why why) {
  TcpFlow& flow = tcp_.at(number);
  take_up(flow, tcp_.beside(number));
  tcp::Surroundings around = surroundings();
  flow.connection.finish(around, *this);
  if (flow.conversation) {
    flow.conversation->finish(*this, stamp_);
    free_conversation(flow);
  }
  emit_tcp(flow, why, false);
  emitter_.close(origin_->id);
  tcp_timers_.disarm(number);
  leave(flow, FlowHandle::of(FlowHandle::Kind::tcp, number));
  tcp_.free(number);
  at_hand_ = nullptr;
}

void FlowTable::close_udp(std::uint32_t number, Why why) {
  UdpFlow& flow = udp_.at(number);
  const FlowOrigin& origin = udp_.beside(number);
  emit_udp(flow, origin, why, false);
  emitter_.close(origin.id);
  udp_timers_.disarm(number);
  leave(flow, FlowHandle::of(FlowHandle::Kind::udp, number));
  udp_.free(number);
}

void FlowTable::emit_tcp(TcpFlow& flow, Why why, bool interim) {
  Connection record;
  tcp::Connection::Text text;
  record.transport = "tcp";
  flow.connection.fill(record, text);
  if (flow.notes) record.protocols = flow.notes->protocols;
  if (flow.notes && !flow.notes->server_name.empty()) record.server_name = flow.notes->server_name;
  if (why == Why::idle && record.close == Close::open) record.close = Close::timeout;
  if (record.close == Close::open || record.close == Close::timeout) {
    record.idle = std::max(stamp_.time - flow.last_time, Duration::zero());
  }
  if (!interim) {
    tally_.one_sided += flow.one_sided() && record.close != Close::unanswered;
    tally_.midstream += flow.midstream;
    tally_.missing_bytes += record.sent.missing_bytes + record.received.missing_bytes;
  }
  emit_record(flow, *origin_, record, flow.connection.client_is_high(), why, interim);
}

void FlowTable::emit_udp(UdpFlow& flow, const FlowOrigin& origin, Why why, bool interim) {
  Connection record;
  record.transport = "udp";
  record.client_known = false;
  record.close = why == Why::idle ? Close::timeout : Close::open;
  const bool high = flow.client_is_high;
  record.sent.by_tcp = record.received.by_tcp = false;
  record.sent.packets = flow.packets[high];
  record.sent.bytes = flow.bytes[high];
  record.received.packets = flow.packets[!high];
  record.received.bytes = flow.bytes[!high];
  const bool sent = record.sent.packets > 0, received = record.received.packets > 0;
  record.history = sent && received ? "Dd" : sent ? "D" : "d";
  record.conn_state = sent && received ? "SF" : sent ? "S0" : "SHR";
  if (flow.one_sided()) record.one_sided = true;
  emit_record(flow, origin, record, high, why, interim);
}

void FlowTable::emit_record(const FlowHead& flow, const FlowOrigin& origin, Connection& record,
                            bool client_is_high, Why why, bool interim) {
  const AddressText low(flow.key.low, flow.key.version), high(flow.key.high, flow.key.version);
  const CommunityId community(flow.key);
  const Endpoint low_end{low.text(), flow.key.low_port}, high_end{high.text(), flow.key.high_port};
  record.client = client_is_high ? high_end : low_end;
  record.server = client_is_high ? low_end : high_end;
  record.id = origin.id;
  record.first_packet = origin.first_packet;
  record.duration = std::max(flow.last_time - origin.first_time, Duration::zero());
  record.community_id = community.text();
  const Encapsulation& outer = decoder_.encapsulation(flow.key.outer);
  record.vlan = outer.vlans;
  if (!outer.tunnel.empty()) record.tunnel = outer.tunnel;
  if (why == Why::evicted) record.evicted = "max_memory";
  if (interim) record.interim = true;
  const Peers peers = peers_of(flow.key, client_is_high);
  emitter_.emit(&kEventType<Connection>, origin.first_time, std::nullopt, &record, &peers);
}

// ---- Context, for the flow at hand
// ------------------------------------------------------------------

void FlowTable::emit(const EventType* type, Timestamp time, const void* payload) {
  const Peers peers = peers_of(at_hand_->key, at_hand_->connection.client_is_high());
  emitter_.emit(type, time, origin_->id, payload, &peers);
}

FlowNotes& FlowTable::notes(TcpFlow& flow) {
  if (!flow.notes) flow.notes = std::make_unique<FlowNotes>();
  return *flow.notes;
}

void FlowTable::name_server(std::string_view name) {
  constexpr std::size_t kMaxServerName = 255;  // RFC 1035 section 2.3.4
  if (name.empty() || (at_hand_->notes && !at_hand_->notes->server_name.empty())) return;
  notes(*at_hand_).server_name = name.substr(0, kMaxServerName);
}

void FlowTable::speaks(std::string_view name) {
  std::vector<std::string_view>& protocols = notes(*at_hand_).protocols;
  const bool known = std::find(protocols.begin(), protocols.end(), name) != protocols.end();
  if (!known) protocols.push_back(name);
}

std::optional<Duration> FlowTable::handshake() const {
  return at_hand_->connection.handshake_rtt();
}

std::uint16_t FlowTable::server_port() const {
  return at_hand_->connection.client_is_high() ? at_hand_->key.low_port : at_hand_->key.high_port;
}

bool FlowTable::midstream() const {
  return at_hand_->midstream;
}

}  // namespace wirelens
