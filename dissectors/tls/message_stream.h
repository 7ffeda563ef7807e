// tls/message_stream.h - handshake messages, put together from the fragments that records carry.
//
// RFC 8446 section 5.1: messages may share a record, and one may spread over several.
#pragma once

#include <algorithm>
#include <memory_resource>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/work.h"
#include "tls/names.h"

namespace wirelens::tls {

/// Longest message that is read; longer ones are stepped over.
inline constexpr std::size_t kMaxMessage = 128 * 1024;

struct HandshakeMessage {
  static constexpr std::size_t kHeader = 4;

  HandshakeType type{};
  Bytes body;
  Bytes whole;  ///< with its header, as transcripts hash it
};

class MessageStream {
 public:
  explicit MessageStream(std::pmr::memory_resource& memory) : held_(&memory) {}

  /// Puts a fragment behind what is unread. It is borrowed until next() gives nothing.
  void offer(Bytes fragment) {
    const std::size_t passed = std::min(to_pass_, fragment.size());
    to_pass_ -= passed;
    fragment = fragment.subspan(passed);
    if (held_.empty()) {
      window_ = fragment;
    } else {
      held_.insert(held_.end(), fragment.begin(), fragment.end());
      window_ = held_;
    }
    work(fragment.size());
  }
  /// The next whole message, lent until the next call; nothing when more fragments are needed.
  std::optional<HandshakeMessage> next() {
    while (window_.size() >= HandshakeMessage::kHeader) {
      ByteReader reader(window_);
      const auto type = static_cast<HandshakeType>(reader.u8());
      const std::size_t length = reader.u24();
      if (length > kMaxMessage) {
        too_long_ = true;
        step_over(HandshakeMessage::kHeader + length);
        continue;
      }
      if (reader.left() < length) break;
      const Bytes whole = window_.first(HandshakeMessage::kHeader + length);
      window_ = window_.subspan(whole.size());
      return HandshakeMessage{type, whole.subspan(HandshakeMessage::kHeader), whole};
    }
    keep();
    return std::nullopt;
  }
  /// A message was begun and has not been completed.
  bool midway() const { return !held_.empty() || to_pass_ > 0; }
  /// A message longer than kMaxMessage was stepped over since this was asked last.
  bool take_too_long() { return std::exchange(too_long_, false); }
  /// Forgets what was begun: bytes are missing.
  void drop() {
    held_.clear();
    held_.shrink_to_fit();
    window_ = {};
    to_pass_ = 0;
  }

 private:
  void step_over(std::size_t count) {
    const std::size_t here = std::min(count, window_.size());
    window_ = window_.subspan(here);
    to_pass_ = count - here;
  }
  void keep() {
    if (window_.empty()) {
      const std::size_t to_pass = to_pass_;
      drop();
      to_pass_ = to_pass;
    } else if (held_.empty() || window_.data() != held_.data()) {
      work(window_.size());
      std::pmr::vector<std::uint8_t> rest(window_.begin(), window_.end(), held_.get_allocator());
      held_ = std::move(rest);
      window_ = held_;
    }
  }

  std::pmr::vector<std::uint8_t> held_;
  Bytes window_;
  std::size_t to_pass_ = 0;
  bool too_long_ = false;
};

}  // namespace wirelens::tls
