// tcp/half.h - what an idle connection remembers of one of its ends.
#pragma once

#include <cstdint>
#include <optional>

#include "event/records.h"
#include "tcp/seq.h"
#include "tcp/state.h"

namespace wirelens::tcp {

/// A duration in 32 bits: nanoseconds up to 2.1 s, above that microseconds, up to 36 minutes.
class ShortDuration {
 public:
  constexpr ShortDuration() = default;
  constexpr explicit ShortDuration(Duration duration) {
    const std::int64_t count = duration.count() < 0 ? 0 : duration.count();
    const std::int64_t coarse = count / 1000 < kCoarse ? count / 1000 : kCoarse - 1;
    bits_ = static_cast<std::uint32_t>(count < kCoarse ? count : coarse | kCoarse);
  }
  constexpr Duration get() const {
    const std::int64_t bits = bits_;
    return Duration(bits < kCoarse ? bits : (bits & ~kCoarse) * 1000);
  }

 private:
  static constexpr std::int64_t kCoarse = std::int64_t{1} << 31;
  std::uint32_t bits_ = 0;
};
static_assert(ShortDuration(Duration(123'456'789)).get() == Duration(123'456'789));
static_assert(ShortDuration(std::chrono::seconds(9)).get() == std::chrono::seconds(9));

/// One end: what it sent, and how much of that the other end has acknowledged. 64 bytes.
struct Half {
  /// Everything before it was handed on (or is missing): the next offset to come. A FIN that was
  /// reached stands at `next` and is not counted in it.
  Offset next = 0;
  std::uint64_t packets : 38 = 0;
  std::uint64_t syn_copies : 2 = 0;  ///< of its first SYN, by the capture; 3: or more
  std::uint64_t ttl : 8 = 0;         ///< of its first packet; 0: not known
  std::uint64_t mss : 16 = 0;
  /// Until the SYN is acknowledged: when it was first sent, nanoseconds since 1970. Afterwards the
  /// sum of all round trips.
  std::int64_t syn_time_or_rtt_sum = 0;
  std::uint32_t base = 0;       ///< sequence number of offset 0
  std::uint32_t acked = 0;      ///< highest acknowledgment of the other end
  std::uint32_t timestamp = 0;  ///< TS.Recent of RFC 7323 section 4.3, seen from here; 0: unknown
  ShortDuration rtt_min;
  ShortDuration rtt_max;
  std::uint32_t rtt_samples = 0;
  std::uint32_t max_in_flight = 0;
  ShortDuration syn_rtt;      ///< its SYN to the ACK of that
  std::uint16_t window = 0;   ///< last announced, unscaled
  std::uint16_t last_id = 0;  ///< IPv4 identification of its last packet
  State state : 4 = State::closed;
  std::uint32_t window_scale : 4 = 0;
  std::uint32_t syns_resent : 4 = 0;
  bool based : 1 = false;       ///< `base` is known
  bool has_acked : 1 = false;   ///< `acked` is known
  bool has_window : 1 = false;  ///< `window` is known
  bool syn : 1 = false;         ///< sent one
  bool syn_ack : 1 = false;     ///< it bore an ACK
  bool syn_done : 1 = false;    ///< and was acknowledged: syn_rtt holds
  bool ack_seen : 1 = false;    ///< a pure ACK: history's `a`
  bool data_seen : 1 = false;   ///< history's `d`
  bool odd_seen : 1 = false;    ///< FIN with RST: history's `i`
  bool many_seen : 1 = false;   ///< SYN with FIN or RST: history's `q`
  bool fin : 1 = false;         ///< its FIN was reached
  bool fin_acked : 1 = false;
  bool reset : 1 = false;  ///< it sent a reset that was accepted
  bool ended : 1 = false;  ///< the listener has heard of its end
  bool sack : 1 = false;
  bool scales : 1 = false;      ///< window scale offered
  bool timestamps : 1 = false;  ///< sends them
  bool md5 : 1 = false;         ///< signs its segments
  bool spoke_on : 1 = false;    ///< after the reset
  bool closed_window : 1 = false;

  Seq seq(Offset offset) const { return Seq(base) + offset; }
  Seq next_seq() const { return seq(next); }
  Offset offset(std::uint32_t sequence) const { return offset_of(Seq(sequence), next_seq(), next); }
  /// A TSval from before the last one.
  bool is_older(std::uint32_t value) const {
    return timestamp != 0 && Seq(timestamp) - Seq(value) > 0;
  }
  /// What the other end has acknowledged; -1 when unknown or only its own SYN was answered.
  Offset acked_offset() const { return has_acked ? offset(acked) : -1; }

  void add_rtt(Duration sample) {
    if (rtt_samples == UINT32_MAX) return;
    if (rtt_samples == 0 || sample < rtt_min.get()) rtt_min = ShortDuration(sample);
    if (sample > rtt_max.get()) rtt_max = ShortDuration(sample);
    syn_time_or_rtt_sum = rtt_samples == 0 ? sample.count() : syn_time_or_rtt_sum + sample.count();
    ++rtt_samples;
  }
  std::optional<RoundTrip> rtt() const {
    if (rtt_samples == 0) return std::nullopt;
    return RoundTrip{rtt_min.get(), Duration(syn_time_or_rtt_sum / rtt_samples), rtt_max.get(),
                     rtt_samples};
  }
};
static_assert(sizeof(Half) == 64);

}  // namespace wirelens::tcp
