// tcp/trail.cc - the ring of the last segments.
#include "tcp/trail.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/hash.h"

namespace wirelens::tcp {
namespace {

/// Delivered segments are remembered up to so many; more room is made for those in flight only.
constexpr std::uint16_t kRemembered = 16;

/// Keyed, so that nobody can make two payloads look alike; folded multiplications, because SipHash
/// would cost a full-sized segment as much as reading it from the file. Four of them at a time do
/// not wait for each other.
std::uint64_t digest(Bytes bytes) {
  static const HashKey kKeys[2] = {HashKey::random(), HashKey::random()};
  const std::uint64_t keys[4] = {kKeys[0].low, kKeys[0].high, kKeys[1].low, kKeys[1].high};
  std::uint64_t lanes[4] = {keys[1], keys[2], keys[3], keys[0]};
  const auto absorb = [&](const std::uint8_t* at) {
    for (std::size_t i = 0; i < 4; ++i) {
      lanes[i] = fold(load_le64(at + 16 * i) ^ keys[i], load_le64(at + 16 * i + 8) ^ lanes[i]);
    }
  };
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 64; at += 64, left -= 64) absorb(at);
  std::array<std::uint8_t, 64> last{};
  std::memcpy(last.data(), at, left);
  absorb(last.data());
  return fold(lanes[0] ^ lanes[1] ^ bytes.size(), lanes[2] ^ lanes[3] ^ keys[0]);
}

}  // namespace

std::size_t Trail::size_for(std::size_t capacity) {
  const std::size_t size = sizeof(Trail) + capacity * sizeof(SentSegment) +
                           heads(capacity) * kHeadBytes + sizeof(LateAck);
  return (size + kCacheLine - 1) / kCacheLine * kCacheLine;
}

Trail* Trail::make(std::uint16_t capacity, Ledger& ledger, std::pmr::memory_resource& memory) {
  if (!ledger.take(Charge::analysis, size_for(capacity))) return nullptr;
  return new (memory.allocate(size_for(capacity), kCacheLine)) Trail(capacity);
}

void Trail::free(Trail*& trail, Ledger& ledger, std::pmr::memory_resource& memory) {
  if (trail == nullptr) return;
  const std::size_t size = size_for(trail->capacity_);
  trail->~Trail();
  memory.deallocate(trail, size, kCacheLine);
  ledger.give(Charge::analysis, size);
  trail = nullptr;
}

/// Forgets all segments, and lets go of the memory that they took.
void Trail::start_over(Trail*& trail, Ledger& ledger, std::pmr::memory_resource& memory) {
  trail->first_ = trail->count_ = 0;
  Trail* const small = make(1, ledger, memory);
  if (small == nullptr) return;
  small->inherit(*trail);
  free(trail, ledger, memory);
  trail = small;
}

/// Leaves a free place, or returns false.
bool Trail::make_room(Trail*& trail, Timestamp now, Ledger& ledger,
                      std::pmr::memory_resource& memory) {
  if (trail == nullptr) return (trail = make(1, ledger, memory)) != nullptr;
  if (trail->count_ < trail->capacity_) return true;
  const bool all_fly = trail->flying_ == trail->capacity_;
  const bool fresh = trail->capacity_ < kRemembered && now - trail->at(0).time < kFresh;
  if ((all_fly || fresh) && trail->capacity_ < kMaxSegments) {
    const int factor = trail->capacity_ < kRemembered ? 2 : 4;
    const auto capacity = static_cast<std::uint16_t>(trail->capacity_ * factor);
    if (Trail* larger = make(capacity, ledger, memory)) {
      larger->inherit(*trail);
      larger->silence_ = trail->silence_;
      larger->blurred_ = trail->blurred_;
      for (std::size_t i = 0; i < trail->count_; ++i) {
        larger->segments()[i] = trail->at(i);
        if (i + heads(trail->capacity_) < trail->count_) continue;
        std::memcpy(larger->head(i), trail->head(trail->place(i)), kHeadBytes);
      }
      larger->count_ = trail->count_;
      larger->flying_ = trail->flying_;
      if (trail->has_late_ack_) larger->late_ack(trail->late_place());
      free(trail, ledger, memory);
      trail = larger;
      return true;
    }
  }
  if (all_fly) return false;
  trail->first_ = static_cast<std::uint16_t>(trail->place(1));
  --trail->count_;
  return true;
}

