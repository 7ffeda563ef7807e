// websocket/message.cc - fragments in, messages out.
#include "websocket/message.h"

#include <algorithm>
#include <array>

#include "base/work.h"

namespace wirelens::websocket {
namespace {

constexpr std::size_t kUnmaskStep = 4096;
constexpr std::string_view kUnknown = "\xef\xbf\xbd";  // U+FFFD

/// What a kept text may cost while nothing is kept.
constexpr std::size_t kIdle = 1024;

void reset(Message& message, const Stamp& first) {
  if (message.kept.capacity() > kIdle) {
    message.kept.clear();
    message.kept.shrink_to_fit();
  }
  message.open = true;
  message.opcode.reset();
  message.first = first;
  message.bytes = message.wire_bytes = message.fragments = 0;
  message.compressed = message.doubtful = false;
  message.sized = message.complete = true;
  message.kept.clear();
  message.utf8 = {};
}

}  // namespace

Assembly::Assembly(Direction from, std::size_t keep, const Compression& compression, bool midstream,
                   Ledger& ledger, std::pmr::memory_resource& memory, MessageListener& listener)
    : from_(from),
      keep_(keep),
      listener_(listener),
      inflation_(compression, midstream, ledger),
      behind_hole_(midstream),
      data_(memory),
      control_(memory) {}

void Assembly::begin_frame(const FrameHeader& header, const Stamp& first) {
  header_ = header;
  offset_ = 0;
  if (is_control(header.opcode)) {
    current_ = &control_;
    reset(control_, first);
    control_.opcode = header.opcode;
    checking_ = false;  // a close begins with two bytes that are no text
    keeping_ = true;
  } else {
    if (header.opcode != Opcode::continuation || !data_.open) begin_message(header, first);
    current_ = &data_;
    checking_ = data_checking_;
    keeping_ = data_keeping_;
  }
  if (++current_->fragments == kMaxFragments + 1) listener_.flawed(kManyFragments, from_);
}

void Assembly::begin_message(const FrameHeader& header, const Stamp& first) {
  if (data_.open) {
    listener_.flawed(kUnfinishedMessage, from_);
    end_message(false);
  }
  reset(data_, first);
  if (header.opcode == Opcode::continuation) {
    if (!behind_hole_) listener_.flawed(kUnexpectedContinuation, from_);
    data_.complete = data_.sized = false;
  } else {
    data_.opcode = header.opcode;
    data_.compressed = header.compressed();
  }
  inflating_ = data_.compressed;
  if (inflating_) judge(inflation_.begin());
  data_checking_ = header.opcode == Opcode::text;
  data_keeping_ = data_.sized;
}

bool Assembly::wants_payload() const {
  if (current_->compressed) return inflating_;
  return checking_ || (keeping_ && current_->kept.size() < keep_);
}

void Assembly::content(Bytes bytes, const Stamp&) {
  current_->wire_bytes += bytes.size();
  if (!current_->compressed) current_->bytes += bytes.size();
  if (!header_.masked) {
    if (wants_payload()) take(bytes);
    return;
  }
  std::array<std::uint8_t, kUnmaskStep> clear;
  while (!bytes.empty() && wants_payload()) {
    std::size_t size = std::min(bytes.size(), clear.size());
    if (!current_->compressed && !checking_) size = std::min(size, keep_ - current_->kept.size());
    unmask(bytes.first(size), header_.mask, offset_, clear.data());
    take(Bytes(clear).first(size));
    offset_ += size;
    bytes = bytes.subspan(size);
  }
  offset_ += bytes.size();
}

void Assembly::take(Bytes bytes) {
  if (!current_->compressed) return keep(bytes, {});
  judge(inflation_.feed(bytes, *this));
}

void Assembly::inflated(Bytes bytes, Bytes doubtful) {
  data_.bytes += bytes.size();
  keep(bytes, doubtful);
}

void Assembly::keep(Bytes bytes, Bytes doubtful) {
  Message& message = *current_;
  work(bytes.size());
  const bool certain = doubtful.empty() || std::equal(bytes.begin(), bytes.end(), doubtful.begin());
  if (!certain) {
    message.doubtful = true;
    checking_ = data_checking_ = false;
  }
  if (checking_ && !message.utf8.feed(bytes)) {
    listener_.flawed(kInvalidUtf8, from_);
    checking_ = data_checking_ = false;
  }
  if (!keeping_ || message.kept.size() >= keep_) return;
  const std::size_t room = keep_ - message.kept.size();
  if (certain) {
    message.kept.append(as_text(bytes.first(std::min(bytes.size(), room))));
    return;
  }
  for (std::size_t i = 0; i < bytes.size() && message.kept.size() + 3 <= keep_; ++i) {
    if (bytes[i] == doubtful[i]) {
      message.kept.push_back(static_cast<char>(bytes[i]));
    } else {
      message.kept.append(kUnknown);
    }
  }
}

void Assembly::judge(Inflation::State state) {
  using State = Inflation::State;
  if (state == State::going) return;
  inflating_ = false;
  data_.sized = false;
  checking_ = data_checking_ = false;
  if (state == State::bomb) listener_.flawed(kBomb, from_);
  if (state == State::too_large) listener_.flawed(kTooLarge, from_);
  if (state == State::broken) listener_.flawed(kBroken, from_);
}

void Assembly::missing(std::uint64_t count, const Stamp&) {
  missing_ += count;
  offset_ += count;
  current_->wire_bytes += count;
  current_->complete = false;
  checking_ = keeping_ = false;
  if (current_ == &data_) data_checking_ = data_keeping_ = false;
  if (!current_->compressed) {
    current_->bytes += count;
  } else if (inflating_) {
    inflating_ = false;
    data_.sized = false;
    inflation_.lose();
  }
}

void Assembly::end_frame(bool whole) {
  if (current_ == &data_ && !(whole && header_.final)) {
    // What the next fragment goes on with.
    data_checking_ = checking_;
    data_keeping_ = keeping_;
    if (!whole) end_message(false);
  } else if (current_ == &data_) {
    end_message(true);
  } else {
    control_.complete = control_.complete && whole;
    control_.open = false;
    if (control_.opcode == Opcode::close && control_.complete && control_.kept.size() > 2) {
      Utf8Check reason;
      const bool valid = reason.feed(as_bytes(control_.kept).subspan(2)) && reason.whole();
      if (!valid) listener_.flawed(kInvalidUtf8, from_);
    }
    listener_.message(from_, control_);
  }
  current_ = nullptr;
}

void Assembly::end_message(bool whole) {
  current_ = &data_;
  if (inflating_) {
    if (whole) {
      judge(inflation_.end(*this));
    } else {
      inflation_.lose();
      data_.sized = false;
    }
    inflating_ = false;
  }
  data_.complete = data_.complete && whole;
  data_.open = false;
  behind_hole_ = false;
  if (checking_ && whole && !data_.utf8.whole() && data_.utf8.valid()) {
    listener_.flawed(kInvalidUtf8, from_);
  }
  listener_.message(from_, data_);
  current_ = nullptr;
}

void Assembly::lose() {
  if (current_) end_frame(false);
  if (data_.open) {
    checking_ = false;
    end_message(false);
  }
  inflation_.lose();
  behind_hole_ = true;
}

}  // namespace wirelens::websocket
