// http1/exchanges.h - which response answers which request, and the records of both.
//
// Responses come in the order of their requests (RFC 9112 section 9.3.2), so the n-th answers the
// n-th. A hole in the capture breaks the count, and a hole in one direction may hold that direction
// back for long, so behind one the packets' order counts, not the order in which they are read:
//   - a response answers no request of a later packet;
//   - on a connection where a request is only sent when the one before is answered (nearly all), a
//     response answers the newest request before it: older ones were answered in the hole;
//   - where requests are pipelined and more than one may be meant, the pair is told as a request
//     without a response and a response without a request, until the server has been quiet for a
//     second.
#pragma once

#include <cstdint>
#include <list>
#include <memory_resource>

#include "base/work.h"
#include "common/http_body.h"
#include "dissect/conversation.h"
#include "http1/kept_head.h"

namespace wirelens::http1 {

/// Most requests of a connection that wait for their responses, and most bytes of heads and
/// previews that they may hold; beyond, the oldest is told without a response.
inline constexpr std::size_t kMaxPending = 1024;
inline constexpr std::size_t kMaxPendingBytes = 1u << 20;
/// Responses that may be read before their requests (taps out of step, a hole among the requests).
inline constexpr std::size_t kMaxEarly = 64;

/// One side of an exchange.
struct Message {
  Message(Kind which, std::pmr::memory_resource& memory) : head(which, memory), content(memory) {}

  bool seen = false;      ///< its head was seen
  bool ended = false;     ///< nothing more of it comes
  bool complete = false;  ///< and nothing of it is missing
  Stamp first;
  Stamp last;
  KeptHead head;
  http::Content content;
};

/// A request and its response, as far as they were seen.
struct Pending {
  explicit Pending(std::pmr::memory_resource& memory)
      : request(Kind::request, memory), response(Kind::response, memory) {}

  Message request;
  Message response;
  Timestamp free_at{};       ///< when the response before this one had ended; 0 for the first
  bool queued = false;       ///< free_at is known
  std::uint64_t number = 0;  ///< of the connection, from 0
  bool behind_hole = false;  ///< requests before it may have been lost
  bool closed = false;       ///< no message will join it any more
  bool leads_on = false;     ///< its response gives the stream to another protocol
  std::size_t bytes = 0;     ///< counted against kMaxPendingBytes
  std::list<Pending, std::pmr::polymorphic_allocator<Pending>>::iterator self;
};

class Exchanges {
 public:
  Exchanges(Context& context, Conversation& conversation);

  /// A request begins: where its head and content go. Stays until ended() was told.
  Pending& ask(const Stamp& first);
  /// Its head is there: writes `http_request`.
  void asked(Pending& pending);
  /// A response begins, interim ones aside.
  Pending& answer(const Stamp& first);
  /// The exchange whose response comes next, if its request was seen.
  Pending* next_answered();
  /// The request or response of `pending` has ended at `last`. Writes `http` when both have.
  void ended(Pending& pending, Message& message, const Stamp& last, bool complete);

  /// What is known of it by now. Borrows from `pending`.
  Exchange record_of(const Pending& pending) const;

  /// No other response than the one that is being read can have begun: no request waits for one.
  bool nothing_waits() const { return unanswered_ == 0 && !requests_lost_; }

  /// Messages of one kind were lost in a hole, or could not be told apart.
  void lost(Kind kind);
  /// No more messages of this kind come.
  void no_more(Kind kind);
  /// Writes what is pending.
  void finish();

 private:
  using List = std::list<Pending, std::pmr::polymorphic_allocator<Pending>>;

  Pending& append();
  Pending* choose_request(const Stamp& response);
  Pending* choose_response(const Stamp& request);
  Pending* next_asked();
  Pending* next_but_one();
  void note_pipelining(const Stamp& first);
  bool drop_oldest();
  void close(Pending& pending);
  void close_unanswered();
  void close_early();
  void write_if_done(Pending& pending);
  void write(const Pending& pending);
  static bool waits_for_response(const Pending& pending) {
    work();
    return pending.request.seen && !pending.response.seen && !pending.closed;
  }
  static bool waits_for_request(const Pending& pending) {
    work();
    return pending.response.seen && !pending.request.seen && !pending.closed;
  }

  Context& context_;
  Conversation& conversation_;
  List pending_;
  std::uint64_t count_ = 0;
  std::size_t bytes_ = 0;
  std::size_t unanswered_ = 0;       // requests that wait for their responses
  std::size_t early_ = 0;            // responses that wait for their requests
  bool early_paired_ = false;        // one of them has found its request
  std::uint64_t suspect_below_ = 0;  // those with lower numbers may have been answered in a hole
  bool in_step_;                     // the n-th response answers the n-th request
  bool requests_lost_ = false;       // since the last request
  bool pipelined_ = false;           // requests have been sent before earlier ones were answered
  bool in_doubt_ = false;
  bool no_more_requests_ = false;
  bool no_more_responses_ = false;
  bool answered_before_ = false;
  Timestamp last_answer_{};  // when the last response ended
};

}  // namespace wirelens::http1
