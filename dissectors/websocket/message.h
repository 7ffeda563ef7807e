// websocket/message.h - one side's messages, put together from the payloads of its frames.
//
// A payload is unmasked only where somebody wants it: the beginning of every message for its
// preview, text and reasons of a close for the UTF-8 check, what is compressed, and what a protocol
// inside reads. The rest is counted.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>

#include "common/utf8.h"
#include "dissect/input.h"
#include "event/flaw.h"
#include "websocket/frame.h"
#include "websocket/inflation.h"

namespace wirelens::websocket {

inline constexpr Flaw kInvalidUtf8{"websocket.invalid_utf8", "RFC 6455 8.1"};
inline constexpr Flaw kBomb{"websocket.message_bomb", "RFC 7692 8"};
inline constexpr Flaw kTooLarge{"websocket.message_too_large", "RFC 7692 8"};
inline constexpr Flaw kBroken{"websocket.message_broken", "RFC 7692 7.2.2"};
inline constexpr Flaw kManyFragments{"websocket.many_fragments", "RFC 6455 5.4"};
inline constexpr Flaw kUnexpectedContinuation{"websocket.unexpected_continuation", "RFC 6455 5.4"};
inline constexpr Flaw kUnfinishedMessage{"websocket.unfinished_message", "RFC 6455 5.4"};

/// A message of more fragments is told as kManyFragments; counting goes on.
inline constexpr std::uint64_t kMaxFragments = 1024;

struct Message {
  explicit Message(std::pmr::memory_resource& memory) : kept(&memory) {}

  bool open = false;             ///< its last frame has not come
  std::optional<Opcode> opcode;  ///< absent if its first frame was not seen
  Stamp first;
  std::uint64_t bytes = 0;  ///< decompressed
  std::uint64_t wire_bytes = 0;
  std::uint64_t fragments = 0;
  bool compressed = false;
  bool sized = true;      ///< `bytes` is known
  bool complete = true;   ///< nothing of it is missing
  bool doubtful = false;  ///< U+FFFD in `kept` stands for bytes that are not known
  std::pmr::string kept;  ///< its beginning, as much as is wanted
  Utf8Check utf8;

  bool is_control() const { return opcode && websocket::is_control(*opcode); }
};

/// Who hears of messages.
class MessageListener {
 public:
  virtual ~MessageListener() = default;
  virtual void message(Direction from, const Message& message) = 0;
  virtual void flawed(const Flaw& flaw, Direction from) = 0;
};

class Assembly final : public ContentSink, private InflatedSink {
 public:
  /// `keep` bytes of each message are kept. `midstream`: messages came before the first frame.
  Assembly(Direction from, std::size_t keep, const Compression& compression, bool midstream,
           Ledger& ledger, std::pmr::memory_resource& memory, MessageListener& listener);

  void begin_frame(const FrameHeader& header, const Stamp& first);
  /// What came of its payload, as sent.
  void content(Bytes bytes, const Stamp& stamp) override;
  void missing(std::uint64_t count, const Stamp& stamp) override;
  /// `whole`: its payload was stepped over to its end.
  void end_frame(bool whole);
  /// Frames were lost, or none come any more: what is open is told as incomplete.
  void lose();

  std::uint64_t missing_bytes() const { return missing_; }

 private:
  void begin_message(const FrameHeader& header, const Stamp& first);
  void end_message(bool whole);
  bool wants_payload() const;
  void take(Bytes bytes);
  void keep(Bytes bytes, Bytes doubtful);
  void inflated(Bytes bytes, Bytes doubtful) override;
  void judge(Inflation::State state);

  Direction from_;
  std::size_t keep_;
  MessageListener& listener_;
  Inflation inflation_;
  bool behind_hole_;  // the beginning of a message may have been lost
  Message data_;
  Message control_;
  Message* current_ = nullptr;  // of the frame that is being read
  bool inflating_ = false;      // data_ is being inflated
  bool checking_ = false;       // current_ is UTF-8
  bool keeping_ = false;        // more of current_ can be kept
  bool data_checking_ = false;  // the same of data_, while a control frame is being read
  bool data_keeping_ = false;
  FrameHeader header_;
  std::uint64_t offset_ = 0;  // of the frame's payload, for unmasking
  std::uint64_t missing_ = 0;
};

}  // namespace wirelens::websocket
