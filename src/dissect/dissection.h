// dissect/dissection.h - coroutines that read a stream the way its RFC is written.
//
//   Dissection read_requests(Input& in)          one direction, from its first byte on
//   Part<Chunk> read_chunk(Input& in, ...)       a part of it that gives back a value
//
// A part is started by awaiting it, as a named variable (g++ 12 miscompiles temporaries with
// destructors inside a co_await expression):
//
//   auto chunk = read_chunk(in, ...);
//   const Chunk read = co_await chunk;
//
// Frames come from the worker's memory, found by the Input among the arguments.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory_resource>
#include <optional>
#include <type_traits>
#include <utility>

namespace wirelens {

class Input;

namespace dissection {

/// Memory for one frame, with the resource remembered in front of it.
void* allocate_frame(std::size_t size, std::pmr::memory_resource& memory);
void release_frame(void* frame, std::size_t size);
std::pmr::memory_resource& memory_of(Input& in);

/// The first Input among a coroutine's arguments.
template <class First, class... Rest>
Input* find_input(First& first, Rest&... rest) {
  if constexpr (std::is_same_v<std::remove_cv_t<First>, Input>) {
    return &first;
  } else {
    return find_input(rest...);
  }
}

struct PromiseBase {
  std::coroutine_handle<> continuation;

  template <class... Arguments>
  static void* operator new(std::size_t size, Arguments&... arguments) {
    return allocate_frame(size, memory_of(*find_input(arguments...)));
  }
  static void operator delete(void* frame, std::size_t size) { release_frame(frame, size); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct Final {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) noexcept {
      const std::coroutine_handle<> next = done.promise().continuation;
      return next ? next : std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() { std::terminate(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  std::coroutine_handle<Promise> get_return_object() {
    return std::coroutine_handle<Promise>::from_promise(*this);
  }
  void return_value(T result) { value = std::move(result); }
  T take() { return std::move(*value); }
};
template <>
struct Promise<void> : PromiseBase {
  std::coroutine_handle<Promise> get_return_object() {
    return std::coroutine_handle<Promise>::from_promise(*this);
  }
  void return_void() {}
  void take() {}
};

}  // namespace dissection

/// A coroutine that belongs to whoever holds this; destroying it ends the coroutine where it
/// stands.
template <class T>
class [[nodiscard]] Part {
 public:
  using promise_type = dissection::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Part() = default;
  Part(Handle handle) : handle_(handle) {}
  Part(Part&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Part& operator=(Part&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Part() {
    if (handle_) handle_.destroy();
  }

  explicit operator bool() const { return static_cast<bool>(handle_); }
  bool done() const { return handle_.done(); }
  /// Starts it, or goes on where nobody awaits it.
  void resume() { handle_.resume(); }

  /// Runs the part at once; only if it has to wait for bytes does the one who awaits wait too.
  struct Awaiter {
    Handle handle;
    bool await_ready() {
      handle.resume();
      return handle.done();
    }
    void await_suspend(std::coroutine_handle<> waiting) { handle.promise().continuation = waiting; }
    T await_resume() { return handle.promise().take(); }
  };
  Awaiter operator co_await() & { return {handle_}; }

 private:
  Handle handle_;
};

using Dissection = Part<void>;

}  // namespace wirelens
