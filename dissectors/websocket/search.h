// websocket/search.h - finds frames again in the middle of a stream.
//
// Behind a hole, or where a capture begins, nothing says where a frame starts. A place is taken for
// one when enough speaks for it, counted in bits: a header that keeps the rules, at the beginning
// of a packet; another one exactly where the first frame's length says; text that is text once it
// is unmasked. Whatever breaks a rule rules a place out, and the next byte is tried.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "event/records.h"
#include "websocket/frame.h"

namespace wirelens::websocket {

/// Most bytes that wait until a place is certain.
inline constexpr std::size_t kMaxSearched = 32768;

class Search {
 public:
  /// `compression`: RSV1 may be set. `packet`: the first bytes are in the midst of this one; 0 if
  /// they begin one.
  Search(Direction from, bool compression, std::uint64_t packet)
      : from_(from), compression_(compression), packet_(packet) {}

  /// There are `available` bytes now; those that are new came in `packet`. True if they are the
  /// first of it.
  bool arrived(std::size_t available, std::uint64_t packet);
  enum class Found : std::uint8_t { no, unsure, yes };
  /// Looks at what is available, all of it. `yes`: a frame begins behind skip() bytes. Otherwise
  /// those bytes belong to no frame that could be found. `ended`: no more come.
  Found look(Bytes available, bool ended);
  std::size_t skip() const { return at_; }
  /// The first skip() bytes are gone.
  void skipped();

  /// How much speaks for `bytes` being whole frames and the beginning of one, in bits; nothing if
  /// they are not. For streams of which nothing is known: what packets show is not counted.
  static std::optional<unsigned> evidence(Direction from, Bytes bytes);
  /// Bits from which on a place is taken for a frame's beginning.
  static constexpr unsigned kEnough = 24;

 private:
  struct Judgement {
    Found found = Found::unsure;
    unsigned bits = 0;
  };
  Judgement judge(Bytes bytes, std::size_t at, bool ended, unsigned enough) const;
  bool begins_packet(std::size_t at) const;

  Direction from_;
  bool compression_;
  std::size_t at_ = 0;  // the place that is being considered
  std::size_t seen_ = 0;
  std::uint64_t packet_;
  std::array<std::size_t, 16> packets_{};  // where bytes of a packet begin; a ring
  std::size_t packet_count_ = 0;
};

}  // namespace wirelens::websocket
