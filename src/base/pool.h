// base/pool.h - memory for what comes and goes with packets: a list of free pieces for each size.
//
// As std::pmr::unsynchronized_pool_resource, which takes ten times as long to find the list. Pieces
// are carved from slabs, which go back when the pool does. A slab is a huge page where the kernel
// gives one: who looks at thousands of connections in turn misses the TLB at each page of 4 KB, and
// the walk through the page tables costs more than the cache miss behind it.
#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>

namespace wirelens {

class Pool final : public std::pmr::memory_resource {
 public:
  /// Slabs, and pieces that are larger than kMost or more strictly aligned than their size allows,
  /// come from `upstream`. Sizes that are multiples of kLine are aligned to it, others to kFine.
  explicit Pool(std::pmr::memory_resource& upstream = *std::pmr::new_delete_resource())
      : upstream_(upstream) {}
  ~Pool() override;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  static constexpr std::size_t kFine = 16;  ///< step of the sizes up to kFineMost
  static constexpr std::size_t kFineMost = 1024;
  static constexpr std::size_t kCoarse = 256;  ///< and beyond
  static constexpr std::size_t kMost = 32768;
  static constexpr std::size_t kLine = 64;
  static constexpr std::size_t kSlab = 2u << 20;

 private:
  struct Free {
    Free* next;
  };
  struct alignas(kLine) Slab {
    Slab* before;
  };
  static constexpr std::size_t kFineSizes = kFineMost / kFine;
  static constexpr std::size_t kSizes = 1 + kFineSizes + (kMost - kFineMost) / kCoarse;

  /// The smallest size that holds `bytes`, by number.
  static std::size_t number_of(std::size_t bytes) {
    return bytes <= kFineMost ? (bytes + kFine - 1) / kFine
                              : kFineSizes + (bytes - kFineMost + kCoarse - 1) / kCoarse;
  }
  static std::size_t size_of(std::size_t number) {
    return number <= kFineSizes ? number * kFine : kFineMost + (number - kFineSizes) * kCoarse;
  }
  static bool fits(std::size_t bytes, std::size_t alignment) {
    if (bytes > kMost) return false;
    return alignment <= kFine || (alignment <= kLine && bytes > 0 && bytes % kLine == 0);
  }

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (!fits(bytes, alignment)) return upstream_.allocate(bytes, alignment);
    const std::size_t number = number_of(bytes + (bytes == 0));
    Free* const piece = free_[number];
    if (piece == nullptr) return carve(size_of(number));
    free_[number] = piece->next;
    __builtin_prefetch(piece->next, 1);  // its own link will be asked for
    return piece;
  }
  void do_deallocate(void* at, std::size_t bytes, std::size_t alignment) override {
    if (!fits(bytes, alignment)) return upstream_.deallocate(at, bytes, alignment);
    put(at, number_of(bytes + (bytes == 0)));
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  void put(void* at, std::size_t number) { free_[number] = new (at) Free{free_[number]}; }
  void* carve(std::size_t size);
  /// Gives away the next `size` bytes of the slab, of which a little may be lost.
  void put_all(std::size_t size);

  std::pmr::memory_resource& upstream_;
  std::array<Free*, kSizes> free_{};
  Slab* slab_ = nullptr;     // the latest
  std::byte* at_ = nullptr;  // what is left of it
  std::size_t left_ = 0;
};

}  // namespace wirelens
