// websocket/inflation.h - permessage-deflate (RFC 7692 section 7.2.2), in bounds, of one side.
//
// With context takeover a message refers to up to 32 KiB of those before it. Where these were not
// seen (a capture begun in the middle, a hole), they are replaced by placeholders: twice, by zeros
// and by ones. Sizes come out right, since they do not depend on what is copied, and a byte on
// which the two disagree is not known. When the two have agreed for a whole window, all is known.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/ledger.h"
#include "websocket/handshake.h"

namespace wirelens::websocket {

/// A message beyond is not inflated further; its size is not known.
inline constexpr std::uint64_t kMaxInflated = 4u << 20;
/// More out than this many times in, over all messages of a side, is a bomb, once kFreeOutput bytes
/// have come out.
inline constexpr std::uint64_t kMaxRatio = 1000;
inline constexpr std::uint64_t kFreeOutput = 65536;
/// Bombs, oversized and broken messages of a side after which nothing of it is inflated any more.
inline constexpr unsigned kMaxStrikes = 3;

/// Takes what comes out. Bytes are lent for the call.
class InflatedSink {
 public:
  virtual ~InflatedSink() = default;
  /// `doubtful`, of the same size where it is not empty: a byte that differs from the one in
  /// `bytes` is not known.
  virtual void inflated(Bytes bytes, Bytes doubtful) = 0;
};

class Inflation {
 public:
  enum class State : std::uint8_t {
    going,
    too_large,  ///< kMaxInflated reached: stopped
    bomb,       ///< more than kMaxRatio: stopped
    broken,     ///< no DEFLATE data: stopped
    refused,    ///< not begun: no memory, or too many strikes
  };

  /// `compression`: what the side that sends agreed on. `midstream`: its first messages were not
  /// seen.
  Inflation(const Compression& compression, bool midstream, Ledger& ledger);
  ~Inflation();

  /// A message begins. State::refused if it cannot be inflated.
  State begin();
  State feed(Bytes bytes, InflatedSink& out);
  /// It was seen to its end.
  State end(InflatedSink& out);
  /// It was not: what later messages refer to is lost.
  void lose();

 private:
  class Stream;
  State run(Bytes bytes, InflatedSink& out);
  State stop(State why);

  Compression compression_;
  Ledger& ledger_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<Stream> shadow_;  // the other placeholder, while anything is unknown
  std::uint64_t agreed_ = 0;        // bytes on which both have agreed lately
  std::uint64_t message_ = 0;       // out of this message
  std::uint64_t received_ = 0;      // of all messages
  std::uint64_t produced_ = 0;
  unsigned strikes_ = 0;
  bool lost_;
  State state_ = State::going;
};

}  // namespace wirelens::websocket
