// base/pool.cc - slabs and what is left of them.
#include "base/pool.h"

#include <sys/mman.h>

#include <new>

namespace wirelens {

Pool::~Pool() {
  while (slab_ != nullptr) {
    Slab* const before = slab_->before;
    upstream_.deallocate(slab_, kSlab, kSlab);
    slab_ = before;
  }
}

void* Pool::carve(std::size_t size) {
  if (left_ < size) {
    if (left_ > 0) {  // the largest piece of a size that it holds; the rest of it is lost
      const std::size_t number = number_of(left_);
      put(at_, size_of(number) > left_ ? number - 1 : number);
    }
    void* const slab = upstream_.allocate(kSlab, kSlab);
    ::madvise(slab, kSlab, MADV_HUGEPAGE);  // a kernel without them takes others
    slab_ = new (slab) Slab{slab_};
    at_ = reinterpret_cast<std::byte*>(slab_ + 1);
    left_ = kSlab - sizeof(Slab);
  }
  void* const piece = at_;
  at_ += size;
  left_ -= size;
  return piece;
}

}  // namespace wirelens
