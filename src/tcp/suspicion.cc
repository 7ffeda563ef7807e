// tcp/suspicion.cc - segments that the receiver may not have taken wait until it speaks for them.
#include <algorithm>

#include "tcp/arrival.h"
#include "tcp/connection.h"
#include "tcp/flaws.h"
#include "tcp/trouble.h"

namespace wirelens::tcp {
namespace {

/// Linux's TCP_PAWS_WINDOW: a timestamp that is older by one tick passes.
constexpr std::int32_t kPawsWindow = 1;

}  // namespace

/// Why the receiver may have dropped this segment; nullptr: no reason.
const Flaw* Connection::suspicion(const Arrival& arrival) const {
  const Half& self = half(arrival.from);
  const bool syn = arrival.has(TcpHeader::kSyn);
  if (arrival.decoded.checksum == Checksum::bad) {
    // A bare first SYN with a wrong checksum may come from a card that computes it later.
    return syn && !self.based ? nullptr : &kBadChecksum;
  }
  if (syn || !self.based) return nullptr;
  const TcpOptions& options = arrival.tcp().options;
  if (options.md5 && self.syn && !self.md5) return &kUnexpectedMd5;
  const bool carries = arrival.length() > 0 || arrival.has(TcpHeader::kFin | TcpHeader::kRst);
  if (carries && half(arrival.to()).packets > 0 && arrival.decoded.ttl + kTtlDrop < self.ttl) {
    return &kTtlAnomaly;
  }
  if (arrival.has(TcpHeader::kRst) || arrival.length() == 0 || arrival.end() <= self.next) {
    return nullptr;
  }
  if (self.timestamps && self.syn && half(arrival.to()).timestamps) {
    if (!options.has_timestamp) return &kTimestampMissing;
    if (is_stale(arrival)) return &kPaws;
  }
  if (arrival.begin > high(arrival.from) && self.has_acked && half(arrival.to()).has_window) {
    // Twice the window, since the capture may have missed the ACK that moved it on.
    const auto window = static_cast<Offset>(std::max<std::uint64_t>(window_of(arrival.to()), 1));
    const Offset edge = std::max(self.acked_offset(), self.next) + 2 * window;
    const Trouble* known = known_trouble(arrival.from);
    const bool agreed = known != nullptr && known->doubted == arrival.tcp().sequence;
    if (arrival.begin >= edge && !agreed) return &kOutOfWindow;
  }
  return nullptr;
}

/// RFC 7323 section 5.3, with the comparison of Linux's tcp_paws_check().
bool Connection::is_stale(const Arrival& arrival) const {
  const std::uint32_t recent = half(arrival.from).timestamp;
  const std::int32_t older = Seq(recent) - Seq(arrival.tcp().options.timestamp_value);
  return recent != 0 && older > kPawsWindow;
}

/// What becomes of a segment that is not believed, and is neither SYN nor RST.
void Connection::take_suspect(Arrival& arrival, const Flaw& why) {
  if (!half(arrival.from).based) {
    begin_stream(arrival.from, arrival.tcp().sequence);  // until one comes that is believed
    arrival.begin = 0;
  }
  put_aside(arrival, arrival.chunk());
  // A new path changes the hop counts of both ends: what they acknowledge of each other holds.
  if (&why == &kTtlAnomaly) take_ack(arrival);
}

void Connection::put_aside(const Arrival& arrival, const Chunk& chunk) {
  const Half& self = half(arrival.from);
  if (!self.based) return;
  const bool fin = arrival.has(TcpHeader::kFin);
  if (chunk.length == 0 && !fin) return;
  if (chunk.end() <= self.next && !(fin && chunk.end() == self.next)) return;
  Extra& more = extra(arrival);
  for (const Suspect& each : more.suspects) {
    const bool same = each.from == arrival.from && each.chunk.begin == chunk.begin &&
                      each.bytes.size() == chunk.bytes.size() && each.fin == fin;
    if (same && std::equal(each.bytes.begin(), each.bytes.end(), chunk.bytes.begin())) return;
  }
  const std::size_t cost = Extra::kSuspectCost + chunk.bytes.size();
  if (chunk.bytes.size() > Extra::kMaxSuspectBytes) return;
  while (!more.suspects.empty() &&
         (more.suspects.size() >= Extra::kMaxSuspects ||
          more.suspect_bytes + chunk.bytes.size() > Extra::kMaxSuspectBytes)) {
    const Suspect& oldest = more.suspects.front();
    more.suspect_bytes -= oldest.bytes.size();
    arrival.around.ledger.give(Charge::reassembly, Extra::kSuspectCost + oldest.bytes.size());
    more.suspects.pop_front();
  }
  if (!arrival.around.ledger.take(Charge::reassembly, cost)) return;
  Suspect suspect{arrival.from, chunk,
                  std::pmr::vector<std::uint8_t>(chunk.bytes.begin(), chunk.bytes.end(),
                                                 &arrival.around.memory),
                  fin, arrival.decoded.ttl};
  more.suspect_bytes += chunk.bytes.size();
  more.suspects.push_back(std::move(suspect));
  more.suspects.back().chunk.bytes = more.suspects.back().bytes;
}

/// An ACK up to `ack` agrees with an end of, or lies within, a segment that was put aside: after an
/// outage of the capture both ends are far ahead, and agree.
bool Connection::spoken_for(Direction from, Offset ack) const {
  if (extra_ == nullptr) return false;
  return std::any_of(extra_->suspects.begin(), extra_->suspects.end(), [&](const Suspect& each) {
    return each.from == from && ack >= each.chunk.begin &&
           ack <= each.chunk.end() + (each.fin ? 1 : 0);
  });
}

/// The receiver has acknowledged up to `up_to`: what was put aside before it was taken after all,
/// as far as nothing better came.
void Connection::believe(const Moment& moment, Direction from, Offset up_to) {
  if (extra_ == nullptr) return;
  auto& suspects = extra_->suspects;
  for (;;) {
    const auto place = std::find_if(suspects.begin(), suspects.end(), [&](const Suspect& each) {
      return each.from == from && each.chunk.end() + (each.fin ? 1 : 0) <= up_to;
    });
    if (place == suspects.end()) return;
    accept_suspect(moment, place);
  }
}

/// A hole that ends at `end` would be a gap: takes the first suspect that reaches into it, unless
/// the receiver is heard and has not acknowledged any of it.
bool Connection::believe_in(const Moment& moment, Direction from, Offset end) {
  if (extra_ == nullptr) return false;
  auto& suspects = extra_->suspects;
  if (half(from).has_acked) end = std::min(end, half(from).acked_offset());
  const auto place = std::find_if(suspects.begin(), suspects.end(), [&](const Suspect& each) {
    return each.from == from && each.chunk.begin < end && each.chunk.end() > half(from).next;
  });
  if (place == suspects.end()) return false;
  accept_suspect(moment, place);
  return true;
}

/// The first copy counts, as everywhere.
void Connection::accept_suspect(const Moment& moment, std::pmr::list<Suspect>::iterator place) {
  auto& suspects = extra_->suspects;
  const Suspect& suspect = *place;
  const Direction from = suspect.from;
  Half& self = half(from);
  const Offset end = suspect.chunk.end();
  if (end > self.next) {
    self.ttl = suspect.ttl;
    log_data(moment, from);
    accept(moment, from, suspect.chunk);
  }
  if (suspect.fin && !self.fin && end >= high(from)) {
    if (end == self.next) {
      reach_fin(moment, from);
    } else {
      trouble(moment, from).fin = end;
    }
  }
  extra_->suspect_bytes -= suspect.bytes.size();
  moment.around.ledger.give(Charge::reassembly, Extra::kSuspectCost + suspect.bytes.size());
  suspects.erase(place);
}

/// Forgets what was put aside before `up_to`: better came, or nothing more is wanted.
void Connection::drop_suspects(const Moment& moment, Direction from, Offset up_to) {
  if (extra_ == nullptr) return;
  extra_->suspects.remove_if([&](const Suspect& each) {
    const Offset end = each.chunk.end() + (each.fin ? 1 : 0);
    if (each.from != from || end > up_to) return false;
    extra_->suspect_bytes -= each.bytes.size();
    moment.around.ledger.give(Charge::reassembly, Extra::kSuspectCost + each.bytes.size());
    return true;
  });
}

}  // namespace wirelens::tcp
