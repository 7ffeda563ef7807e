// dissect/conversation.h - both directions of a byte stream, whoever dissects them.
//
// Finds the protocol by its first bytes, feeds its coroutines, restarts them behind holes, and
// changes the dissector when one hands the stream over. A flow has one over TCP; a dissector that
// uncovers another stream (the plaintext of TLS, a stream of HTTP/2, a body) has one inside:
//
//   inner_.reset(new (context.memory()) Conversation(outer.protocols(), context.memory()));
//   inner_->begin(context, "text/event-stream", &exchange);
//   inner_->data(context, from, bytes, stamp);
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>

#include "base/prefetch.h"
#include "dissect/dissector.h"
#include "event/exchange.h"

namespace wirelens {

class Conversation {
 public:
  static constexpr std::string_view kWhateverFits = "?";

  /// `protocols` and `memory` outlive it.
  Conversation(std::span<const Protocol* const> protocols, std::pmr::memory_resource& memory);
  /// finish() must have been called if a dissector was at work and its last words are wanted.
  ~Conversation();

  static void* operator new(std::size_t size, std::pmr::memory_resource& memory);
  static void operator delete(void* at, std::size_t size);
  static void operator delete(void* at, std::pmr::memory_resource& memory);

  /// In place of letting the first bytes decide: the protocol of this name (see find_protocol; for
  /// kWhateverFits they decide after all). Without such a protocol it is opaque at once. `under`:
  /// see exchange(); it is copied.
  void begin(Context& context, std::string_view protocol, const Exchange* under = nullptr);
  void data(Context& context, Direction from, Bytes bytes, const Stamp& stamp);
  void gap(Context& context, Direction from, std::uint64_t bytes, const Stamp& stamp);
  /// One direction has ended; `cleanly` if by its own FIN.
  void end(Context& context, Direction from, bool cleanly, const Stamp& stamp);
  /// Both have ended, or the connection is forgotten.
  void finish(Context& context, const Stamp& stamp);

  /// Nothing will be read any more: no protocol fits, or the dissector gave up. Whoever feeds this
  /// may stop and free it (after finish()).
  bool opaque() const { return opaque_; }
  /// Absent as long as there is more to remember than that no protocol begins in some directions
  /// (a bit each, by index(Direction)). Then whoever feeds this may free it, and hand the bits to
  /// recall() of another when the stream goes on: one end often waits long for the other.
  std::optional<std::uint8_t> ruled_out() const;
  void recall(std::uint8_t ruled_out);
  /// Prefetches what data() looks at (or, without `data`, opaque() and ruled_out()).
  [[gnu::always_inline]] void approach(bool data) const {
    prefetch(this, data ? sizeof *this : kCacheLine);
  }
  /// Prefetches who will read what `from` says; approach() was called some packets ago.
  [[gnu::always_inline]] void reach(Direction from) const { sides_[index(from)].in.reach(); }
  /// The HTTP exchange that the stream belongs to, as its content or after its upgrade; nullptr
  /// where there is none. Lives as long as the conversation.
  const Exchange* exchange() const { return under_ ? &under_->exchange : nullptr; }
  /// Another protocol had the stream before the one at work.
  bool handed_on() const { return handed_on_; }

  // ---- for the dissector at work
  // ------------------------------------------------------------------

  /// Gives the stream to another protocol, from the next unread byte of each direction on; takes
  /// effect when the calling coroutine returns: `conversation.hand_over("websocket"); co_return;`.
  /// An unknown name leaves the rest of the stream unread; kWhateverFits lets the next bytes
  /// decide. `protocol` outlives the conversation.
  void hand_over(std::string_view protocol);
  /// What exchange() shall be for the next protocol; copied.
  void belongs_to(const Exchange& exchange);
  /// Both directions are opaque from here on.
  void give_up() { hand_over({}); }
  /// The other direction's Input, to release() it.
  Input& input(Direction from) { return sides_[index(from)].in; }
  std::span<const Protocol* const> protocols() const { return protocols_; }

 private:
  struct Under {
    Under(const Exchange& original, std::pmr::memory_resource& memory)
        : arena(&memory), exchange(original) {
      deepen(exchange, arena);
    }
    std::pmr::monotonic_buffer_resource arena;
    Exchange exchange;
  };
  struct Side {
    Side(Direction from, std::pmr::memory_resource& memory) : in(from, memory) {}

    Input in;
    Dissection reader;
    std::uint16_t probed = 0;  // slices looked at without success, while no protocol is known
    bool holes = false;        // bytes were lost before a protocol was known
  };

  void look(Context& context, Side& side);
  void open(Context& context, const Protocol& protocol);
  void start(Context& context, Side& side, bool behind_hole);
  void settle(Context& context);
  void change_hands(Context& context);
  void become_opaque(Context& context);

  // First what every packet asks for.
  std::unique_ptr<Dissector> dissector_;
  bool opaque_ = false;
  bool handing_over_ = false;
  bool handed_on_ = false;
  std::unique_ptr<Under> under_;
  std::array<Side, 2> sides_;
  std::span<const Protocol* const> protocols_;
  std::string_view handed_to_;
};

}  // namespace wirelens
