// base/pool.cc - slabs and what is left of them.
#include "base/pool.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace wirelens {

Pool::~Pool() {
  while (slab_ != nullptr) {
    Slab* const before = slab_->before;
    upstream_.deallocate(slab_, kSlab, kSlab);
    slab_ = before;
  }
}

void Pool::put_all(std::size_t size) {
  // The largest piece of a size that they hold; one that must be aligned only if it is.
  std::size_t number = number_of(size);
  if (size_of(number) > size) --number;
  const bool aligned = reinterpret_cast<std::uintptr_t>(at_) % kLine == 0;
  while (!aligned && number > 0 && size_of(number) % kLine == 0) --number;
  if (number > 0) put(at_, number);
  at_ += size;
  left_ -= size;
}

void* Pool::carve(std::size_t size) {
  const std::size_t skipped =
      size % kLine == 0 ? -reinterpret_cast<std::uintptr_t>(at_) % kLine : 0;
  if (left_ < skipped + size) {
    if (left_ > 0) put_all(left_);
    void* const slab = upstream_.allocate(kSlab, kSlab);
    ::madvise(slab, kSlab, MADV_HUGEPAGE);  // a kernel without them takes others
    slab_ = new (slab) Slab{slab_};
    at_ = reinterpret_cast<std::byte*>(slab_ + 1);
    left_ = kSlab - sizeof(Slab);
  } else if (skipped > 0) {
    put_all(skipped);
  }
  void* const piece = at_;
  at_ += size;
  left_ -= size;
  return piece;
}

}  // namespace wirelens
