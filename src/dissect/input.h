// dissect/input.h - one direction of a byte stream, as a dissector reads it.
//
// The stream comes in slices. A token that lies whole in the current slice is lent in place; one
// that is split is gathered in a carry buffer, bounded by the cap that the reader names. pass()
// steps over bytes that nobody wants without touching them.
//
// A hole in the stream is absorbed by pass() and pass_rest(). Anywhere else it ends the coroutine,
// and the dissector's resume() starts a new one behind the hole.
#pragma once

#include <algorithm>
#include <coroutine>
#include <cstdint>
#include <limits>
#include <memory>
#include <memory_resource>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/prefetch.h"
#include "event/records.h"
#include "event/stamp.h"

namespace wirelens {

/// Who wants the bytes of a body. Bytes are lent for the call.
class ContentSink {
 public:
  virtual ~ContentSink() = default;
  virtual void content(Bytes bytes, const Stamp& stamp) = 0;
  /// `count` bytes of the content were lost.
  virtual void missing(std::uint64_t count, const Stamp& stamp) = 0;
};

/// What gather() found.
struct Token {
  Bytes bytes;            ///< lent until the next co_await
  bool complete = false;  ///< the scanner was satisfied
  bool too_long =
      false;  ///< the cap was reached first: `bytes` are the first `cap`, and are consumed
              ///< (neither flag: the stream ended first; `bytes` are what there was)
};

class Input {
 public:
  Input(Direction from, std::pmr::memory_resource& memory) : from_(from), carry_(&memory) {}
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // ---- for dissectors ---------------------------------------------------------------------------

  Direction from() const { return from_; }
  /// The packet of the next unread byte (while one is available()), and of the last one read.
  const Stamp& next_stamp() const { return stamp_of(at_); }
  const Stamp& last_stamp() const { return last_stamp_; }
  /// The packet of the bytes that came last, read or not.
  const Stamp& newest_stamp() const { return slice_stamp_; }
  /// Bytes of the stream read so far, those of holes and those dropped included.
  std::uint64_t position() const { return position_; }
  /// Unread bytes that are here now: to look ahead without waiting. Lent until the next co_await.
  Bytes available() const { return window_.subspan(at_); }
  /// The stream has ended (maybe with bytes still available), and whether by a FIN: a reset or a
  /// forgotten connection may have cut it short.
  bool ended() const { return ended_; }
  bool ended_cleanly() const { return ended_ && cleanly_; }
  std::pmr::memory_resource& memory() const { return *carry_.get_allocator().resource(); }

  /// co_await in.more(n): true as soon as n bytes are available, unread; false if the stream ends
  /// before. Counts up to kMaxHeld.
  auto more(std::size_t count = 1) { return More{*this, count}; }
  /// co_await in.take(n): the next n bytes, or nothing if the stream ends before.
  auto take(std::size_t count) { return Take{*this, count}; }
  /// co_await in.gather(scan, cap): bytes up to where `scan` is satisfied. scan(available, seen)
  /// returns the token's length, or 0 if it needs more; `seen` bytes of `available` were offered to
  /// it before, so that it need not look at them twice.
  template <class Scan>
  auto gather(Scan scan, std::size_t cap) {
    return Gather<Scan>{*this, scan, cap};
  }
  /// co_await in.pass(n, sink): steps over n bytes; gives the number of bytes that were stepped
  /// over, less than n only if the stream ended. Holes count as stepped over.
  auto pass(std::uint64_t count, ContentSink* sink = nullptr) { return Pass{*this, count, sink}; }
  /// co_await in.pass_rest(sink): steps over everything up to the end of the stream.
  auto pass_rest(ContentSink* sink = nullptr) {
    return Pass{*this, std::numeric_limits<std::uint64_t>::max(), sink};
  }
  /// co_await in.hold(): waits until release() is called (by the dissector of the other direction)
  /// and gives true; false if the stream ends or more than kMaxHeld bytes come first.
  auto hold() { return Hold{*this}; }
  void release() { released_ = true; }

  /// Most bytes that wait while a direction is on hold, and for a protocol to be recognised.
  static constexpr std::size_t kMaxHeld = 65536;
  /// Of at most so many packets waiting bytes keep the stamp: later ones pass for the last of them.
  static constexpr std::size_t kMaxMarks = 1024;

  // ---- for who feeds it
  // ---------------------------------------------------------------------------

  /// offer(), pump() and keep() in one. Returns true if a coroutine was resumed (it may have
  /// ended).
  bool feed(Bytes bytes, const Stamp& stamp);
  /// Puts bytes behind those that are still unread. They are borrowed until keep().
  void offer(Bytes bytes, const Stamp& stamp);
  /// A hole of `count` bytes. Returns how many of them hit something else than a pass().
  std::uint64_t skip(std::uint64_t count, const Stamp& stamp);
  /// The stream ends; `cleanly` if by its own FIN.
  void finish(bool cleanly, const Stamp& stamp);
  /// Resumes whoever can go on with what is here (after release(), or after a new coroutine
  /// started).
  bool pump();
  /// Copies the bytes that are still unread; nothing is borrowed any more.
  void keep();
  /// Forgets who waits: its coroutine has been destroyed. With `drop` also the unread bytes.
  void abandon(bool drop);
  /// Prefetches who waits for bytes, but for a pass(), which most bytes do not end.
  [[gnu::always_inline]] void reach() const {
    if (ready_ == nullptr || !waiting_) return;
    prefetch(waiting_.address(), kCacheLine);
    prefetch(awaiter_, kCacheLine);
  }
  /// Somebody waits for this direction.
  bool waiting() const { return static_cast<bool>(waiting_); }
  /// release() was called, and nobody has gone on yet.
  bool released() const { return released_; }

