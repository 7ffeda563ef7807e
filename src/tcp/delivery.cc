// tcp/delivery.cc - bytes in order: what comes out of order waits, what never comes is a gap.
#include <algorithm>
#include <array>

#include "tcp/arrival.h"
#include "tcp/connection.h"
#include "tcp/flaws.h"
#include "tcp/trouble.h"

namespace wirelens::tcp {
namespace {

constexpr std::size_t kShown = 64;  // of each variant, as hexadecimal

/// "first 4745... second 5045...", each cut to kShown bytes.
class Variants {
 public:
  Variants(Bytes first, Bytes second) {
    if (!first.empty()) add("first ", first);
    add(first.empty() ? "second " : " second ", second);
  }
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  void add(std::string_view label, Bytes bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    for (const char letter : label) text_[size_++] = letter;
    for (const std::uint8_t byte : bytes.first(std::min(bytes.size(), kShown))) {
      text_[size_++] = kDigits[byte >> 4];
      text_[size_++] = kDigits[byte & 15];
    }
  }
  std::array<char, 4 * kShown + 16> text_{};
  std::size_t size_ = 0;
};

}  // namespace

class ConflictReport final : public Held::ConflictListener {
 public:
  ConflictReport(Listener& listener, Direction from) : listener_(listener), from_(from) {}
  void conflict(Bytes first, Bytes second) override {
    listener_.flaw(kOverlapConflict, from_, Variants(first, second).text());
  }

