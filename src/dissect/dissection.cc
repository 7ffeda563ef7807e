// dissect/dissection.cc - where coroutine frames and dissectors live, and how these are found.
#include "dissect/dissection.h"

#include <algorithm>
#include <new>

#include "dissect/conversation.h"
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

bool same_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [&](char x, char y) { return lower(x) == lower(y); });
}

bool contains(std::span<const std::string_view> names, std::string_view name) {
  for (const std::string_view each : names) {
    if (same_ignoring_case(each, name)) return true;
  }
  return false;
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

// A constructor that throws is the only way to the deletes without a size; these do not throw.

void* Dissector::operator new(std::size_t size, std::pmr::memory_resource& memory) {
  return allocate_in_front(size, memory);
}
void Dissector::operator delete(void* at, std::size_t size) {
  release_in_front(at, size);
}
void Dissector::operator delete(void*, std::pmr::memory_resource&) {
  std::terminate();
}

void* MessageReader::operator new(std::size_t size, std::pmr::memory_resource& memory) {
  return allocate_in_front(size, memory);
}
void MessageReader::operator delete(void* at, std::size_t size) {
  release_in_front(at, size);
}
void MessageReader::operator delete(void*, std::pmr::memory_resource&) {
  std::terminate();
}

void* Conversation::operator new(std::size_t size, std::pmr::memory_resource& memory) {
  return allocate_in_front(size, memory);
}
void Conversation::operator delete(void* at, std::size_t size) {
  release_in_front(at, size);
}
void Conversation::operator delete(void*, std::pmr::memory_resource&) {
  std::terminate();
}

const Protocol* find_protocol(std::span<const Protocol* const> protocols, std::string_view name) {
  for (const Protocol* each : protocols) {
    if (same_ignoring_case(each->name, name) || contains(each->also_known_as, name)) return each;
  }
  return nullptr;
}

const Protocol* find_reader(std::span<const Protocol* const> protocols,
                            std::string_view media_type) {
  for (const Protocol* each : protocols) {
    if (contains(each->media_types, media_type)) return each;
  }
  return nullptr;
}

const Protocol* find_claimant(std::span<const Protocol* const> protocols, std::string_view target) {
  for (const Protocol* each : protocols) {
    if (each->claims && each->claims(target)) return each;
  }
  return nullptr;
}

}  // namespace wirelens
