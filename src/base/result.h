// base/result.h - a value, or why there is none: for what the user asked for (a file, an option, an
// interface). Faults in traffic are flaws, not errors.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace wirelens {

/// One line for the user, without a trailing full stop or newline.
struct Error {
  std::string message;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const Error& error() const {
    assert(state_.index() == 1);
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Error> state_;
};

}  // namespace wirelens
