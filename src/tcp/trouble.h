// tcp/trouble.h - what a connection remembers once something went wrong: loss, reordering,
// suspects.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory_resource>
#include <optional>
#include <vector>

#include "event/records.h"
#include "tcp/half.h"
#include "tcp/reassembly.h"

namespace wirelens::tcp {

/// One direction's.
struct Trouble {
  explicit Trouble(std::pmr::memory_resource& memory) : held(memory) {}

  // The counters of Sent, by the same names.
  std::uint64_t retransmitted_packets = 0;
  std::uint64_t retransmitted_bytes = 0;
  std::uint64_t fast_retransmits = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t spurious = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t duplicate_acks = 0;
  std::uint64_t zero_windows = 0;
  Duration zero_window_time{};
  std::uint64_t zero_window_probes = 0;
  std::uint64_t keep_alives = 0;
  std::uint64_t missing_bytes = 0;
  std::uint64_t capture_duplicates = 0;
  std::uint64_t acked_before_seen = 0;
  std::uint64_t bad_checksums = 0;
  std::uint64_t gaps = 0;

  Held held;
  Offset high = 0;  ///< end of the highest byte seen; less than Half::next is as good as that
  std::optional<Offset> fin;  ///< where its FIN stands, seen but not reached or not acknowledged
  Stamp fin_stamp;
  Timestamp hole_since{};  ///< when the oldest hole appeared, or the last one before it was filled
  Timestamp hole_acked{};  ///< when the other end first acknowledged beyond it; see waiting_packets
  std::uint32_t waiting_packets = 0;  ///< packets since then; 0: it did not
  Offset gap_begin = 0;               ///< the last part that was given up
  Offset gap_end = 0;

  /// Its last segments without payload, once a copy by the capture was seen; see is_ack_copy().
  struct BareAck {
    Timestamp time{};
    std::uint32_t acknowledgment = 0;
    std::uint16_t id = 0;
  };
  std::array<BareAck, 8> bare_acks{};
  std::uint8_t bare_ack_count = 0;

  // What the other end's ACKs say about this direction.
  std::uint32_t dup_acks = 0;            ///< of the current acknowledgment number
  Timestamp evidence{};                  ///< when the last duplicate ACK or new SACK block came
  std::optional<std::uint32_t> doubted;  ///< an ACK that nothing seen could explain
  Offset sacked = 0;                     ///< right edge of the highest SACK block
  Stamp zero_since;                      ///< where its own window closed; see Half::closed_window
  std::uint64_t probed_before = 0;       ///< probes of it by the other end before that
  std::uint32_t unanswered_probes = 0;   ///< keep-alives in a row
  std::uint64_t heard_before = 0;        ///< packets of the other end when the first was sent

  /// Waits of this direction for room in the other end's window.
  struct FullWindow {
    Stamp since;               ///< the segment that filled it; no packet: there is room
    std::uint64_t first = 0;   ///< packet of the first that did, where a wait followed
    Stamp last;                ///< what was sent after the last wait
    std::uint64_t window = 0;  ///< bytes, the last time
    std::uint32_t times = 0;
    Duration time{};
  };
  FullWindow full;
};

/// A segment that is not believed until the receiver acknowledges it.
struct Suspect {
  Direction from = Direction::from_client;
  Chunk chunk;  ///< its bytes lie in `bytes`
  std::pmr::vector<std::uint8_t> bytes;
  bool fin = false;
  std::uint8_t ttl = 0;
};

struct Extra {
  static constexpr std::size_t kMaxSuspects = 16;
  static constexpr std::size_t kMaxSuspectBytes = 64 * 1024;
  static constexpr std::size_t kSuspectCost = 160;
  static constexpr std::size_t kMaxSyns = 10;
  static constexpr std::size_t kMoreHistory = 52;

  explicit Extra(std::pmr::memory_resource& memory)
      : of{Trouble(memory), Trouble(memory)}, suspects(&memory) {}

  std::array<Trouble, 2> of;
  std::pmr::list<Suspect> suspects;
  std::size_t suspect_bytes = 0;
  /// SYNs with other sequence numbers: the one that a SYN-ACK answers counts.
  struct Syn {
    Direction from = Direction::from_client;
    std::uint32_t sequence = 0;
  };
  std::array<Syn, kMaxSyns> syns{};
  std::uint8_t syn_count = 0;
  /// Who sent a reset that was not exact, as long as nothing shows that the connection goes on.
  std::optional<Direction> doubted_reset;
  bool doubted_ack = false;  ///< a handshake ACK of what was never sent
  std::uint8_t history_count = 0;
  std::array<char, kMoreHistory> history{};
};

}  // namespace wirelens::tcp
