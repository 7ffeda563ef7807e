// tcp/reassembly.h - segments of one direction that wait for a hole before them to fill.
//
//            next                                      pieces never overlap; those that touch form
//   ----------|....hole....[piece][piece]..hole..[piece]   one run. The first copy of a byte stays.
//
// In-order segments never come here. Finding a place costs O(log n); small pieces that touch grow
// together, so that a segment of one byte costs little more than its byte and a mark of its packet.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/ledger.h"
#include "event/stamp.h"
#include "tcp/seq.h"

namespace wirelens::tcp {

/// A segment as reassembly sees it.
struct Chunk {
  Offset begin = 0;
  std::uint32_t length = 0;  ///< on the wire
  Bytes bytes;               ///< the first of them, as far as they were captured
  Stamp stamp;
  std::uint32_t timestamp = 0;  ///< TSval
  std::uint16_t id = 0;         ///< IPv4 identification
  bool silent = false;          ///< takes its place and is not handed on: the urgent byte

  Offset end() const { return begin + length; }
  /// The part from `from` to `to`, which lie within.
  Chunk part(Offset from, Offset to) const;
};

class Held {
 public:
  static constexpr std::size_t kMaxBytes = 1024 * 1024;  ///< with kPieceCost for each piece
  static constexpr std::size_t kMaxRuns = 512;
  static constexpr std::size_t kMaxMarks = 32;  ///< of a piece
  /// What a piece is booked with beside its bytes and marks.
  static constexpr std::size_t kPieceCost = 128;

  /// Where what one packet brought begins.
  struct Mark {
    Offset begin = 0;
    Stamp stamp;
  };
  struct Piece {
    std::uint32_t length = 0;  ///< on the wire
    std::uint32_t have = 0;    ///< bytes held; the rest was cut off by the snapshot length
    std::uint32_t front = 0;   ///< where they begin in `memory`
    std::uint32_t capacity = 0;
    std::uint8_t* memory = nullptr;
    Stamp stamp;  ///< of the packet that brought it; of the latest if several grew together
    std::uint32_t timestamp = 0;
    std::uint16_t id = 0;
    bool silent = false;
    /// If several grew together: of each packet, in any order. Beyond kMaxMarks neighbours share
    /// one, which tells of the later packet.
    std::pmr::vector<Mark> marks;

    Bytes bytes() const { return {memory + front, have}; }
  };
  using Pieces = std::pmr::map<Offset, Piece>;

  /// What insert() tells of a part that was held already and differs.
  class ConflictListener {
   public:
    virtual void conflict(Bytes first, Bytes second) = 0;

   protected:
    ~ConflictListener() = default;
  };

  explicit Held(std::pmr::memory_resource& memory) : pieces_(&memory) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held();

  /// Keeps what is new in `chunk`. Returns false when a cap or the ledger refused some of it: make
  /// room and insert the whole again.
  [[nodiscard]] bool insert(const Chunk& chunk, Ledger& ledger, ConflictListener& listener);

  bool empty() const { return pieces_.empty(); }
  Offset first() const { return pieces_.begin()->first; }
  const Piece& front() const { return pieces_.begin()->second; }
  /// What one packet brought, one after another in order: `front()` from its mark `number` on, or
  /// all of it if it has none. Lent until the next insert() or pop().
  Chunk front_part(std::size_t number) const;
  std::size_t front_parts() const { return std::max<std::size_t>(front().marks.size(), 1); }
  /// Puts the marks of front() in order: before front_part().
  void sort_front();
  void pop(Ledger& ledger);
  /// Bytes of [begin, end) that are held already.
  std::uint64_t known(Offset begin, Offset end) const;
  /// The piece that begins first at or behind `offset`.
  const Piece* behind(Offset offset) const;

  std::size_t booked() const { return booked_; }
  std::size_t runs() const { return runs_; }
  /// Work done so far: pieces looked at and bytes copied beyond their first copy.
  std::uint64_t steps() const { return steps_; }

 private:
  using Place = Pieces::iterator;

  bool add(const Chunk& chunk, Ledger& ledger);
  bool grow_back(Place left, const Chunk& chunk, Ledger& ledger);
  bool grow_front(Place right, const Chunk& chunk, Ledger& ledger);
  bool mark(Place place, const Chunk& chunk, Ledger& ledger);
  bool enlarge(Piece& piece, std::uint32_t front, std::uint32_t capacity, Ledger& ledger);
  bool book(std::size_t bytes, Ledger& ledger);
  std::pmr::memory_resource& memory() { return *pieces_.get_allocator().resource(); }

  Pieces pieces_;
  std::size_t booked_ = 0;
  std::size_t runs_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace wirelens::tcp
