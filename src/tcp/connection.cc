// tcp/connection.cc - the path of a segment through the analysis, and the life of a connection.
#include "tcp/connection.h"

#include <algorithm>
#include <cassert>

#include "tcp/arrival.h"
#include "tcp/flaws.h"
#include "tcp/trouble.h"

namespace wirelens::tcp {
namespace {

/// How long a direction with unacknowledged data keeps its trail.
constexpr Duration kUnansweredTrail = std::chrono::seconds(30);

/// The first look comes after kQuiet, whether or not all is acknowledged: so an ACK never brings
/// the deadline nearer.
Timestamp trail_deadline(const Trail& trail, Timestamp now) {
  const Timestamp quiet = trail.last() + Trail::kQuiet;
  return trail.all_acknowledged() || now < quiet ? quiet : trail.last() + kUnansweredTrail;
}

}  // namespace

Connection::Connection(const HalfOpen& syn) {
  started_ = 1;
  client_known_ = 1;
  client_is_high_ = syn.from_high;
  last_time_ = syn.first_time();
  last_packet_ = syn.first_packet() & ((std::uint64_t{1} << 40) - 1);
  linger_ = kUnansweredSyn;
  Half& client = half(Direction::from_client);
  client.packets = 1u + syn.resent + syn.copies;
  client.syn_copies = syn.copies;
  client.syns_resent = syn.resent;
  client.mss = syn.mss;
  client.scales = syn.has_window_scale;
  client.window_scale = std::min<unsigned>(syn.window_scale, 14) & 15;
  client.sack = syn.sack_permitted;
  client.timestamps = syn.has_timestamp;
  client.syn = true;
  client.syn_time_or_rtt_sum = syn.time;
  client.state = step(State::closed, Step::send_syn);
  half(Direction::from_server).state = step(State::closed, Step::passive_open);
  begin_stream(Direction::from_client, syn.sequence + 1);
  history_.add('s', Direction::from_client);
}

Connection::~Connection() {
  assert(trails_[0] == nullptr && trails_[1] == nullptr);
  delete extra_;
}

Outcome Connection::segment(const Packet& packet, const Decoded& decoded, Surroundings& around,
                            Listener& listener) {
  if (!started_) start(decoded);
  const Direction from = direction_of(decoded);
  const Half& self = half(from);
  Arrival arrival{{around, listener, {packet.number, packet.time}, packet.now},
                  packet,
                  decoded,
                  from,
                  self.offset(decoded.tcp.sequence),
                  last_packet_ != 0 ? packet.now - last_time_ : Duration::zero()};
  if (calm_ && in_order(arrival)) [[likely]] {
    return pass_in_order(arrival);
  }
  return examine(arrival);
}

void Connection::start(const Decoded& decoded) {
  started_ = 1;
  const bool syn = decoded.tcp.has(TcpHeader::kSyn);
  const bool ack = decoded.tcp.has(TcpHeader::kAck);
  if (syn) {
    client_known_ = 1;
    client_is_high_ = decoded.from_high != ack;
    return;
  }
  midstream_ = 1;
  const FlowKey& key = decoded.key;
  client_is_high_ =
      key.high_port != key.low_port ? key.high_port > key.low_port : decoded.from_high;
  for (Half& end : halves_) end.state = State::established;
}

/// The short way is for what needs no judgement: expected bytes, an ACK of what was seen, nothing
/// else in the header.
bool Connection::in_order(const Arrival& arrival) const {
  const TcpHeader& tcp = arrival.tcp();
  const Half& self = half(arrival.from);
  const Half& peer = half(arrival.to());
  constexpr std::uint8_t kHarmless = TcpHeader::kPsh | TcpHeader::kEce | TcpHeader::kCwr;
  if ((tcp.flags & ~kHarmless) != TcpHeader::kAck || arrival.begin != self.next) return false;
  if (tcp.window == 0 || tcp.options.sack_blocks != 0 || tcp.options.md5 != self.md5) return false;
  if (arrival.decoded.checksum == Checksum::bad) return false;
  if (arrival.decoded.payload.size() != arrival.length()) return false;
  if (arrival.decoded.ttl + kTtlDrop < self.ttl) return false;
  if (tcp.options.has_timestamp != self.timestamps) return false;
  if (self.timestamps && self.is_older(tcp.options.timestamp_value)) return false;
  const std::int32_t advance = Seq(tcp.acknowledgment) - Seq(peer.acked);
  if (advance < 0 || advance > peer.next_seq() - Seq(peer.acked)) return false;
  return advance > 0 || arrival.length() > 0;
}

Outcome Connection::pass_in_order(const Arrival& arrival) {
  const TcpHeader& tcp = arrival.tcp();
  Half& self = half(arrival.from);
  Half& peer = half(arrival.to());
  count(arrival);
  if (arrival.begin <= self.acked_offset()) self.timestamp = tcp.options.timestamp_value;
  if (tcp.acknowledgment != peer.acked) {
    peer.acked = tcp.acknowledgment;
    measure_ack(arrival, arrival.to());
  }
  self.window = tcp.window;
  if (arrival.length() == 0) {
    log_pure_ack(arrival, arrival.from);
    return Outcome::calm;
  }
  log_data(arrival, arrival.from);
  const bool first_of_trail = trail(arrival.from) == nullptr;
  note_newest(arrival, arrival.begin, arrival.decoded.payload, arrival.length());
  self.next = arrival.end();
  arrival.listener.data(arrival.from, arrival.decoded.payload, arrival.stamp);
  return first_of_trail ? Outcome::kept : Outcome::calm;
}

void Connection::count(const Arrival& arrival) {
  Half& self = half(arrival.from);
  ++self.packets;
  self.last_id = arrival.decoded.identification;
  last_time_ = arrival.now;
  last_packet_ = arrival.stamp.packet & ((std::uint64_t{1} << 40) - 1);
}

Outcome Connection::examine(Arrival& arrival) {
  if (opens_anew(arrival)) {
    tell_reopening(arrival);
    return Outcome::anew;
  }
  if (is_capture_duplicate(arrival)) {
    count(arrival);
    ++trouble(arrival, arrival.from).capture_duplicates;
    calm_ = 0;  // more will come
    return Outcome::kept;
  }
  count(arrival);
  if (!has_sense(arrival)) {
    // told already
  } else if (const Flaw* why = suspicion(arrival)) {
    arrival.listener.flaw(*why, arrival.from, {});
    if (why == &kBadChecksum && worth_a_letter(++trouble(arrival, arrival.from).bad_checksums)) {
      log('c', arrival, arrival.from);
    }
    if (!arrival.has(TcpHeader::kSyn | TcpHeader::kRst)) take_suspect(arrival, *why);
  } else {
    if (arrival.has(TcpHeader::kSyn)) {
      take_syn(arrival);
    } else if (arrival.has(TcpHeader::kRst)) {
      take_reset(arrival);
    } else {
      take(arrival);
    }
    if (half(arrival.from).ttl == 0) half(arrival.from).ttl = arrival.decoded.ttl;
  }
  settle(arrival);
  return Outcome::kept;
}

/// Ports that rest in TIME_WAIT are used again.
void Connection::tell_reopening(const Arrival& arrival) const {
  for (const Direction end : {Direction::from_client, Direction::from_server}) {
    if (half(end).state != State::time_wait) continue;
    Incident incident = arrival.incident(Incident::Kind::reopened, end);
    incident.duration = arrival.silence;
    arrival.listener.incident(incident);
  }
}

/// Anything but SYN and RST.
void Connection::take(Arrival& arrival) {
  Half& self = half(arrival.from);
  const bool only_suspects = self.ttl == 0 && !self.syn && self.next == 0 && extra_ != nullptr &&
                             !extra_->suspects.empty();
  if (!self.based || only_suspects) {
    drop_suspects(arrival, arrival.from, INT64_MAX);
    begin_stream(arrival.from, arrival.tcp().sequence);
    arrival.begin = 0;
  } else if (midstream_ && self.next == 0 && !self.data_seen && !self.fin && arrival.begin == 1) {
    ++trouble(arrival, arrival.from).keep_alives;  // what it began with was one
    begin_stream(arrival.from, arrival.tcp().sequence);
    arrival.begin = 0;
  }
  self.timestamps = self.timestamps || (!self.syn && arrival.tcp().options.has_timestamp);
  const bool recent = arrival.begin <= (self.has_acked ? self.acked_offset() : self.next);
  if (recent && arrival.tcp().options.has_timestamp &&
      !self.is_older(arrival.tcp().options.timestamp_value)) {
    self.timestamp = arrival.tcp().options.timestamp_value;
  }
  if (!reset_ && self.syn && linger_ == kUnansweredSyn) linger_ = 0;  // somebody answered, unseen
  bool news = take_ack(arrival);
  note_window(arrival);
  if (!take_probe(arrival)) {
    if (arrival.length() > 0) {
      news = take_payload(arrival) || news;
    } else if (!arrival.has(TcpHeader::kFin)) {
      log_pure_ack(arrival, arrival.from);
    }
    if (arrival.has(TcpHeader::kFin)) take_fin(arrival, arrival.end());
  }
  if (reset_) watch_after_reset(arrival, news);
  if (news && extra_ != nullptr) extra_->doubted_reset.reset();
}

/// After all but the short way: ages holes, and finds out whether the short way is open.
void Connection::settle(const Moment& moment) {
  calm_ = 0;
  if (extra_ != nullptr) {
    for (const Direction from : {Direction::from_client, Direction::from_server}) {
      drop_suspects(moment, from, half(from).next);
      age_hole(moment, from, true);
    }
  }
  if (reset_) return;
  for (const Half& end : halves_) {
    if (!end.based || !end.has_acked || end.closed_window || end.state != State::established ||
        end.acked_offset() > end.next) {
      return;
    }
  }
  if (extra_ != nullptr) {
    for (const Trouble& trouble : extra_->of) {
      if (!trouble.held.empty() || trouble.fin || trouble.dup_acks != 0) return;
      if (trouble.capture_duplicates != 0) return;
    }
    if (!extra_->suspects.empty() || extra_->doubted_reset) return;
  }
  calm_ = 1;
}

std::optional<Timestamp> Connection::deadline(Timestamp now) const {
  std::optional<Timestamp> first;
  const auto earlier = [&first](Timestamp time) {
    if (!first || time < *first) first = time;
  };
  if (linger_ != 0) earlier(last_time_ + std::chrono::seconds(linger_));
  for (const Direction from : {Direction::from_client, Direction::from_server}) {
    if (const Trail* kept = trails_[index(from)]) earlier(trail_deadline(*kept, now));
    if (const auto hole = hole_deadline(from)) earlier(*hole);
  }
  return first;
}

bool Connection::expire(Timestamp now, Surroundings& around, Listener& listener) {
  const Moment moment = moment_at(now, around, listener);
  for (const Direction from : {Direction::from_client, Direction::from_server}) {
    Trail*& kept = trail(from);
    if (kept != nullptr && now >= trail_deadline(*kept, now)) {
      Trail::free(kept, around.ledger, around.memory);
    }
    if (extra_ != nullptr) age_hole(moment, from, false);
  }
  if (linger_ == 0 || now < last_time_ + std::chrono::seconds(linger_)) return false;
  for (Half& end : halves_) end.state = step(end.state, Step::time_out);
  return true;
}

bool Connection::closed() const {
  const auto is_over = [](const Half& end) {
    return end.state == State::closed || end.state == State::time_wait;
  };
  const bool begun = halves_[0].packets + halves_[1].packets > 0;
  return reset_ || (begun && is_over(halves_[0]) && is_over(halves_[1]));
}

void Connection::shed(Surroundings& around, Listener& listener) {
  free_trails(around);
  if (extra_ == nullptr) return;
  const Moment moment = moment_at(last_time_, around, listener);
  for (const Direction from : {Direction::from_client, Direction::from_server}) {
    while (!extra_->of[index(from)].held.empty()) give_up_hole(moment, from);
    drop_suspects(moment, from, INT64_MAX);
  }
}

void Connection::finish(Surroundings& around, Listener& listener) {
  const Moment moment = moment_at(last_time_, around, listener);
  for (const Direction from : {Direction::from_client, Direction::from_server}) {
    if (half(from).closed_window) tell_zero_window(moment, from);
    tell_full_windows(moment, from);
    if (extra_ != nullptr) {
      while (has_hole(from)) give_up_hole(moment, from);
      while (believe_in(moment, from, INT64_MAX)) {
      }
      while (has_hole(from)) give_up_hole(moment, from);
    }
    // The other end acknowledged what the capture never saw. One byte may have been a FIN.
    Half& self = half(from);
    const Offset acked = self.acked_offset();
    if (!self.fin && self.based && acked > self.next + 1) {
      miss(moment, from, static_cast<std::uint64_t>(acked - self.next), moment.stamp);
    }
    const Ending without_fin = reset_ ? Ending::reset : Ending::forgotten;
    end(moment, from, self.fin ? Ending::fin : without_fin);
  }
  free_trails(around);
  if (extra_ == nullptr) return;
  for (const Direction from : {Direction::from_client, Direction::from_server}) {
    drop_suspects(moment, from, INT64_MAX);
  }
  around.ledger.give(Charge::analysis, sizeof(Extra));  // what is left serves fill()
}

void Connection::free_trails(Surroundings& around) {
  for (Trail*& each : trails_) Trail::free(each, around.ledger, around.memory);
}

Moment Connection::moment_at(Timestamp now, Surroundings& around, Listener& listener) const {
  return {around, listener, {last_packet_, last_time_}, now};
}

Extra& Connection::extra(const Moment& moment) {
  if (extra_ == nullptr) {
    moment.around.ledger.force(Charge::analysis, sizeof(Extra));
    extra_ = new Extra(moment.around.memory);
  }
  return *extra_;
}

Trouble& Connection::trouble(const Moment& moment, Direction from) {
  return extra(moment).of[index(from)];
}

Trouble* Connection::known_trouble(Direction from) const {
  return extra_ == nullptr ? nullptr : &extra_->of[index(from)];
}

Offset Connection::high(Direction from) const {
  const Trouble* known = known_trouble(from);
  return known == nullptr ? half(from).next : std::max(half(from).next, known->high);
}

void Connection::guess_client(const Decoded& decoded, bool high) {
  if (!started_) start(decoded);
  if (client_is_high_ != high && extra_ == nullptr && may_flip()) flip();
}

/// As long as nothing was told of either end, a guess can be put right.
bool Connection::may_flip() const {
  return !client_known_ && halves_[0].next == 0 && halves_[1].next == 0 && !halves_[0].ended &&
         !halves_[1].ended;
}

void Connection::flip() {
  std::swap(halves_[0], halves_[1]);
  std::swap(trails_[0], trails_[1]);
  client_is_high_ = !client_is_high_;
  history_.flip();
}

void Connection::log(char letter, const Moment& moment, Direction from) {
  if (history_.add(letter, from)) return;
  Extra& more = extra(moment);
  if (more.history_count == Extra::kMoreHistory) return;
  more.history[more.history_count++] = History::cased(letter, from);
}

void Connection::log_pure_ack(const Moment& moment, Direction from) {
  if (half(from).ack_seen) return;
  half(from).ack_seen = true;
  log('a', moment, from);
}

void Connection::log_data(const Moment& moment, Direction from) {
  if (half(from).data_seen) return;
  half(from).data_seen = true;
  log('d', moment, from);
}

}  // namespace wirelens::tcp
