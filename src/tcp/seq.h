// tcp/seq.h - sequence numbers, which wrap, and stream offsets, which do not.
#pragma once

#include <cstdint>

namespace wirelens::tcp {

/// A sequence number (RFC 9293 section 3.4). There is no `<`: of two numbers on a circle neither is
/// the smaller one. What can be asked is how far one lies ahead of the other.
class Seq {
 public:
  constexpr Seq() = default;
  constexpr explicit Seq(std::uint32_t value) : value_(value) {}

  constexpr std::uint32_t value() const { return value_; }
  friend constexpr bool operator==(Seq, Seq) = default;
  friend constexpr Seq operator+(Seq seq, std::int64_t count) {
    return Seq(seq.value_ + static_cast<std::uint32_t>(count));
  }
  /// How far `ahead` lies ahead of `behind`, from -2^31 to 2^31 - 1.
  friend constexpr std::int32_t operator-(Seq ahead, Seq behind) {
    return static_cast<std::int32_t>(ahead.value_ - behind.value_);
  }

 private:
  std::uint32_t value_ = 0;
};

/// Place in one direction's stream: 0 is the first byte of payload, -1 the SYN. It does not wrap,
/// so offsets compare as numbers, past 4 GiB too.
using Offset = std::int64_t;

/// The offset of `seq`, given a nearby number (within 2 GiB) whose offset is known.
constexpr Offset offset_of(Seq seq, Seq known, Offset known_offset) {
  return known_offset + (seq - known);
}

static_assert(Seq(0xffff'fffb) + 10 == Seq(5));
static_assert(Seq(5) - Seq(0xffff'fffb) == 10);
static_assert(Seq(0xffff'fffb) - Seq(5) == -10);
static_assert(Seq(0x8000'0000) - Seq(0) == INT32_MIN, "half way round counts as behind");
static_assert(offset_of(Seq(3), Seq(0xffff'ffff), 0xffff'fffe) == 0x1'0000'0002);

}  // namespace wirelens::tcp
