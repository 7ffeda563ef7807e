// tcp/acknowledgment.cc - what an ACK proves about both ends.
#include <algorithm>

#include "tcp/arrival.h"
#include "tcp/connection.h"
#include "tcp/flaws.h"
#include "tcp/incident.h"
#include "tcp/trouble.h"

namespace wirelens::tcp {

/// The window that `from` announced last, in bytes.
std::uint64_t Connection::window_of(Direction from) const {
  const Half& self = half(from);
  const Half& peer = half(opposite(from));
  if (!self.syn || !peer.syn) return kUnknownWindow;
  const unsigned shift = self.scales && peer.scales ? self.window_scale : 0u;
  return std::uint64_t{self.window} << shift;
}

/// Returns whether it acknowledged more than was acknowledged before.
bool Connection::take_ack(const Arrival& arrival) {
  if (!arrival.has(TcpHeader::kAck)) return false;
  const Half& self = half(arrival.from);
  Half& peer = half(arrival.to());
  if (!peer.based) {
    if (midstream_ || !self.syn) return false;
    begin_stream(arrival.to(), arrival.tcp().acknowledgment);  // the capture lacks the SYN-ACK
  }
  const Offset ack = peer.offset(arrival.tcp().acknowledgment);
  const Offset top = std::max(high(arrival.to()), peer.next + (peer.fin ? 1 : 0));
  const bool known = peer.has_acked;
  const Offset before = peer.acked_offset();
  if (known && ack < before) return false;
  if (known && ack == before) {
    weigh_repeated_ack(arrival, top);
    return false;
  }
  if (!known && ack < 0 && peer.syn) {
    arrival.listener.flaw(kWrongAck, arrival.from, {});
    return false;
  }
  if (ack > top && !is_plausible_ack(arrival, ack, top)) {
    trouble(arrival, arrival.to()).doubted = arrival.tcp().acknowledgment;
    arrival.listener.flaw(kWrongAck, arrival.from, {});
    return false;
  }
  advance_ack(arrival, ack);
  return true;
}

/// An ACK of what the capture has not seen: lost by the capture, later in the capture, or a lie.
bool Connection::is_plausible_ack(const Arrival& arrival, Offset ack, Offset top) {
  const Half& peer = half(arrival.to());
  if (spoken_for(arrival.to(), ack)) return true;
  if (const Trouble* known = known_trouble(arrival.to()); known && known->fin == ack - 1)
    return true;
  // The ACK that completes a handshake acknowledges the SYN and nothing else, unless the capture
  // lacks what followed: then another such ACK comes along.
  if (peer.state == State::syn_received && peer.packets > 0 && !peer.has_acked) {
    if (known_trouble(arrival.to()) == nullptr || !extra_->doubted_ack) {
      extra(arrival).doubted_ack = true;
      return false;
    }
  }
  const auto window = static_cast<Offset>(std::max<std::uint64_t>(window_of(arrival.from), 65535));
  return ack - top <= window;
}

void Connection::advance_ack(const Arrival& arrival, Offset ack) {
  Half& peer = half(arrival.to());
  peer.acked = arrival.tcp().acknowledgment;
  peer.has_acked = true;
  if (Trouble* known = known_trouble(arrival.to())) {
    known->dup_acks = 0;
    if (ack > peer.next) believe(arrival, arrival.to(), ack);
  }
  read_sack(arrival);
  measure_ack(arrival, arrival.to());
  step_by_ack(arrival, ack);
}

void Connection::step_by_ack(const Arrival& arrival, Offset ack) {
  Half& self = half(arrival.from);
  Half& peer = half(arrival.to());
  const bool was_closed = closed();
  if (peer.syn && !peer.syn_done && peer.syn_time_or_rtt_sum != 0) {
    peer.syn_done = true;
    const Duration took = arrival.now - timestamp_ns(peer.syn_time_or_rtt_sum);
    peer.syn_rtt = ShortDuration(took);
    peer.syn_time_or_rtt_sum = 0;
    linger_ = reset_ ? linger_ : 0u;
  }
  peer.state = step(peer.state, Step::receive_ack_of_syn);
  if (!arrival.has(TcpHeader::kSyn)) {
    // It answers the other end's SYN, so it has received it; what it sent itself may be lost.
    if (self.state == State::syn_sent && peer.syn) {
      self.state = step(self.state, self.has_acked ? Step::receive_syn_ack : Step::receive_syn);
    }
    if (self.state == State::syn_received && self.has_acked) self.state = State::established;
    if (self.state == State::listen || (self.state == State::syn_sent && !peer.syn)) {
      self.state = State::established;
    }
  } else if (self.state == State::syn_sent) {
    self.state = step(self.state, Step::receive_syn);
  }
  if (self.state == State::established && peer.state == State::established && !agreed_) {
    agreed_ = 1;
    tell_opening(arrival);
  }
  if (peer.fin && !peer.fin_acked && ack > peer.next) {
    peer.fin_acked = true;
    peer.state = step(peer.state, Step::receive_ack_of_fin);
    self.state = step(self.state, Step::receive_fin);
    end_if_certain(arrival, arrival.to());
  }
  if (closed() && !reset_) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(arrival.around.settings.time_wait);
    linger_ = static_cast<std::uint16_t>(std::clamp<std::int64_t>(wait.count(), 1, 65535));
    if (!was_closed) tell_closing(arrival);
  }
}

void Connection::tell_opening(const Arrival& arrival) {
  const auto took = handshake_rtt();
  if (midstream_ || !took) return;
  Incident incident = arrival.incident(Incident::Kind::opened, Direction::from_client);
  incident.duration = *took;
  arrival.listener.incident(incident);
}

