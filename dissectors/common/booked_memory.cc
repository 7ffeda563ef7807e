// common/booked_memory.cc - malloc() with the size in front of each block.
#include "common/booked_memory.h"

#include <cstdlib>

namespace wirelens {
namespace {

constexpr std::size_t kFront = alignof(std::max_align_t);

voidpf allocate_for_zlib(voidpf ledger, uInt items, uInt size) {
  return allocate_booked(ledger, std::size_t{items} * size);
}

}  // namespace

void* allocate_booked(void* ledger, std::size_t size) {
  auto* whole = static_cast<std::byte*>(std::malloc(size + kFront));
  if (!whole) return nullptr;
  *reinterpret_cast<std::size_t*>(whole) = size;
  static_cast<Ledger*>(ledger)->force(Charge::carry, size);
  return whole + kFront;
}

void release_booked(void* ledger, void* at) {
  if (!at) return;
  std::byte* whole = static_cast<std::byte*>(at) - kFront;
  static_cast<Ledger*>(ledger)->give(Charge::carry, *reinterpret_cast<std::size_t*>(whole));
  std::free(whole);
}

void book(z_stream& stream, Ledger& ledger) {
  stream.zalloc = allocate_for_zlib;
  stream.zfree = release_booked;
  stream.opaque = &ledger;
}

}  // namespace wirelens
