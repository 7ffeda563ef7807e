// base/prefetch.h - asks for memory before it is needed.
#pragma once

#include <cstddef>

namespace wirelens {

inline constexpr std::size_t kCacheLine = 64;

/// Fetches the lines that `bytes` from `at` on touch, to be written. What calls this and does no
/// more must be inlined, too: g++ takes it for a function without effect and leaves the call out.
[[gnu::always_inline]] inline void prefetch(const void* at, std::size_t bytes) {
  const char* const begin = static_cast<const char*>(at);
  for (std::size_t i = 0; i < bytes; i += kCacheLine) __builtin_prefetch(begin + i, 1);
  __builtin_prefetch(begin + bytes - 1, 1);
}

/// All of an object.
template <class T>
[[gnu::always_inline]] inline void prefetch(const T* object) {
  if constexpr (alignof(T) >= kCacheLine) {
    for (std::size_t i = 0; i < sizeof *object; i += kCacheLine) {
      __builtin_prefetch(reinterpret_cast<const char*>(object) + i, 1);
    }
  } else {
    prefetch(object, sizeof *object);
  }
}

}  // namespace wirelens
