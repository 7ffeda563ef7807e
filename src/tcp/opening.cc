// tcp/opening.cc - SYNs: handshakes as they should be, split, crossed, repeated, and out of place.
#include "tcp/arrival.h"
#include "tcp/connection.h"
#include "tcp/flaws.h"
#include "tcp/trouble.h"

namespace wirelens::tcp {
void Connection::begin_stream(Direction from, std::uint32_t base) {
  Half& self = half(from);
  self.base = base;
  self.next = 0;
  self.based = true;
}

/// Combinations that no stack sends: told, and otherwise as if they had not come.
bool Connection::has_sense(const Arrival& arrival) {
  const std::uint8_t flags = arrival.tcp().flags;
  const bool syn = arrival.has(TcpHeader::kSyn);
  const bool fin = arrival.has(TcpHeader::kFin);
  const bool rst = arrival.has(TcpHeader::kRst);
  if ((flags & (TcpHeader::kSyn | TcpHeader::kRst | TcpHeader::kAck)) != 0 && !(syn && fin) &&
      !(syn && rst) && !(fin && rst)) {
    return true;
  }
  Half& self = half(arrival.from);
  if (syn && !self.many_seen) {
    self.many_seen = true;
    log('q', arrival, arrival.from);
  }
  if (!syn && fin && rst && !self.odd_seen) {
    self.odd_seen = true;
    log('i', arrival, arrival.from);
  }
  arrival.listener.flaw(kBadFlags, arrival.from, {});
  return false;
}

/// RFC 9293 section 3.10.7.4 and RFC 6191: does this SYN open another connection on the same ports?
bool Connection::opens_anew(const Arrival& arrival) const {
  if (!arrival.has(TcpHeader::kSyn) || arrival.has(TcpHeader::kFin | TcpHeader::kRst)) return false;
  if (arrival.decoded.checksum == Checksum::bad) return false;
  if (arrival.has(TcpHeader::kAck)) return answers_other_syn(arrival);
  const Half& self = half(arrival.from);
  if (!closed()) return false;
  // The old SYN once more, or one that was captured after the reset that answers it.
  if (arrival.begin == -1 && (self.syn || (self.based && self.packets == 0))) return false;
  if (reset_ || self.state != State::time_wait) {
    if (half(arrival.to()).state != State::time_wait) return true;
  }
  // The end that is called waits in TIME_WAIT: it takes what is certainly new.
  const TcpOptions& options = arrival.tcp().options;
  if (options.has_timestamp && self.timestamps) {
    return !self.is_older(options.timestamp_value);
  }
  return arrival.begin > self.next || self.state == State::time_wait;
}

/// A SYN-ACK for a SYN that this connection did not begin with.
bool Connection::answers_other_syn(const Arrival& arrival) const {
  const Half& self = half(arrival.from);
  const Half& peer = half(arrival.to());
  if (!self.based || (self.syn && arrival.begin == -1)) return false;
  if (arrival.tcp().acknowledgment == peer.base) return false;
  // Somebody else's SYNs with our address bring SYN-ACK after SYN-ACK: one conversation.
  if (closed()) return agreed_ || midstream_;
  if (extra_ == nullptr || !self.syn) return false;
  for (unsigned i = 0; i < extra_->syn_count; ++i) {
    const Extra::Syn& other = extra_->syns[i];
    if (other.from == arrival.to() && other.sequence + 1 == arrival.tcp().acknowledgment)
      return true;
  }
  return false;
}

void Connection::take_syn(Arrival& arrival) {
  if (arrival.has(TcpHeader::kAck)) {
    take_syn_ack(arrival);
  } else {
    take_bare_syn(arrival);
  }
}

void Connection::note_syn_options(const Arrival& arrival) {
  Half& self = half(arrival.from);
  const TcpOptions& options = arrival.tcp().options;
  self.syn = true;
  self.syn_ack = arrival.has(TcpHeader::kAck);
  self.mss = options.mss;
  self.scales = options.has_window_scale;
  self.window_scale = options.window_scale & 15;
  self.sack = options.sack_permitted;
  self.timestamps = options.has_timestamp;
  self.timestamp = options.timestamp_value;
  self.md5 = options.md5;
  self.window = arrival.tcp().window;
  self.has_window = true;
  if (!self.has_acked) self.syn_time_or_rtt_sum = arrival.now.time_since_epoch().count();
  log(self.syn_ack ? 'h' : 's', arrival, arrival.from);
}

void Connection::take_bare_syn(Arrival& arrival) {
  Half& self = half(arrival.from);
  Half& peer = half(arrival.to());
  const std::uint32_t base = arrival.tcp().sequence + 1;
  if (self.based && arrival.begin == -1 && (self.syn || self.next > 0)) {
    if (self.syn) {
      syn_again(arrival);
    } else {
      note_syn_options(arrival);  // captured after the data that followed it
    }
    return;
  }
  if (reset_ && self.packets == 1 && self.based && arrival.begin == -1) {
    if (arrival.from == Direction::from_server && may_flip()) {
      flip();
      arrival.from = Direction::from_client;
    }
    client_known_ = 1;
    midstream_ = 0;
    refused_ = 1;  // captured after its refusal
    note_syn_options(arrival);
    return;
  }
  if (self.syn || self.next > 0) {
    if (peer.has_acked || peer.syn || self.next > 0) {
      if (closed() && peer.state == State::time_wait) {
        arrival.listener.incident(arrival.incident(Incident::Kind::syn_at_rest, arrival.to()));
      }
      arrival.listener.flaw(kSynInConnection, arrival.from, {});
      remember_syn(arrival, arrival.from, arrival.tcp().sequence);
      return;
    }
    arrival.listener.flaw(kSynChanged, arrival.from, {});
    remember_syn(arrival, arrival.from, self.base - 1);
    begin_stream(arrival.from, base);
    return;
  }
  if (!peer.syn && arrival.from == Direction::from_server && may_flip()) {
    flip();
    client_known_ = 1;
    arrival.from = Direction::from_client;
    take_bare_syn(arrival);
    return;
  }
  if (peer.syn && peer.syn_done) arrival.listener.flaw(kSplitHandshake, arrival.from, {});
  begin_stream(arrival.from, base);
  note_syn_options(arrival);
  midstream_ = 0;
  self.state = peer.syn_done ? State::syn_received : State::syn_sent;
  if (peer.state == State::closed) peer.state = step(peer.state, Step::passive_open);
  if (!peer.syn && !peer.based) linger_ = kUnansweredSyn;
  arrival.begin = 0;
  if (arrival.length() > 0) put_aside(arrival, arrival.chunk());  // until the SYN-ACK covers it
}

void Connection::take_syn_ack(Arrival& arrival) {
  if (arrival.from == Direction::from_client && may_flip()) {
    flip();
    arrival.from = Direction::from_server;
  }
  client_known_ = 1;
  Half& self = half(arrival.from);
  Half& peer = half(arrival.to());
  if (self.syn && arrival.begin == -1 && self.syn_ack) {
    syn_again(arrival);
    if (Seq(arrival.tcp().acknowledgment) - Seq(peer.acked) > 0) take_ack(arrival);
    return;
  }
  if (!pick_syn(arrival)) {
    arrival.listener.flaw(kSynAckMismatch, arrival.from, {});
    return;
  }
  const bool crossed = self.syn;  // simultaneous open: its bare SYN came before
  if (crossed && arrival.begin != -1) {
    arrival.listener.flaw(kSynInConnection, arrival.from, {});
    return;
  }
  if (reset_ && refused_) disbelieve_refusal(arrival);
  if (self.next == 0) begin_stream(arrival.from, arrival.tcp().sequence + 1);
  if (self.fin && !self.ended) withdraw_fin(arrival);  // it came before the SYN-ACK
  arrival.begin = 0;
  if (crossed) {
    self.syn_ack = true;
    log('h', arrival, arrival.from);
  } else {
    note_syn_options(arrival);
  }
  if (self.state == State::closed) self.state = step(self.state, Step::passive_open);
  self.state = step(self.state, Step::receive_syn);
  linger_ = 0;
  midstream_ = 0;
  take_ack(arrival);
  if (peer.next == 0 && arrival.tcp().acknowledgment == peer.base && extra_ != nullptr &&
      !extra_->suspects.empty()) {
    arrival.listener.flaw(kSynDataRefused, arrival.to(), {});
    drop_suspects(arrival, arrival.to(), INT64_MAX);
  }
  if (arrival.length() > 0) put_aside(arrival, arrival.chunk());
}

/// A server that refused does not answer the same SYN with another: the reset was not its own, or
/// the SYN was sent again and found somebody listening.
void Connection::disbelieve_refusal(const Arrival& arrival) {
  arrival.listener.flaw(kResetIgnored, std::nullopt, {});
  reset_ = 0;
  refused_ = 0;
  half(arrival.from) = [](const Half& before) {
    Half fresh;
    fresh.packets = before.packets;
    fresh.ttl = before.ttl;
    fresh.last_id = before.last_id;
    fresh.ended = before.ended;
    return fresh;
  }(half(arrival.from));
  half(arrival.to()).reset = false;
  half(arrival.to()).state = State::syn_sent;
}

/// Finds the SYN that this SYN-ACK answers and goes on from it.
bool Connection::pick_syn(const Arrival& arrival) {
  Half& peer = half(arrival.to());
  const std::uint32_t ack = arrival.tcp().acknowledgment;
  if (!peer.based) {
    begin_stream(arrival.to(), ack);
    peer.state = step(State::closed, Step::send_syn);
    return true;
  }
  const std::int32_t covered = Seq(ack) - Seq(peer.base);
  if (covered == 0 || !peer.syn) return true;
  if (covered > 0 && spoken_for(arrival.to(), covered)) return true;  // Fast Open
  if (extra_ == nullptr || peer.next > 0) return false;
  for (unsigned i = 0; i < extra_->syn_count; ++i) {
    if (extra_->syns[i].from != arrival.to() || extra_->syns[i].sequence + 1 != ack) continue;
    begin_stream(arrival.to(), ack);
    return true;
  }
  return false;
}

void Connection::remember_syn(const Arrival& arrival, Direction from, std::uint32_t sequence) {
  Extra& more = extra(arrival);
  more.syns[more.syn_count % Extra::kMaxSyns] = {from, sequence};
  if (more.syn_count < Extra::kMaxSyns) ++more.syn_count;
}

/// The same SYN or SYN-ACK once more.
void Connection::syn_again(const Arrival& arrival) {
  Half& self = half(arrival.from);
  Incident incident = arrival.incident(
      self.syn_ack ? Incident::Kind::syn_ack_resent : Incident::Kind::syn_resent, arrival.from);
  if (!self.syn_done) {
    incident.duration = arrival.now - timestamp_ns(self.syn_time_or_rtt_sum);
    arrival.listener.incident(incident);
  }
  if (self.syns_resent < 15) {
    ++self.syns_resent;
  } else {
    Trouble& counts = trouble(arrival, arrival.from);
    ++counts.retransmitted_packets;
    ++counts.timeouts;
  }
  if (linger_ != 0 && !reset_) linger_ = kUnansweredSyn;
}

}  // namespace wirelens::tcp
