// tcp/closing.cc - FINs and resets: which are believed, and what they end.
#include <algorithm>

#include "tcp/arrival.h"
#include "tcp/connection.h"
#include "tcp/flaws.h"
#include "tcp/trouble.h"

namespace wirelens::tcp {

void Connection::take_reset(const Arrival& arrival) {
  Half& self = half(arrival.from);
  Half& peer = half(arrival.to());
  if (arrival.length() > 0) arrival.listener.flaw(kResetWithData, arrival.from, {});
  if (!self.reset) log('r', arrival, arrival.from);
  if (closed()) {
    self.reset = self.reset || reset_;
    return;
  }
  if (!self.based) {
    if (peer.syn && !peer.syn_done && !midstream_) {  // it answers the SYN
      if (!arrival.has(TcpHeader::kAck) || !pick_syn(arrival)) {
        arrival.listener.flaw(kInexactReset, arrival.from, {});
        return;
      }
      refused_ = 1;
    }
    begin_stream(arrival.from, arrival.tcp().sequence);
    if (!peer.based && arrival.has(TcpHeader::kAck)) {
      begin_stream(arrival.to(), arrival.tcp().acknowledgment);
    }
    accept_reset(arrival);
    return;
  }
  if (is_exact_reset(arrival)) {
    accept_reset(arrival);
    return;
  }
  const Offset edge =
      std::max<Offset>(self.acked_offset(), 0) + static_cast<Offset>(window_of(arrival.to()));
  const bool inside = arrival.begin >= self.acked_offset() && arrival.begin < edge;
  if (inside) extra(arrival).doubted_reset = arrival.from;
  arrival.listener.flaw(inside ? kInexactReset : kResetOutOfWindow, arrival.from, {});
}

/// RFC 5961 section 3.2 asks for the number that the receiver expects. From here that is what it
/// acknowledged last, or any end of what the sender was seen to send since.
bool Connection::is_exact_reset(const Arrival& arrival) const {
  const Half& self = half(arrival.from);
  const Offset at = arrival.begin;
  if (at == self.next || at == high(arrival.from) || at == self.acked_offset()) return true;
  if (self.fin && at == self.next + 1) return true;
  const bool opening = self.syn && !self.syn_done;
  return opening && at == -1;
}

void Connection::accept_reset(const Arrival& arrival) {
  tell_reset(arrival);
  half(arrival.from).reset = true;
  reset_ = 1;
  linger_ = kResetLinger;
  for (Half& end : halves_) {
    end.state = step(end.state, Step::reset);
    end.spoke_on = false;
  }
}

/// Bytes that were given up as missing, or that the other end acknowledged (a FIN is one of them)
/// and nobody saw.
bool Connection::lacks_something(const Arrival& arrival) const {
  if (arrival.begin > high(arrival.from)) return true;
  for (const Direction from : {Direction::from_client, Direction::from_server}) {
    const Trouble* known = known_trouble(from);
    if (known != nullptr && known->missing_bytes > 0) return true;
    if (half(from).acked_offset() > high(from) + half(from).fin) return true;
  }
  return false;
}

void Connection::tell_reset(const Arrival& arrival) {
  if (refused_ || !(agreed_ || midstream_)) return;
  const Half& self = half(arrival.from);
  const Half& peer = half(arrival.to());
  Incident incident = arrival.incident(Incident::Kind::reset, arrival.from);
  incident.bare = !arrival.has(TcpHeader::kAck);
  incident.after_fin = self.fin || peer.fin;
  incident.unseen = lacks_something(arrival);
  incident.answers_data = peer.has_acked && high(arrival.to()) > peer.acked_offset();
  incident.ttl = arrival.decoded.ttl;
  incident.usual_ttl = self.ttl;
  incident.duration = arrival.silence;
  if (const Trail* kept = trail(arrival.to()); incident.answers_data && kept != nullptr) {
    incident.duration = kept->silence();
  }
  if (const Trouble* known = known_trouble(arrival.to())) {
    incident.value = static_cast<std::uint32_t>(std::min<std::uint64_t>(known->timeouts, 1000));
  }
  arrival.listener.incident(incident);
}

/// A reset that the other end did not believe: both go on as if nothing had been.
void Connection::watch_after_reset(const Arrival& arrival, bool news) {
  if (!news || refused_) return;
  half(arrival.from).spoke_on = true;
  if (half(arrival.from).reset) {
    arrival.listener.incident(arrival.incident(Incident::Kind::after_reset, arrival.from));
  }
  if (half(arrival.to()).spoke_on) revive(arrival);
}

void Connection::revive(const Arrival& arrival) {
  arrival.listener.flaw(kResetIgnored, std::nullopt, {});
  reset_ = 0;
  linger_ = 0;
  for (const Direction from : {Direction::from_client, Direction::from_server}) {
    Half& self = half(from);
    const Half& peer = half(opposite(from));
    self.reset = false;
    self.state = State::established;
    if (peer.fin_acked) self.state = step(self.state, Step::receive_fin);
    if (self.fin) self.state = step(self.state, Step::send_fin);
    if (self.fin_acked) self.state = step(self.state, Step::receive_ack_of_fin);
  }
}

void Connection::take_fin(const Arrival& arrival, Offset at) {
  Half& self = half(arrival.from);
  if (self.fin) {
    if (at == self.next && arrival.length() == 0) count_resent(arrival, at, at + 1, 0);
    return;
  }
  if (at < self.next || at < high(arrival.from)) {
    arrival.listener.flaw(kFinConflict, arrival.from, {});
    return;
  }
  if (at == self.next) {
    reach_fin(arrival, arrival.from);
    return;
  }
  Trouble& parked = trouble(arrival, arrival.from);
  if (parked.fin && *parked.fin == at) {
    count_resent(arrival, at, at + 1, 0);
    return;
  }
  if (parked.held.empty()) parked.hole_since = arrival.now;
  parked.fin = at;
}

void Connection::reach_fin(const Moment& moment, Direction from) {
  Half& self = half(from);
  self.fin = true;
  self.state = step(self.state, Step::send_fin);
  if (Trouble* known = known_trouble(from)) known->fin.reset();
  log('f', moment, from);
  if (self.has_acked && self.acked_offset() > self.next) {  // the ACK was captured first
    self.fin_acked = true;
    self.state = step(self.state, Step::receive_ack_of_fin);
    half(opposite(from)).state = step(half(opposite(from)).state, Step::receive_fin);
  }
  end_if_certain(moment, from);
}

/// Data stands where an unacknowledged FIN stood: the FIN was not meant for the receiver.
void Connection::withdraw_fin(const Arrival& arrival) {
  Half& self = half(arrival.from);
  arrival.listener.flaw(kFinConflict, arrival.from, {});
  self.fin = false;
  if (self.state == State::fin_wait_1) self.state = State::established;
  if (self.state == State::closing || self.state == State::last_ack) {
    self.state = State::close_wait;
  }
}

/// A FIN counts once the receiver has acknowledged it, or if nobody is heard who could.
void Connection::end_if_certain(const Moment& moment, Direction from) {
  const Half& self = half(from);
  if (self.fin && (self.fin_acked || half(opposite(from)).packets == 0)) {
    end(moment, from, Ending::fin);
  }
}

void Connection::end(const Moment& moment, Direction from, Ending ending) {
  if (half(from).ended) return;
  half(from).ended = true;
  moment.listener.end(from, ending, moment.stamp);
}

}  // namespace wirelens::tcp
