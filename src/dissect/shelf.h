// dissect/shelf.h - what all conversations of one worker share in one protocol: caches, tables.
#pragma once

#include <cstddef>
#include <memory>
#include <typeindex>
#include <utility>
#include <vector>

namespace wirelens {

/// At most one object of each type, made when it is first asked for. What comes out of a run must
/// not depend on it: workers have a shelf each, and which connections share one depends on their
/// number.
class Shelf {
 public:
  /// The T that lies here; without one `make()` makes it (a std::unique_ptr<T>).
  template <class T, class Make>
  T& of(Make make) {
    for (const Slot& slot : slots_) {
      if (slot.type == std::type_index(typeid(T))) return *static_cast<T*>(slot.object.get());
    }
    std::shared_ptr<T> made = make();
    T& object = *made;
    slots_.push_back({std::type_index(typeid(T)), std::move(made)});
    return object;
  }
  template <class T>
  T& of() {
    return of<T>([] { return std::make_unique<T>(); });
  }

 private:
  struct Slot {
    std::type_index type;
    std::shared_ptr<void> object;
  };
  std::vector<Slot> slots_;
};

}  // namespace wirelens
