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
#include "event/exchange.h"
#include "event/flaw.h"
#include "event/records.h"

namespace wirelens {

class Secrets;
class Shelf;
namespace detect {
struct Rule;
}

/// What the user chose and dissectors obey.
struct DissectSettings {
  bool show_secrets = false;         ///< credentials, cookies and token signatures are not redacted
  std::size_t bodies = 0;            ///< bytes of bodies that records carry
  std::string_view ca_file;          ///< trusted certificates (PEM); empty: the system's
  const Secrets* secrets = nullptr;  ///< to decrypt with, nullptr: none; outlives all conversations
  Shelf* shelf = nullptr;            ///< what conversations share, nullptr: nothing; outlives them
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
  /// A protocol was recognised on the connection: its `protocols`, each told once. `name` outlives
  /// the run.
  virtual void speaks(std::string_view name) { (void)name; }

  /// The packet that is being read.
  virtual const Stamp& packet() const = 0;
  /// From the SYN to the ACK that completed the handshake, when both were seen.
  virtual std::optional<Duration> handshake() const = 0;
  /// The connection's first packet.
  virtual Stamp opened() const = 0;
  virtual std::uint16_t server_port() const = 0;
  /// It began before the capture did.
  virtual bool midstream() const = 0;
  /// The stream is the plaintext of an encrypted one.
  virtual bool secure() const { return false; }
  /// From the ClientHello to the end of the TLS handshake beneath, when both were seen.
  virtual std::optional<Duration> tls_handshake() const { return std::nullopt; }
  /// The stream of HTTP/2 or HTTP/3 that the conversation is in: `stream` of its records.
  virtual std::optional<std::uint64_t> stream() const { return std::nullopt; }
  virtual const DissectSettings& settings() const = 0;
  /// For state that lives with the conversation; charged to Charge::dissectors.
  virtual std::pmr::memory_resource& memory() = 0;
  virtual Ledger& ledger() = 0;

 protected:
  friend class InnerContext;
  virtual void emit(const EventType* type, Timestamp time, const void* payload) = 0;
};

/// What a dissector gives to a conversation inside its own: everything as outside, but for what a
/// derived class overrides (secure(), stream()). `outer` outlives it.
class InnerContext : public Context {
 public:
  explicit InnerContext(Context& outer) : outer_(outer) {}

  void flaw(const Flaw& flaw, std::optional<Direction> from, std::string_view detail) override {
    outer_.flaw(flaw, from, detail);
  }
  void name_server(std::string_view name) override { outer_.name_server(name); }
  void speaks(std::string_view name) override { outer_.speaks(name); }
  const Stamp& packet() const override { return outer_.packet(); }
  std::optional<Duration> handshake() const override { return outer_.handshake(); }
  Stamp opened() const override { return outer_.opened(); }
  std::uint16_t server_port() const override { return outer_.server_port(); }
  bool midstream() const override { return outer_.midstream(); }
  bool secure() const override { return outer_.secure(); }
  std::optional<Duration> tls_handshake() const override { return outer_.tls_handshake(); }
  std::optional<std::uint64_t> stream() const override { return outer_.stream(); }
  const DissectSettings& settings() const override { return outer_.settings(); }
  std::pmr::memory_resource& memory() override { return outer_.memory(); }
  Ledger& ledger() override { return outer_.ledger(); }

 protected:
  void emit(const EventType* type, Timestamp time, const void* payload) override {
    outer_.emit(type, time, payload);
  }

 private:
  Context& outer_;
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

/// One message of a stream that keeps its messages apart (WebSocket).
struct InnerMessage {
  Direction from = Direction::from_client;
  bool text = false;       ///< as its sender marked it; otherwise binary
  Bytes bytes;             ///< lent for the call; the first kMaxInnerMessage bytes
  std::uint64_t size = 0;  ///< of the whole message
  bool complete = true;    ///< nothing of it is missing or unknown, but for what is beyond the cap
  Stamp first;             ///< packet of its first byte
};
inline constexpr std::size_t kMaxInnerMessage = 65536;

/// Reads the messages of both directions. Allocated by `new (context.memory()) T(...)`.
class MessageReader {
 public:
  virtual ~MessageReader() = default;

  virtual void message(Context& context, const InnerMessage& message) = 0;
  /// Messages of this direction may have been lost.
  virtual void lost(Context& context, Direction from) = 0;
  /// No more come. Called once.
  virtual void finish(Context& context) = 0;

  static void* operator new(std::size_t size, std::pmr::memory_resource& memory);
  static void operator delete(void* at, std::size_t size);
  static void operator delete(void* at, std::pmr::memory_resource& memory);
};

/// How well first bytes fit a protocol.
enum class Fit : std::uint8_t { no, unsure, certain };

/// A protocol as the engine sees it: one constant a folder, one line in dissectors/all.cc.
struct Protocol {
  std::string_view name;  ///< as in `protocols` of a connection, and for find_protocol()
  Transport transport;
  /// Judges the first bytes of one direction; `unsure` asks for more of them. Absent: only reached
  /// by name.
  Fit (*probe)(Direction from, Bytes first);
  std::unique_ptr<Dissector> (*open)(Context& context, Conversation& conversation);
  std::span<const EventType* const> events;
  /// Which end speaks so, if the first bytes tell: corrects the guess who is the client where
  /// nobody saw who opened.
  std::optional<Direction> (*speaker)(Bytes first) = nullptr;
  /// Other names for find_protocol(): ALPN ids, upgrade tokens.
  std::span<const std::string_view> also_known_as = {};
  /// Contents of these media types are streams of this protocol.
  std::span<const std::string_view> media_types = {};
  /// What can be found wrong with it: detect/rule.h.
  std::span<const detect::Rule* const> rules = {};
  /// Where media types don't tell: contents (of requests, too) and messages of an exchange whose
  /// request has this target are this protocol's.
  bool (*claims)(std::string_view target) = nullptr;
  /// Reads the messages of a stream within `exchange`, which outlives the reader. Absent: reads
  /// streams only.
  std::unique_ptr<MessageReader> (*open_messages)(Context& context,
                                                  const Exchange& exchange) = nullptr;
  /// Its streams begin as another protocol's: probed only where the beginning was missed.
  bool follows_another = false;
};

/// The protocol of this name, or that is also known by it, whatever the case; nullptr if there is
/// none.
const Protocol* find_protocol(std::span<const Protocol* const> protocols, std::string_view name);
/// The protocol that reads contents of this type, given without parameters; nullptr if none does.
const Protocol* find_reader(std::span<const Protocol* const> protocols,
                            std::string_view media_type);
/// The protocol that claims what is within exchanges of this request target; nullptr if none does.
const Protocol* find_claimant(std::span<const Protocol* const> protocols, std::string_view target);

}  // namespace wirelens
