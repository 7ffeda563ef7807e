// dissect/dissector.h - what every folder under dissectors/ implements.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>

#include "base/ledger.h"
#include "decode/decode.h"
#include "dissect/dissection.h"
#include "dissect/input.h"
#include "event/event.h"
#include "event/flaw.h"
#include "event/records.h"

namespace wirelens {

/// What the user chose and dissectors obey.
struct DissectSettings {
  bool show_secrets = false;  ///< credentials, cookies and token signatures are not redacted
  std::size_t bodies = 0;     ///< bytes of bodies that records carry
};

/// What a dissector may do to the world. Outlives the conversation; what it says is about the
/// conversation's connection whenever the dissector runs.
class Context {
 public:
  virtual ~Context() = default;

  /// Tells everybody of `payload`, something that began at `time`.
  template <Emittable T>
  void emit(Timestamp time, const T& payload) {
    emit(&kEventType<T>, time, &payload);
  }
  /// Reports a fault in the traffic; repeats of one flaw on a connection beyond
  /// kFlawsPerConnection are only counted.
  virtual void flaw(const Flaw& flaw, std::optional<Direction> from,
                    std::string_view detail = {}) = 0;
  /// What the client calls the server (Host, SNI): the connection's server_name, first one wins.
  virtual void name_server(std::string_view name) = 0;

  /// The packet that is being read.
  virtual const Stamp& packet() const = 0;
  /// From the SYN to the ACK that completed the handshake, when both were seen.
  virtual std::optional<Duration> handshake() const = 0;
  /// The connection's first packet.
  virtual const Stamp& opened() const = 0;
  virtual std::uint16_t server_port() const = 0;
  /// It began before the capture did.
  virtual bool midstream() const = 0;
  /// The stream is the plaintext of an encrypted one.
  virtual bool secure() const { return false; }
  virtual const DissectSettings& settings() const = 0;
  /// For state that lives with the conversation; charged to Charge::dissectors.
  virtual std::pmr::memory_resource& memory() = 0;
  virtual Ledger& ledger() = 0;

 protected:
  virtual void emit(const EventType* type, Timestamp time, const void* payload) = 0;
};

class Conversation;

/// One conversation in one protocol: reads both directions of a stream and pairs what belongs
/// together. Belongs to one worker. Allocated by `new (context.memory()) T(...)`.
class Dissector {
 public:
  virtual ~Dissector() = default;

  /// The coroutine that reads one direction from its first byte.
  virtual Dissection read(Context& context, Input& in) = 0;
  /// The coroutine that goes on behind a hole, or in the middle of a conversation that began before
  /// the capture: it finds its way back or gives up (returns) and says why.
  virtual Dissection resume(Context& context, Input& in) = 0;
  /// Nothing more comes in either direction: tells what is still pending. Called once.
  virtual void finish(Context& context) = 0;

  static void* operator new(std::size_t size, std::pmr::memory_resource& memory);
  static void operator delete(void* at, std::size_t size);
  static void operator delete(void* at, std::pmr::memory_resource& memory);
};

/// How well first bytes fit a protocol.
enum class Fit : std::uint8_t { no, unsure, certain };

/// A protocol as the engine sees it: one constant a folder, one line in dissectors/all.cc.
struct Protocol {
  std::string_view name;  ///< as in `protocols` of a connection, and for hand_over()
  Transport transport;
  /// Judges the first bytes of one direction; `unsure` asks for more of them. Absent: only reached
  /// by hand_over().
  Fit (*probe)(Direction from, Bytes first);
  std::unique_ptr<Dissector> (*open)(Context& context, Conversation& conversation);
  std::span<const EventType* const> events;
  /// Which end speaks so, if the first bytes tell: corrects the guess who is the client where
  /// nobody saw who opened.
  std::optional<Direction> (*speaker)(Bytes first) = nullptr;
};

}  // namespace wirelens