 private:
  using Ready = bool (*)(void* awaiter);

  void wait(std::coroutine_handle<> who, void* awaiter, Ready ready) {
    waiting_ = who;
    awaiter_ = awaiter;
    ready_ = ready;
  }
  std::size_t left() const { return window_.size() - at_; }
  /// The packet of the byte at a place in window_.
  const Stamp& stamp_of(std::size_t place) const {
    if (place >= carried_) return slice_stamp_;
    return place < first_mark_.end ? first_mark_.stamp : later_mark(place).stamp;
  }
  Bytes consume(std::size_t count) {
    const Bytes bytes = window_.subspan(at_, count);
    if (count > 0) last_stamp_ = stamp_of(at_ + count - 1);
    at_ += count;
    position_ += count;
    return bytes;
  }

  struct Awaiter {
    Input& in;
  };
  struct More : Awaiter {
    std::size_t count;
    More(Input& input, std::size_t n) : Awaiter{input}, count(n) {}
    bool await_ready() const { return in.left() >= count || in.ended_; }
    void await_suspend(std::coroutine_handle<> who) {
      in.wait(who, this, [](void* self) { return static_cast<More*>(self)->await_ready(); });
    }
    bool await_resume() const { return in.left() >= count; }
  };
  struct Take : Awaiter {
    std::size_t count;
    Take(Input& input, std::size_t n) : Awaiter{input}, count(n) {}
    bool await_ready() const { return in.left() >= count || in.ended_; }
    void await_suspend(std::coroutine_handle<> who) {
      in.wait(who, this, [](void* self) { return static_cast<Take*>(self)->await_ready(); });
    }
    std::optional<Bytes> await_resume() {
      if (in.left() < count) return std::nullopt;
      return in.consume(count);
    }
  };
  template <class Scan>
  struct Gather : Awaiter {
    Scan scan;
    std::size_t cap;
    std::size_t seen = 0;
    std::size_t length = 0;
    Gather(Input& input, Scan scanner, std::size_t limit)
        : Awaiter{input}, scan(scanner), cap(limit) {}
    bool await_ready() {
      if (in.left() > seen) {
        length = scan(in.available().first(std::min(in.left(), cap)), seen);
        seen = in.left();
      }
      return length > 0 || seen >= cap || in.ended_;
    }
    void await_suspend(std::coroutine_handle<> who) {
      in.wait(who, this, [](void* self) { return static_cast<Gather*>(self)->await_ready(); });
    }
    Token await_resume() {
      if (length > 0) return {in.consume(length), true, false};
      const bool too_long = in.left() >= cap;
      return {in.consume(std::min(in.left(), cap)), false, too_long};
    }
  };
  struct Pass : Awaiter {
    std::uint64_t count;
    ContentSink* sink;
    Pass(Input& input, std::uint64_t n, ContentSink* who) : Awaiter{input}, count(n), sink(who) {}
    bool await_ready() {
      in.passed_ = 0;
      in.pass_left_ = count;
      in.pass_sink_ = sink;
      return in.step_over();
    }
    void await_suspend(std::coroutine_handle<> who) { in.wait(who, nullptr, nullptr); }
    std::uint64_t await_resume() {
      in.pass_left_ = 0;
      in.pass_sink_ = nullptr;
      return in.passed_;
    }
  };
  struct Hold : Awaiter {
    explicit Hold(Input& input) : Awaiter{input} {}
    bool await_ready() const { return in.released_ || in.ended_ || in.left() > kMaxHeld; }
    void await_suspend(std::coroutine_handle<> who) {
      in.wait(who, this, [](void* self) { return static_cast<Hold*>(self)->await_ready(); });
    }
    bool await_resume() { return std::exchange(in.released_, false); }
  };

  /// Lets pass() have what is here. True when it is satisfied.
  bool step_over();
  bool can_go_on() { return ready_ ? ready_(awaiter_) : step_over(); }

  /// Carried bytes of one packet, up to a place in window_.
  struct Mark {
    std::size_t end = 0;
    Stamp stamp;
  };
  const Mark& later_mark(std::size_t place) const;
  void mark(std::size_t end, const Stamp& stamp);
  void drop_marks(std::size_t count);
  void forget_marks() {
    first_mark_ = {};
    more_marks_.reset();
  }

  Bytes window_;             // the current slice, or carry_ when it holds something
  std::size_t at_ = 0;       // unread bytes of window_ begin here
  std::size_t carried_ = 0;  // bytes of window_ that came in earlier slices
  Stamp slice_stamp_;
  Mark first_mark_;                                     // the carried bytes: mostly of one packet
  std::unique_ptr<std::pmr::vector<Mark>> more_marks_;  // of the others, if there are any
  Stamp last_stamp_;
  std::uint64_t position_ = 0;
  std::uint64_t pass_left_ = 0;
  std::uint64_t passed_ = 0;
  ContentSink* pass_sink_ = nullptr;
  std::coroutine_handle<> waiting_;
  void* awaiter_ = nullptr;
  Ready ready_ = nullptr;
  Direction from_;
  bool ended_ = false;
  bool cleanly_ = false;
  bool released_ = false;
  std::pmr::vector<std::uint8_t> carry_;
};

}  // namespace wirelens
