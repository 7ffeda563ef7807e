// tcp/reassembly.cc - keeping pieces sorted, apart and few.
#include "tcp/reassembly.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace wirelens::tcp {
namespace {

/// Pieces grow together as long as they stay below this.
constexpr std::uint32_t kGrowTo = 2048;
/// A chunk of at most this size may be joined to a piece that it touches.
constexpr std::uint32_t kSmall = 256;

Offset end_of(const Held::Pieces::value_type& entry) {
  return entry.first + entry.second.length;
}
bool may_grow(const Held::Piece& piece, const Chunk& chunk) {
  return chunk.length <= kSmall && chunk.bytes.size() == chunk.length && !chunk.silent &&
         piece.have == piece.length && !piece.silent && piece.length + chunk.length <= kGrowTo;
}

}  // namespace

Chunk Chunk::part(Offset from, Offset to) const {
  Chunk cut = *this;
  cut.begin = from;
  cut.length = static_cast<std::uint32_t>(to - from);
  const auto skip = std::min(static_cast<std::size_t>(from - begin), bytes.size());
  cut.bytes = bytes.subspan(skip, std::min<std::size_t>(bytes.size() - skip, cut.length));
  return cut;
}

Held::~Held() {
  assert(pieces_.empty());
}

bool Held::book(std::size_t bytes, Ledger& ledger) {
  if (booked_ + bytes > kMaxBytes || !ledger.take(Charge::reassembly, bytes)) return false;
  booked_ += bytes;
  return true;
}

bool Held::insert(const Chunk& chunk, Ledger& ledger, ConflictListener& listener) {
  Offset at = chunk.begin;
  Place place = pieces_.upper_bound(at);
  if (place != pieces_.begin() && end_of(*std::prev(place)) > at) --place;
  while (at < chunk.end()) {
    ++steps_;
    if (place == pieces_.end() || place->first >= chunk.end()) {
      return add(chunk.part(at, chunk.end()), ledger);
    }
    if (place->first > at) {
      const Offset hole_end = place->first;
      if (!add(chunk.part(at, hole_end), ledger)) return false;
      at = hole_end;
      place = pieces_.upper_bound(at);  // what was added may have grown into its neighbours
      if (place != pieces_.begin() && end_of(*std::prev(place)) > at) --place;
      continue;
    }
    const Piece& piece = place->second;
    const Offset stop = std::min(end_of(*place), chunk.end());
    const Bytes second = chunk.part(at, stop).bytes;
    const auto skip =
        std::min<std::size_t>(static_cast<std::size_t>(at - place->first), piece.have);
    const std::size_t both = std::min(second.size(), piece.have - skip);
    const Bytes first = piece.bytes().subspan(skip, both);
    if (!std::equal(first.begin(), first.end(), second.begin())) {
      listener.conflict(first, second.first(both));
    }
    at = stop;
    ++place;
  }
  return true;
}

/// Adds a chunk that overlaps nothing.
bool Held::add(const Chunk& chunk, Ledger& ledger) {
  const Place right = pieces_.lower_bound(chunk.begin);
  const bool touches_right = right != pieces_.end() && right->first == chunk.end();
  const Place left = right == pieces_.begin() ? pieces_.end() : std::prev(right);
  const bool touches_left = left != pieces_.end() && end_of(*left) == chunk.begin;
  if (!touches_left && !touches_right && runs_ >= kMaxRuns) return false;

  const bool grown = (touches_left && grow_back(left, chunk, ledger)) ||
                     (touches_right && grow_front(right, chunk, ledger));
  if (!grown) {
    const auto size = static_cast<std::uint32_t>(chunk.bytes.size());
    if (!book(kPieceCost + size, ledger)) return false;
    Piece piece{chunk.length,
                size,
                0,
                size,
                nullptr,
                chunk.stamp,
                chunk.timestamp,
                chunk.id,
                chunk.silent,
                std::pmr::vector<Mark>(&memory())};
    if (size > 0) {
      piece.memory = static_cast<std::uint8_t*>(memory().allocate(size, 1));
      std::memcpy(piece.memory, chunk.bytes.data(), size);
    }
    pieces_.emplace_hint(right, chunk.begin, std::move(piece));
  }
  if (touches_left && touches_right) --runs_;
  if (!touches_left && !touches_right) ++runs_;
  return true;
}

/// Moves a piece's bytes to `front` of a block of `capacity`.
bool Held::enlarge(Piece& piece, std::uint32_t front, std::uint32_t capacity, Ledger& ledger) {
  if (!book(capacity - piece.capacity, ledger)) return false;
  auto* larger = static_cast<std::uint8_t*>(memory().allocate(capacity, 1));
  if (piece.have > 0) std::memcpy(larger + front, piece.memory + piece.front, piece.have);
  if (piece.memory != nullptr) memory().deallocate(piece.memory, piece.capacity, 1);
  steps_ += piece.have / 64;
  piece.memory = larger;
  piece.front = front;
  piece.capacity = capacity;
  return true;
}

