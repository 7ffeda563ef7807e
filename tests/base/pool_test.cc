// Pieces of memory do not overlap, are reused, and all goes back.
#include "base/pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace wirelens {
namespace {

/// Counts what is out.
class Counted final : public std::pmr::memory_resource {
 public:
  std::size_t out = 0;
  std::size_t taken = 0;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    out += bytes;
    taken += bytes;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* at, std::size_t bytes, std::size_t alignment) override {
    out -= bytes;
    std::pmr::new_delete_resource()->deallocate(at, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

struct Piece {
  unsigned char* at;
  std::size_t size;
  std::size_t alignment;
  unsigned char mark;
};

TEST(Pool, PiecesKeepWhatIsWrittenToThem) {
  Counted upstream;
  {
    Pool pool(upstream);
    std::mt19937 random(1);
    std::vector<Piece> pieces;
    for (int round = 0; round < 100'000; ++round) {
      if (pieces.size() < 300 || (pieces.size() < 600 && random() % 2 == 0)) {
        const std::size_t most = std::size_t{1} << random() % 15;
        const std::size_t size = random() % (most + 1);
        const std::size_t alignment = std::size_t{1} << random() % 7;
        auto* at = static_cast<unsigned char*>(pool.allocate(size, alignment));
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(at) % alignment, 0u);
        const auto mark = static_cast<unsigned char>(random());
        std::memset(at, mark, size);
        pieces.push_back({at, size, alignment, mark});
        continue;
      }
      std::swap(pieces[random() % pieces.size()], pieces.back());
      const Piece piece = pieces.back();
      pieces.pop_back();
      for (std::size_t i = 0; i < piece.size; ++i) ASSERT_EQ(piece.at[i], piece.mark);
      pool.deallocate(piece.at, piece.size, piece.alignment);
    }
    for (const Piece& each : pieces) pool.deallocate(each.at, each.size, each.alignment);
  }
  EXPECT_EQ(upstream.out, 0u);
}

TEST(Pool, ReusesWhatCameBack) {
  Counted upstream;
  Pool pool(upstream);
  for (std::size_t size = 0; size <= Pool::kMost; size += 8) {
    void* const piece = pool.allocate(size);
    pool.deallocate(piece, size);
    EXPECT_EQ(pool.allocate(size), piece) << size;
    pool.deallocate(piece, size);
  }
  const std::size_t taken = upstream.taken;
  for (int round = 0; round < 1000; ++round) {
    for (std::size_t size = 1; size <= Pool::kMost; size += 100) {
      pool.deallocate(pool.allocate(size), size);
    }
  }
  EXPECT_EQ(upstream.taken, taken);
}

TEST(Pool, LeavesNoMoreThanAThirtySecondOfItsSlabs) {
  Counted upstream;
  Pool pool(upstream);
  std::mt19937 random(2);
  std::size_t wanted = 0;
  std::vector<std::pair<void*, std::size_t>> pieces;
  for (int round = 0; round < 20'000; ++round) {
    const std::size_t size = 16 * (1 + random() % 64);
    pieces.emplace_back(pool.allocate(size), size);
    wanted += size;
  }
  EXPECT_LT(upstream.out, wanted + wanted / 32 + Pool::kSlab);
  for (const auto& [at, size] : pieces) pool.deallocate(at, size);
}

}  // namespace
}  // namespace wirelens
