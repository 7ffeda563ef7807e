// event/event.h - one thing seen, lent for one call, without anybody knowing its type.
//
// Dissectors, the TCP analysis and the engine emit plain structs (see fields.h). A sink gets an
// Event: it may ask for a type it knows (event.as<http::Exchange>()) or have any event described.
#pragma once

#include <memory_resource>
#include <new>
#include <type_traits>

#include "event/fields.h"
#include "event/json_fields.h"
#include "event/peers.h"

namespace wirelens {

/// An event has a record name and a description.
template <class T>
concept Emittable = Described<T> && std::is_trivially_destructible_v<T> && requires {
  { T::kName } -> std::convertible_to<std::string_view>;
  { T::kAbout } -> std::convertible_to<std::string_view>;
};

/// Told to the rules alone: no record, no schema.
template <class T>
concept Internal = requires {
  requires T::kInternal;
};

/// Many of them in a line of the text report: T::kCounted says what they are ("server-sent
/// events").
template <class T>
concept Counted = requires {
  { T::kCounted } -> std::convertible_to<std::string_view>;
};
template <class T>
constexpr std::string_view counted_as() {
  if constexpr (Counted<T>) return T::kCounted;
  return {};
}

/// A connection's `id`, from 0 in order of first packet.
using ConnectionId = std::uint64_t;

/// One per type of event; its address is the type's identity.
struct EventType {
  std::string_view name;   ///< "type" in a record
  std::string_view about;  ///< one sentence for the schema
  void (*describe)(const void* payload, FieldWriter& out);
  /// See json_record(); `at` has room.
  char* (*json)(char* at, Timestamp time, std::optional<ConnectionId> connection,
                const void* payload, JsonText& out);
  void (*schema)(SchemaWriter& out);
  /// A copy of the payload that borrows only from `arena`.
  const void* (*copy)(const void* payload, std::pmr::memory_resource& arena);
  bool internal = false;          ///< see Internal
  std::string_view counted = {};  ///< see Counted; empty for others
};

template <Emittable T>
inline constexpr EventType kEventType = {
    T::kName,
    T::kAbout,
    [](const void* payload, FieldWriter& out) {
      write_fields(*static_cast<const T*>(payload), out);
    },
    [](char* at, Timestamp time, std::optional<ConnectionId> connection, const void* payload,
       JsonText& out) {
      return json_record(at, time, connection, *static_cast<const T*>(payload), out);
    },
    [](SchemaWriter& out) { write_schema<T>(out); },
    [](const void* payload, std::pmr::memory_resource& arena) -> const void* {
      T* copy = new (arena.allocate(sizeof(T), alignof(T))) T(*static_cast<const T*>(payload));
      deepen(*copy, arena);
      return copy;
    },
    Internal<T>,
    counted_as<T>()};

class Event {
 public:
  template <Emittable T>
  Event(Timestamp time, std::optional<ConnectionId> connection, const T& payload,
        const Peers* peers = nullptr)
      : Event(&kEventType<T>, time, connection, &payload, peers) {}
  Event(const EventType* type, Timestamp time, std::optional<ConnectionId> connection,
        const void* payload, const Peers* peers = nullptr)
      : type_(type), payload_(payload), peers_(peers), time_(time), connection_(connection) {}

  const EventType& type() const { return *type_; }
  const void* payload() const { return payload_; }
  /// `ts` of the record: when what it tells of began.
  Timestamp time() const { return time_; }
  /// `conn` of the record, absent when it belongs to none.
  std::optional<ConnectionId> connection() const { return connection_; }
  /// Who talks on its connection; nullptr when it belongs to none.
  const Peers* peers() const { return peers_; }

  /// The payload if it is a T, else nullptr.
  template <Emittable T>
  const T* as() const {
    return type_ == &kEventType<T> ? static_cast<const T*>(payload_) : nullptr;
  }
  void describe(FieldWriter& out) const { type_->describe(payload_, out); }

 private:
  const EventType* type_;
  const void* payload_;
  const Peers* peers_;
  Timestamp time_;
  std::optional<ConnectionId> connection_;
};

/// Who hears events, in packet order, one thread at a time. What an event points to lives until
/// write() returns.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void write(const Event& event) = 0;
};

}  // namespace wirelens