/// Who closed first rests now; if both did at once, both rest.
void Connection::tell_closing(const Arrival& arrival) {
  for (const Direction end : {Direction::from_client, Direction::from_server}) {
    if (half(end).state != State::time_wait) continue;
    arrival.listener.incident(arrival.incident(Incident::Kind::time_wait, end));
  }
}

void Connection::measure_ack(const Arrival& arrival, Direction sender) {
  Trail* kept = trail(sender);
  if (kept == nullptr) return;
  const TcpOptions& options = arrival.tcp().options;
  std::optional<std::uint32_t> echo;
  if (options.has_timestamp) echo = options.timestamp_echo;
  const auto result = kept->acknowledge(Seq(half(sender).acked), arrival.now, echo);
  if (!result.round_trip) return;
  if (arrival.length() == 0) note_late_ack(arrival, sender, *result.round_trip);
  half(sender).add_rtt(*result.round_trip);
}

/// An ACK that came much later than the path takes: its sender held it back (RFC 9293 section
/// 3.8.6.3). If the data's sender goes on as soon as it has the ACK, it had waited for that.
void Connection::note_late_ack(const Arrival& arrival, Direction sender, Duration round_trip) {
  constexpr Duration kDelayed = std::chrono::milliseconds(25);
  constexpr Duration kMostDelayed = std::chrono::milliseconds(500);  // RFC 9293
  const Half& self = half(sender);
  Duration path = round_trip;
  if (self.rtt_samples > 0) path = std::min(path, self.rtt_min.get());
  if (self.syn_done) path = std::min(path, self.syn_rtt.get());
  const Duration delay = round_trip - path;
  Trail* kept = trail(sender);
  if (delay < kDelayed || delay > kMostDelayed || !kept->all_acknowledged()) return;
  kept->late_ack({arrival.stamp.packet, ShortDuration(delay), ShortDuration(path)});
}

/// RFC 5681 section 2: a duplicate ACK repeats the number and the window, carries nothing, and
/// comes while data is outstanding.
void Connection::weigh_repeated_ack(const Arrival& arrival, Offset top) {
  const Half& self = half(arrival.from);
  read_sack(arrival);
  const bool bare = arrival.length() == 0 && !arrival.has(TcpHeader::kSyn | TcpHeader::kFin);
  if (!bare || !self.has_window || arrival.tcp().window != self.window) return;
  if (top <= half(arrival.to()).acked_offset()) return;
  if (arrival.tcp().window == 0) return;  // it answers probes of its closed window
  ++trouble(arrival, arrival.from).duplicate_acks;
  Trouble& sender = trouble(arrival, arrival.to());
  ++sender.dup_acks;
  sender.evidence = arrival.now;
}

void Connection::read_sack(const Arrival& arrival) {
  const TcpOptions& options = arrival.tcp().options;
  if (options.sack_blocks == 0) return;
  const Half& peer = half(arrival.to());
  Trouble& sender = trouble(arrival, arrival.to());
  std::size_t first = 0;
  const auto& blocks = options.sack;
  const Offset left = peer.offset(blocks[0].left);
  const Offset right = peer.offset(blocks[0].right);
  const bool inside = options.sack_blocks > 1 && left >= peer.offset(blocks[1].left) &&
                      right <= peer.offset(blocks[1].right);
  if (right <= peer.acked_offset() || inside) {  // RFC 2883: what came twice
    first = 1;
    SentSegment* copy =
        trail(arrival.to()) ? trail(arrival.to())->find(Seq(blocks[0].left)) : nullptr;
    if (copy != nullptr && copy->copied &&
        !copy->resent) {  // the network doubled it, not the capture
      copy->copied = false;
      --sender.capture_duplicates;
    } else if (copy != nullptr && copy->resent && !copy->spurious) {
      copy->spurious = true;
      ++sender.spurious;
    }
  }
  for (std::size_t i = first; i < options.sack_blocks; ++i) {
    const Offset edge = peer.offset(blocks[i].right);
    if (edge <= sender.sacked || edge > high(arrival.to())) continue;
    sender.sacked = edge;
    sender.evidence = arrival.now;
  }
}

/// Windows are read after the ACK, so that a repeated ACK can be compared with the one before.
void Connection::note_window(const Arrival& arrival) {
  Half& self = half(arrival.from);
  const std::uint16_t window = arrival.tcp().window;
  self.window = window;
  self.has_window = true;
  if (window == 0) {
    Trouble& counts = trouble(arrival, arrival.from);
    if (!self.closed_window) {
      counts.zero_since = {arrival.stamp.packet, arrival.now};
      counts.probed_before = trouble(arrival, arrival.to()).zero_window_probes;
    }
    self.closed_window = true;
    if (worth_a_letter(++counts.zero_windows)) log('w', arrival, arrival.from);
  } else if (self.closed_window) {
    tell_zero_window(arrival, arrival.from);
    self.closed_window = false;
    Trouble& counts = trouble(arrival, arrival.from);
    counts.zero_window_time += arrival.now - counts.zero_since.time;
  }
}

void Connection::tell_zero_window(const Moment& moment, Direction from) {
  const Trouble& counts = trouble(moment, from);
  Incident incident;
  incident.kind = Incident::Kind::zero_window;
  incident.from = from;
  incident.at = moment.stamp;
  incident.since_packet = counts.zero_since.packet;
  incident.duration = moment.now - counts.zero_since.time;
  incident.value = static_cast<std::uint32_t>(trouble(moment, opposite(from)).zero_window_probes -
                                              counts.probed_before);
  moment.listener.incident(incident);
}

}  // namespace wirelens::tcp
