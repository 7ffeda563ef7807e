// tcp/copies.cc - packets that the capture saw twice: a mirror port that copies each frame on entry
// and on exit, a router captured on all its interfaces. They were sent once.
//
// A copy has the same header, payload and IPv4 identification, and comes soon; its TTL may be less.
// Where the identification is 0 (IPv6), the TSval or the mere time has to tell.
#include "tcp/arrival.h"
#include "tcp/connection.h"
#include "tcp/trouble.h"

namespace wirelens::tcp {
namespace {

/// Copies by a mirror port come within this, if the IPv4 identification says that they are copies.
/// Some senders resend with the old number, but no sooner than this.
constexpr Duration kCopyById = std::chrono::milliseconds(100);
/// And within these without one: the sender could not have resent as fast.
constexpr Duration kCopyByTimestamp = std::chrono::milliseconds(1);
constexpr Duration kCopyByTime = std::chrono::microseconds(100);

}  // namespace

bool Connection::is_capture_duplicate(const Arrival& arrival) {
  const Half& self = half(arrival.from);
  if (!self.based || self.packets == 0) return false;
  if (arrival.has(TcpHeader::kSyn)) return is_syn_copy(arrival);
  if (arrival.length() > 0) return is_same_segment(arrival);
  return arrival.has(TcpHeader::kRst) ? is_reset_copy(arrival) : is_ack_copy(arrival);
}

bool Connection::is_reset_copy(const Arrival& arrival) const {
  const Half& self = half(arrival.from);
  const std::uint16_t id = arrival.decoded.identification;
  return id != 0 && id == self.last_id && self.reset;
}

/// A copy of a segment without payload: right behind the first one, or, in a capture that is known
/// for copies, behind a few others.
bool Connection::is_ack_copy(const Arrival& arrival) {
  const Half& self = half(arrival.from);
  const std::uint16_t id = arrival.decoded.identification;
  if (id == 0) return is_ack_copy_by_time(arrival);
  const std::uint32_t acknowledgment = arrival.tcp().acknowledgment;
  const Offset end = arrival.begin + (arrival.has(TcpHeader::kFin) ? 1 : 0);
  if (id == self.last_id && arrival.tcp().window == self.window &&
      end == self.next + (self.fin ? 1 : 0) && acknowledgment == half(arrival.to()).acked &&
      arrival.now - last_time_ < kCopyById) {
    return true;
  }
  Trouble* known = known_trouble(arrival.from);
  if (known == nullptr || known->capture_duplicates == 0) return false;
  for (const Trouble::BareAck& each : known->bare_acks) {
    if (each.id == id && each.acknowledgment == acknowledgment &&
        arrival.now - each.time < kCopyById) {
      return true;
    }
  }
  known->bare_acks[known->bare_ack_count++ % known->bare_acks.size()] = {arrival.now,
                                                                         acknowledgment, id};
  return false;
}

/// Without an identification nothing but the timestamp and the time tells a copy from a duplicate
/// ACK, and that with SACK a duplicate ACK would say what it is for.
bool Connection::is_ack_copy_by_time(const Arrival& arrival) const {
  const Half& self = half(arrival.from);
  const Half& peer = half(arrival.to());
  const TcpOptions& options = arrival.tcp().options;
  return self.last_id == 0 && options.has_timestamp && options.timestamp_value == self.timestamp &&
         self.sack && peer.sack && options.sack_blocks == 0 &&
         arrival.tcp().window == self.window &&
         arrival.begin + (arrival.has(TcpHeader::kFin) ? 1 : 0) == self.next + (self.fin ? 1 : 0) &&
         arrival.tcp().acknowledgment == peer.acked && arrival.now - last_time_ < kCopyByTimestamp;
}

bool Connection::is_syn_copy(const Arrival& arrival) const {
  const Half& self = half(arrival.from);
  if (!self.syn || arrival.begin != -1 || arrival.has(TcpHeader::kAck) != self.syn_ack)
    return false;
  if (!self.syn_done) return arrival.now - timestamp_ns(self.syn_time_or_rtt_sum) < kSynCopy;
  return self.packets == 1 && arrival.now - last_time_ < kSynCopy;
}

bool Connection::is_same_segment(const Arrival& arrival) {
  Trail* kept = trail(arrival.from);
  if (kept == nullptr) return false;
  SentSegment* sent = kept->find(Seq(arrival.tcp().sequence));
  if (sent == nullptr || sent->begin != Seq(arrival.tcp().sequence) ||
      sent->length != arrival.length() || !is_copy_of(*sent, arrival, kept->is_newest(*sent)) ||
      kept->compare(sent->begin, arrival.decoded.payload)) {
    return false;
  }
  sent->copied = true;
  return true;
}

bool Connection::is_copy_of(const SentSegment& sent, const Arrival& arrival, bool newest) const {
  const Duration age = arrival.now - sent.time;
  const std::uint16_t id = arrival.decoded.identification;
  if (id != sent.id) return false;
  if (id != 0) {
    // A sender that never changes the number says nothing by it.
    const bool constant = id == half(arrival.from).last_id && !newest;
    return !constant && age < kCopyById;
  }
  const TcpOptions& options = arrival.tcp().options;
  if (!options.has_timestamp) return age < kCopyByTime;
  return options.timestamp_value == sent.timestamp && age < kCopyByTimestamp;
}

}  // namespace wirelens::tcp