/// Notes which packet brought `chunk`, by which the piece grows.
bool Held::mark(Place place, const Chunk& chunk, Ledger& ledger) {
  auto& [begin, piece] = *place;
  const bool in_front = chunk.begin < begin;
  if (piece.marks.size() == kMaxMarks) {
    const auto nearer = [in_front](const Mark& a, const Mark& b) {
      return in_front ? a.begin < b.begin : a.begin > b.begin;
    };
    Mark& shared = *std::min_element(piece.marks.begin(), piece.marks.end(), nearer);
    if (in_front) shared.begin = chunk.begin;
    if (chunk.stamp.packet > shared.stamp.packet) shared.stamp = chunk.stamp;
  } else {
    const std::size_t more = piece.marks.empty() ? 2 : 1;
    if (!book(more * sizeof(Mark), ledger)) return false;
    if (more == 2) piece.marks.push_back({begin, piece.stamp});
    piece.marks.push_back({chunk.begin, chunk.stamp});
  }
  if (chunk.stamp.packet > piece.stamp.packet) piece.stamp = chunk.stamp;
  return true;
}

bool Held::grow_back(Place left, const Chunk& chunk, Ledger& ledger) {
  Piece& piece = left->second;
  if (!may_grow(piece, chunk)) return false;
  const std::uint32_t need = piece.front + piece.have + chunk.length;
  if (need > piece.capacity && !enlarge(piece, piece.front, need * 2, ledger)) return false;
  if (!mark(left, chunk, ledger)) return false;
  std::memcpy(piece.memory + piece.front + piece.have, chunk.bytes.data(), chunk.length);
  piece.have += chunk.length;
  piece.length += chunk.length;
  return true;
}

bool Held::grow_front(Place right, const Chunk& chunk, Ledger& ledger) {
  if (!may_grow(right->second, chunk)) return false;
  if (right->second.front < chunk.length) {
    const std::uint32_t slack = right->second.have + chunk.length;
    const std::uint32_t rest = right->second.capacity - right->second.front;
    if (!enlarge(right->second, slack, slack + rest, ledger)) return false;
  }
  if (!mark(right, chunk, ledger)) return false;
  auto node = pieces_.extract(right);
  node.key() = chunk.begin;
  Piece& piece = node.mapped();
  piece.front -= chunk.length;
  std::memcpy(piece.memory + piece.front, chunk.bytes.data(), chunk.length);
  piece.have += chunk.length;
  piece.length += chunk.length;
  pieces_.insert(std::move(node));
  return true;
}

void Held::sort_front() {
  auto& marks = pieces_.begin()->second.marks;
  std::sort(marks.begin(), marks.end(),
            [](const Mark& a, const Mark& b) { return a.begin < b.begin; });
}

Chunk Held::front_part(std::size_t number) const {
  const auto& [begin, piece] = *pieces_.begin();
  const Chunk whole{begin,           piece.length, piece.bytes(), piece.stamp,
                    piece.timestamp, piece.id,     piece.silent};
  if (piece.marks.empty()) return whole;
  const Offset end =
      number + 1 < piece.marks.size() ? piece.marks[number + 1].begin : begin + piece.length;
  Chunk part = whole.part(piece.marks[number].begin, end);
  part.stamp = piece.marks[number].stamp;
  return part;
}

void Held::pop(Ledger& ledger) {
  const Place first = pieces_.begin();
  const Piece& piece = first->second;
  const std::size_t cost = kPieceCost + piece.capacity + piece.marks.size() * sizeof(Mark);
  const Place next = std::next(first);
  if (next == pieces_.end() || next->first != end_of(*first)) --runs_;
  if (piece.memory != nullptr) memory().deallocate(piece.memory, piece.capacity, 1);
  pieces_.erase(first);
  booked_ -= cost;
  ledger.give(Charge::reassembly, cost);
}

std::uint64_t Held::known(Offset begin, Offset end) const {
  std::uint64_t sum = 0;
  auto place = pieces_.upper_bound(begin);
  if (place != pieces_.begin()) --place;
  for (; place != pieces_.end() && place->first < end; ++place) {
    const Offset from = std::max(begin, place->first);
    const Offset to = std::min(end, end_of(*place));
    if (to > from) sum += static_cast<std::uint64_t>(to - from);
  }
  return sum;
}

const Held::Piece* Held::behind(Offset offset) const {
  const auto place = pieces_.lower_bound(offset);
  return place == pieces_.end() ? nullptr : &place->second;
}

}  // namespace wirelens::tcp
