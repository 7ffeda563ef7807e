// dissect/dissection.cc - where coroutine frames and dissectors live.
#include "dissect/dissection.h"

#include <new>

#include "dissect/dissector.h"
#include "dissect/input.h"

namespace wirelens {
namespace {

// The resource stands in front of what it gave, at the strictest alignment.
constexpr std::size_t kFront = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

void* allocate_in_front(std::size_t size, std::pmr::memory_resource& memory) {
  void* whole = memory.allocate(size + kFront, kFront);
  *static_cast<std::pmr::memory_resource**>(whole) = &memory;
  return static_cast<std::byte*>(whole) + kFront;
}

void release_in_front(void* at, std::size_t size) {
  void* whole = static_cast<std::byte*>(at) - kFront;
  (*static_cast<std::pmr::memory_resource**>(whole))->deallocate(whole, size + kFront, kFront);
}

}  // namespace

namespace dissection {

void* allocate_frame(std::size_t size, std::pmr::memory_resource& memory) {
  return allocate_in_front(size, memory);
}
void release_frame(void* frame, std::size_t size) {
  release_in_front(frame, size);
}
std::pmr::memory_resource& memory_of(Input& in) {
  return in.memory();
}

}  // namespace dissection

void* Dissector::operator new(std::size_t size, std::pmr::memory_resource& memory) {
  return allocate_in_front(size, memory);
}
void Dissector::operator delete(void* at, std::size_t size) {
  release_in_front(at, size);
}
void Dissector::operator delete(void* at, std::pmr::memory_resource&) {
  // Only reached when a constructor throws; the size is not known here, and constructors do not
  // throw.
  (void)at;
  std::terminate();
}

}  // namespace wirelens