 private:
  Listener& listener_;
  Direction from_;
};

/// Payload that is believed. Returns whether any of it is new.
bool Connection::take_payload(const Arrival& arrival) {
  Half& self = half(arrival.from);
  Offset begin = arrival.begin;
  Offset end = arrival.end();
  if (self.fin && end > self.next) {
    if (self.fin_acked || self.ended) {
      arrival.listener.flaw(kDataAfterFin, arrival.from, {});
      end = self.next;
    } else {
      withdraw_fin(arrival);
    }
  } else if (Trouble* known = known_trouble(arrival.from);
             known && known->fin && end > *known->fin) {
    arrival.listener.flaw(kFinConflict, arrival.from, {});
    known->fin.reset();
  }
  begin = std::max<Offset>(begin, 0);
  if (end <= begin) return false;
  if (arrival.has(TcpHeader::kUrg) && arrival.tcp().urgent != 0) {
    arrival.listener.flaw(kUrgent, arrival.from, {});
  }
  if (Trouble* known = known_trouble(arrival.from); known && known->doubted) {
    if (known->doubted == arrival.tcp().sequence && begin > self.next) {  // it was right after all
      self.acked = arrival.tcp().sequence;
      believe(arrival, arrival.from, begin);
    }
    if (begin >= self.next) known->doubted.reset();
  }
  judge(arrival, begin, end);
  log_data(arrival, arrival.from);
  if (begin < self.next) report_conflicts(arrival, begin, std::min(end, self.next));
  if (end <= self.next) return false;
  const Offset fresh = std::max(begin, self.next);
  note_sent(arrival, fresh, end);
  const Chunk chunk = arrival.chunk().part(fresh, end);
  if (arrival.has(TcpHeader::kUrg) && arrival.tcp().urgent != 0) {
    accept_with_urgent(arrival, chunk);
  } else {
    accept(arrival, arrival.from, chunk);
  }
  return true;
}

/// RFC 6093: the byte before the urgent pointer went to the receiver out of band.
void Connection::accept_with_urgent(const Arrival& arrival, const Chunk& chunk) {
  const Offset urgent = arrival.begin + arrival.tcp().urgent - 1;
  if (urgent < chunk.begin || urgent >= chunk.end()) {
    accept(arrival, arrival.from, chunk);
    return;
  }
  if (urgent > chunk.begin) accept(arrival, arrival.from, chunk.part(chunk.begin, urgent));
  Chunk byte = chunk.part(urgent, urgent + 1);
  byte.bytes = {};
  byte.silent = true;
  accept(arrival, arrival.from, byte);
  if (urgent + 1 < chunk.end()) {
    accept(arrival, arrival.from, chunk.part(urgent + 1, chunk.end()));
  }
}

/// Takes a chunk that begins at or behind `next`.
void Connection::accept(const Moment& moment, Direction from, Chunk chunk) {
  Half& self = half(from);
  if (self.fin || chunk.end() <= self.next) return;
  if (chunk.begin < self.next) chunk = chunk.part(self.next, chunk.end());
  const Trouble* known = known_trouble(from);
  const bool clear = known == nullptr || known->held.empty() || known->held.first() >= chunk.end();
  if (chunk.begin == self.next && clear) {
    deliver(moment, from, chunk);
  } else {
    hold(moment, from, chunk);
  }
  drain(moment, from);
}

void Connection::deliver(const Moment& moment, Direction from, const Chunk& chunk) {
  half(from).next = chunk.end();
  if (chunk.silent || half(from).ended) return;
  if (!chunk.bytes.empty()) moment.listener.data(from, chunk.bytes, chunk.stamp);
  if (chunk.length > chunk.bytes.size()) {  // cut off by the snapshot length: sent, and not missing
    moment.listener.gap(from, chunk.length - chunk.bytes.size(), chunk.stamp);
  }
}

void Connection::hold(const Moment& moment, Direction from, const Chunk& chunk) {
  Trouble& waiting = trouble(moment, from);
  if (waiting.held.empty() && !waiting.fin) waiting.hole_since = moment.now;
  waiting.high = std::max(waiting.high, chunk.end());
  ConflictReport report(moment.listener, from);
  while (!waiting.held.insert(chunk, moment.around.ledger, report)) {
    if (!waiting.held.empty()) {
      give_up_hole(moment, from);
    } else {  // no memory even for this one
      const Offset next = half(from).next;
      if (chunk.begin > next) {
        miss(moment, from, static_cast<std::uint64_t>(chunk.begin - next), moment.stamp);
      }
    }
    const Offset next = half(from).next;
    if (chunk.end() <= next) return;
    if (chunk.begin <= next && (waiting.held.empty() || waiting.held.first() >= chunk.end())) {
      deliver(moment, from, chunk.part(next, chunk.end()));
      return;
    }
  }
}

/// Hands on what touches `next`.
void Connection::drain(const Moment& moment, Direction from) {
  Trouble* waiting = known_trouble(from);
  if (waiting == nullptr) return;
  Half& self = half(from);
  bool moved = false;
  while (!waiting->held.empty() && waiting->held.first() <= self.next) {
    waiting->held.sort_front();
    for (std::size_t i = 0; i < waiting->held.front_parts(); ++i) {
      const Chunk part = waiting->held.front_part(i);
      if (part.end() > self.next) deliver(moment, from, part.part(self.next, part.end()));
    }
    waiting->held.pop(moment.around.ledger);
    moved = true;
  }
  if (moved) {
    waiting->hole_since = moment.now;
    waiting->waiting_packets = 0;
  }
  if (waiting->fin && *waiting->fin <= self.next) {
    waiting->fin.reset();
    if (!self.fin) reach_fin(moment, from);
  }
}

void Connection::miss(const Moment& moment, Direction from, std::uint64_t bytes,
                      const Stamp& stamp) {
  Half& self = half(from);
  Trouble& counts = trouble(moment, from);
  counts.missing_bytes += bytes;
  counts.gap_begin = self.next;
  self.next += static_cast<Offset>(bytes);
  counts.gap_end = self.next;
  if (worth_a_letter(++counts.gaps)) log('g', moment, from);
  if (!self.ended) moment.listener.gap(from, bytes, stamp);
}

bool Connection::has_hole(Direction from) const {
  const Trouble* known = known_trouble(from);
  return known != nullptr && (!known->held.empty() || known->fin);
}

/// Where the oldest hole ends: at the first piece, or at a FIN that waits behind it.
Offset Connection::hole_end(Direction from) const {
  const Trouble& known = *known_trouble(from);
  return known.held.empty() ? *known.fin : known.held.first();
}

/// The oldest hole will not be filled, at least not before `limit`. A suspect is better than
/// nothing.
void Connection::give_up_hole(const Moment& moment, Direction from, Offset limit) {
  Half& self = half(from);
  const Offset end = std::min(hole_end(from), limit);
  while (believe_in(moment, from, end)) {
  }
  if (self.next < end) {
    miss(moment, from, static_cast<std::uint64_t>(end - self.next), moment.stamp);
  }
  drain(moment, from);
  if (Trouble* known = known_trouble(from)) known->hole_since = moment.now;
}

/// Decides whether the oldest hole is a loss of the capture, or has been waited for long enough.
void Connection::age_hole(const Moment& moment, Direction from, bool by_packet) {
  if (!has_hole(from)) return;
  const Half& self = half(from);
  Trouble& waiting = *known_trouble(from);
  if (self.acked_offset() > self.next) {
    if (waiting.waiting_packets == 0) waiting.hole_acked = moment.now;
    if (waiting.waiting_packets == 0 || by_packet) ++waiting.waiting_packets;
    const bool over = moment.now - waiting.hole_acked >= kAckGrace ||
                      waiting.waiting_packets > kAckGracePackets ||
                      waiting.held.booked() > kHoldBytes;
    while (over && has_hole(from) && self.acked_offset() > self.next) {
      give_up_hole(moment, from, self.acked_offset());
    }
    return;
  }
  waiting.waiting_packets = 0;
  const bool heard = half(opposite(from)).packets > 0 && self.has_acked;
  const Duration limit = heard ? kHoldTimeHeard : kHoldTime;
  if (moment.now - waiting.hole_since >= limit || (!heard && waiting.held.booked() > kHoldBytes)) {
    give_up_hole(moment, from);
  }
}

std::optional<Timestamp> Connection::hole_deadline(Direction from) const {
  if (!has_hole(from)) return std::nullopt;
  const Half& self = half(from);
  const Trouble& waiting = *known_trouble(from);
  if (waiting.waiting_packets != 0) return waiting.hole_acked + kAckGrace;
  const bool heard = half(opposite(from)).packets > 0 && self.has_acked;
  return waiting.hole_since + (heard ? kHoldTimeHeard : kHoldTime);
}

/// Old data once more: the same as before?
void Connection::report_conflicts(const Arrival& arrival, Offset begin, Offset end) {
  Trail* kept = trail(arrival.from);
  if (kept == nullptr) return;
  const Chunk old = arrival.chunk().part(begin, end);
  if (old.bytes.empty()) return;
  if (const auto conflict = kept->compare(half(arrival.from).seq(begin), old.bytes)) {
    arrival.listener.flaw(kOverlapConflict, arrival.from,
                          Variants(conflict->first, conflict->second).text());
  }
}

}  // namespace wirelens::tcp
