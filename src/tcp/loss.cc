// tcp/loss.cc - judging a segment that is not simply the next one: sent again, overtaken, a probe.
//
// Resent or overtaken? A segment that fills a hole was overtaken on the way if it was sent before
// the one that came behind the hole: by its TSval if that differs, else by its IPv4 identification
// if the sender counts it up, else if it came within a round trip (3 ms while none is known).
// Resent: by a timer if nothing called for it and the timeout of RFC 6298 had passed; fast if three
// duplicate ACKs or a SACK block behind it came before; spurious if it had been acknowledged, or a
// D-SACK says that it came twice.
#include <algorithm>

#include "tcp/arrival.h"
#include "tcp/connection.h"
#include "tcp/flaws.h"
#include "tcp/trouble.h"

namespace wirelens::tcp {
namespace {

constexpr Duration kReorderWindow = std::chrono::milliseconds(3);
constexpr std::uint32_t kDupAckThreshold = 3;  // RFC 5681 section 3.2

}  // namespace

/// Keep-alives (RFC 9293 section 3.8.4) and probes of a closed window (3.8.6.1).
bool Connection::take_probe(const Arrival& arrival) {
  if (arrival.length() > 1 || arrival.has(TcpHeader::kFin)) return false;
  const Half& self = half(arrival.from);
  const bool closed_window = half(arrival.to()).closed_window;
  const Offset top = high(arrival.from);
  if (closed_window && arrival.length() == 1 && arrival.begin == top) {
    // One byte that the receiver will hardly take; its ACK will tell.
    ++trouble(arrival, arrival.from).zero_window_probes;
    put_aside(arrival, arrival.chunk());
    return true;
  }
  // A probe repeats what was acknowledged; a byte that was not is sent again.
  if (arrival.begin != top - 1 || self.fin || !self.has_acked || self.acked_offset() < top) {
    return false;
  }
  if (closed_window) {
    ++trouble(arrival, arrival.from).zero_window_probes;
  } else {
    count_keep_alive(arrival);
  }
  return true;
}

void Connection::count_keep_alive(const Arrival& arrival) {
  Trouble& counts = trouble(arrival, arrival.from);
  ++counts.keep_alives;
  const std::uint64_t heard = half(arrival.to()).packets;
  if (counts.unanswered_probes == 0 || heard != counts.heard_before) {
    counts.unanswered_probes = 0;
    counts.heard_before = heard;
  }
  if (++counts.unanswered_probes < 2) return;
  Incident incident = arrival.incident(Incident::Kind::unanswered_probe, arrival.from);
  incident.value = counts.unanswered_probes;
  incident.duration = arrival.silence;
  arrival.listener.incident(incident);
}

/// Counts what [begin, end) is, before any of it is taken.
void Connection::judge(const Arrival& arrival, Offset begin, Offset end) {
  const Half& self = half(arrival.from);
  const Offset top = high(arrival.from);
  if (begin >= top) {
    if (end <= self.acked_offset()) ++trouble(arrival, arrival.from).acked_before_seen;
    return;
  }
  Trouble& counts = trouble(arrival, arrival.from);
  std::uint64_t old =
      begin < self.next ? static_cast<std::uint64_t>(std::min(end, self.next) - begin) : 0;
  if (end > self.next) old += counts.held.known(std::max(begin, self.next), end);
  if (old == 0) {
    if (end <= self.acked_offset()) {
      ++counts.acked_before_seen;
    } else if (was_overtaken(arrival, begin, end)) {
      ++counts.out_of_order;
    } else {
      count_resent(arrival, begin, end, static_cast<std::uint64_t>(end - begin));
    }
    return;
  }
  if (begin >= counts.gap_begin && end <= counts.gap_end) {  // it comes too late
    ++counts.out_of_order;
    return;
  }
  count_resent(arrival, begin, end, old);
}

bool Connection::was_overtaken(const Arrival& arrival, Offset begin, Offset end) {
  const Trouble& counts = *known_trouble(arrival.from);
  const Held::Piece* later = counts.held.behind(std::min(begin, end));
  if (later == nullptr) return true;
  const Chunk chunk = arrival.chunk();
  if (chunk.timestamp != 0 && later->timestamp != 0 && chunk.timestamp != later->timestamp) {
    return Seq(later->timestamp) - Seq(chunk.timestamp) > 0;
  }
  const Duration late = arrival.stamp.time - later->stamp.time;
  if (chunk.id != 0 && later->id != 0 && chunk.id != later->id && late < kFirstTimeout) {
    return static_cast<std::int16_t>(later->id - chunk.id) > 0;
  }
  const Half& self = half(arrival.from);
  Duration window = kReorderWindow;
  if (self.rtt_samples > 0) {
    window = self.rtt_min.get();
  } else if (self.syn_done) {
    window = self.syn_rtt.get();
  }
  return late < std::max(window, kReorderWindow);
}

void Connection::count_resent(const Arrival& arrival, Offset begin, Offset end,
                              std::uint64_t bytes) {
  const Half& self = half(arrival.from);
  Trouble& counts = trouble(arrival, arrival.from);
  ++counts.retransmitted_packets;
  counts.retransmitted_bytes += bytes;
  if (bytes > 0 && worth_a_letter(counts.retransmitted_packets)) log('t', arrival, arrival.from);

  Trail* kept = trail(arrival.from);
  SentSegment* sent = kept == nullptr ? nullptr : kept->find(self.seq(begin));
  const Duration timeout = retransmission_timeout(arrival.from);
  const bool called = arrival.now - counts.evidence < timeout &&
                      ((counts.dup_acks >= kDupAckThreshold && begin == self.acked_offset()) ||
                       counts.sacked > begin);
  const Timestamp before = sent != nullptr ? sent->time : counts.hole_since;
  Incident incident = arrival.incident(Incident::Kind::resent, arrival.from);
  incident.offset = begin;
  incident.length = arrival.length();
  if (sent != nullptr || has_hole(arrival.from)) incident.duration = arrival.now - before;
  if (end <= self.acked_offset()) {
    ++counts.spurious;
    if (sent != nullptr) sent->spurious = true;
    incident.resend = Incident::Resend::spurious;
  } else if (called) {
    ++counts.fast_retransmits;
    incident.resend = Incident::Resend::fast;
  } else if ((sent != nullptr || has_hole(arrival.from)) && arrival.now - before >= timeout) {
    ++counts.timeouts;
    incident.resend = Incident::Resend::timeout;
  }
  arrival.listener.incident(incident);
  if (kept == nullptr) return;
  kept->blur();
  if (sent == nullptr || self.seq(begin) - sent->begin != 0) return;
  const Chunk chunk = arrival.chunk();
  sent->ticked = chunk.timestamp != sent->timestamp;
  sent->resent = true;
  sent->time = arrival.now;
  sent->timestamp = chunk.timestamp;
  sent->id = chunk.id;
}

/// Nagle's algorithm held this back until all before it was acknowledged (RFC 9293 section 3.7.4).
void Connection::tell_late_ack(const Arrival& arrival) {
  constexpr Duration kAtOnce = std::chrono::milliseconds(2);
  Trail& sent = *trail(arrival.from);
  const Trail::LateAck late = sent.take_late_ack();
  const Timestamp came = sent.last() + late.path.get() + late.delay.get();
  if (arrival.now - came > late.path.get() + kAtOnce) return;
  Incident incident = arrival.incident(Incident::Kind::late_ack, arrival.from);
  incident.since_packet = late.packet;
  incident.duration = late.delay.get();
  incident.length = arrival.length();
  arrival.listener.incident(incident);
}

Duration Connection::retransmission_timeout(Direction from) const {
  if (const Trail* kept = trails_[index(from)]; kept != nullptr && kept->has_round_trip()) {
    return kept->retransmission_timeout();
  }
  const Half& self = half(from);
  if (const auto rtt = self.rtt()) return rtt->mean + kMinTimeout;
  return self.syn_done ? self.syn_rtt.get() + kMinTimeout : kFirstTimeout;
}

/// Remembers the part of a segment that carries data never seen before.
void Connection::note_sent(const Arrival& arrival, Offset begin, Offset end) {
  if (begin < high(arrival.from)) {  // it fills a hole: those behind it were acknowledged late
    if (Trail* kept = trail(arrival.from)) kept->blur();
    return;
  }
  note_newest(arrival, begin, arrival.chunk().part(begin, end).bytes,
              static_cast<std::uint32_t>(end - begin));
}

void Connection::note_newest(const Arrival& arrival, Offset begin, Bytes bytes,
                             std::uint32_t length) {
  Half& self = half(arrival.from);
  if (Trail* other = trail(arrival.to())) other->turn();
  if (const Trail* sent = trail(arrival.from); sent != nullptr && sent->has_late_ack()) {
    tell_late_ack(arrival);
  }
  const Seq from = self.seq(begin);
  if (self.has_acked) {
    const auto flying = static_cast<std::uint32_t>((from + length) - Seq(self.acked));
    if (flying > self.max_in_flight && flying <= INT32_MAX) self.max_in_flight = flying;
    const std::uint64_t window = window_of(arrival.to());
    const bool full = std::uint64_t{flying} + length > window && window > 0 && flying <= window;
    if (full || known_trouble(arrival.from) != nullptr) note_window_use(arrival, window, full);
  }
  const TcpOptions& options = arrival.tcp().options;
  SentSegment segment;
  segment.time = arrival.now;
  segment.begin = from;
  segment.length = length;
  segment.timestamp = options.has_timestamp ? options.timestamp_value : 0;
  segment.id = arrival.decoded.identification;
  Trail*& kept = trail(arrival.from);
  if (Trail::note(kept, segment, bytes, arrival.around.ledger, arrival.around.memory)) {
    kept->silence_before(arrival.silence);
  }
}

/// Who has filled the receiver's window waits for an ACK, whatever the path could carry. `full`:
/// what is on its way, this segment included, leaves no room for another like it. Only seen near
/// the sender: elsewhere the ACKs have come before the window is full.
void Connection::note_window_use(const Arrival& arrival, std::uint64_t window, bool full) {
  constexpr Duration kShortest = std::chrono::milliseconds(1);
  constexpr Duration kSlack = std::chrono::milliseconds(50);  // a delayed ACK
  const Half& self = half(arrival.from);
  const Trouble* known = known_trouble(arrival.from);
  if (!full && (known == nullptr || known->full.since.packet == 0)) return;
  Trouble::FullWindow& waits = trouble(arrival, arrival.from).full;
  if (waits.since.packet != 0) {
    const Duration wait = arrival.now - waits.since.time;
    const Duration path = self.rtt_samples > 0 ? self.rtt_min.get() : self.syn_rtt.get();
    // Shorter is the pace of ACKs; longer is loss, or a sender that had nothing to send.
    if (wait >= std::max(kShortest, path / 2) && wait <= path * 2 + kSlack) {
      if (waits.times++ == 0) waits.first = waits.since.packet;
      waits.last = arrival.stamp;
      waits.time += wait;
      waits.window = window;
    }
    waits.since = {};
  }
  if (full) waits.since = arrival.stamp;
}

void Connection::tell_full_windows(const Moment& moment, Direction from) {
  const Trouble* known = known_trouble(from);
  if (known == nullptr || known->full.times == 0) return;
  const Half& self = half(from);
  Incident incident;
  incident.kind = Incident::Kind::window_full;
  incident.from = from;
  incident.at = known->full.last;
  incident.since_packet = known->full.first;
  incident.duration = known->full.time;
  incident.value = known->full.times;
  incident.window = known->full.window;
  incident.round_trip = self.rtt_samples > 0 ? self.rtt_min.get() : self.syn_rtt.get();
  moment.listener.incident(incident);
}

}  // namespace wirelens::tcp