bool Trail::note(Trail*& trail, const SentSegment& segment, Bytes payload, Ledger& ledger,
                 std::pmr::memory_resource& memory) {
  if (trail != nullptr && trail->capacity_ > 1 && trail->flying_ == 0 &&
      segment.time - trail->last() >= kFresh) {
    start_over(trail, ledger, memory);
  }
  const bool room = trail != nullptr && trail->count_ < trail->capacity_;
  if (!room && !make_room(trail, segment.time, ledger, memory)) return false;
  const bool first = trail->count_ == 0;
  trail->push(segment, payload);
  return first;
}

void Trail::push(const SentSegment& segment, Bytes payload) {
  SentSegment& noted = at(count_);
  noted = segment;
  noted.head = static_cast<std::uint8_t>(std::min(payload.size(), kHeadBytes));
  if (payload.size() >= kHeadBytes) {
    std::memcpy(head(place(count_)), payload.data(), kHeadBytes);
  } else if (!payload.empty()) {
    std::memcpy(head(place(count_)), payload.data(), payload.size());
  }
  if (count_ == 0) blurred_ = segment.begin;
  if (payload.size() > kHeadBytes && run_ + payload.size() <= kWholeBytes &&
      payload.size() == segment.length) {
    noted.hash = digest(payload);
    noted.hashed = true;
  }
  run_ = static_cast<std::uint16_t>(std::min(run_ + segment.length, kWholeBytes + 1));
  ++count_;
  ++flying_;
}

Trail::Acknowledged Trail::acknowledge(Seq ack, Timestamp now, std::optional<std::uint32_t> echo) {
  Acknowledged result;
  const bool clear = ack - blurred_ > 0;
  while (flying_ > 0) {
    const SentSegment& segment = at(static_cast<std::size_t>(count_ - flying_));
    if (segment.end() - ack > 0) break;
    --flying_;
    const bool told_apart = segment.ticked && echo == segment.timestamp;
    if (segment.end() == ack && (clear || told_apart) && now >= segment.time) {
      result.round_trip = now - segment.time;
    }
  }
  if (flying_ > 0) {  // the next ACK of a transfer comes soon, for segments that were sent long ago
    prefetch(&at(static_cast<std::size_t>(count_ - flying_)), 3 * sizeof(SentSegment));
  }
  if (result.round_trip) measure(*result.round_trip);
  return result;
}

void Trail::measure(Duration sample) {
  const Duration rtt = std::max(sample, Duration(1));
  if (!has_round_trip()) {
    smoothed_ = ShortDuration(rtt);
    variation_ = ShortDuration(rtt / 2);
    return;
  }
  const Duration smoothed = smoothed_.get(), variation = variation_.get();
  variation_ = ShortDuration(variation - variation / 4 + std::chrono::abs(smoothed - rtt) / 4);
  smoothed_ = ShortDuration(smoothed - smoothed / 8 + rtt / 8);
}

Duration Trail::retransmission_timeout() const {
  if (!has_round_trip()) return kFirstTimeout;
  return smoothed_.get() + std::max(4 * variation_.get(), kMinTimeout);
}

/// Index of the first segment that ends behind `seq`.
std::size_t Trail::lower_bound(Seq seq) const {
  std::size_t low = 0;
  std::size_t high = count_;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (at(middle).end() - seq > 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

SentSegment* Trail::find(Seq seq) {
  const std::size_t index = lower_bound(seq);
  if (index == count_ || seq - at(index).begin < 0) return nullptr;
  return &at(index);
}

std::optional<Conflict> Trail::compare(Seq begin, Bytes payload) {
  const Seq end = begin + static_cast<std::int64_t>(payload.size());
  const std::size_t remembered = std::min<std::size_t>(count_, heads(capacity_));
  std::size_t index = std::max(lower_bound(begin), count_ - remembered);
  for (; index < count_ && at(index).begin - end < 0; ++index) {
    const SentSegment& segment = at(index);
    const std::int32_t skip = std::max(begin - segment.begin, 0);
    const std::int32_t stop = std::min<std::int32_t>(segment.head, end - segment.begin);
    if (skip < stop) {
      const Bytes first{head(place(index)) + skip, static_cast<std::size_t>(stop - skip)};
      const Bytes second =
          payload.subspan(static_cast<std::size_t>(segment.begin + skip - begin), first.size());
      if (!std::equal(first.begin(), first.end(), second.begin())) {
        return Conflict{segment.begin + skip - begin, first, second};
      }
    }
    if (!segment.hashed || begin - segment.begin > 0 || segment.end() - end > 0) continue;
    const auto from = static_cast<std::size_t>(segment.begin - begin);
    const Bytes copy = payload.subspan(from, segment.length);
    if (digest(copy) != segment.hash) {
      return Conflict{segment.begin - begin, {}, copy};
    }
  }
  return std::nullopt;
}

}  // namespace wirelens::tcp
