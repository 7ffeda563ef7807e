// socketio/payload.h - several packets in one body of the polling transport.
//
//   protocol 4          2<1e>4hello<1e>bAQIDBA==     packets between record separators
//   protocol 3, text    6:4hello2:4€10:b4AQIDBA==    lengths in UTF-16 units, as JavaScript counts
//   protocol 3, binary  00 06 ff "4hello" 01 05 ff 04 01 02 03 04    lengths in decimal bytes
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace wirelens::socketio {

/// An Engine.IO packet as one transport or another carries it.
struct EnginePacket {
  bool binary = false;     ///< `text` is nothing, `size` counts
  std::string_view text;   ///< type digit and data
  std::uint64_t size = 0;  ///< bytes of a binary message, decoded
};

class Payload {
 public:
  /// `version` of Engine.IO. Borrows `bytes`.
  Payload(unsigned version, Bytes bytes) : version_(version), rest_(as_text(bytes)) {}

  /// The next packet; nothing at the end, or where no packet can be told any more (see broken()).
  std::optional<EnginePacket> next();
  bool broken() const { return broken_; }
  bool at_end() const { return rest_.empty(); }

 private:
  EnginePacket of_text(std::string_view text, std::size_t skipped) const;
  std::optional<EnginePacket> next_counted();
  std::optional<EnginePacket> next_binary();

  unsigned version_;
  std::string_view rest_;
  bool broken_ = false;
};

/// Bytes that base64 text stands for.
std::uint64_t decoded_size(std::string_view base64);

}  // namespace wirelens::socketio
