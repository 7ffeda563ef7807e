// support/decoding.h - a decoder with all that it needs, for tests that decode packets.
#pragma once

#include <string_view>

#include "decode/decode.h"
#include "support/packets.h"

namespace wirelens {

struct Decoding {
  explicit Decoding(DecodeOptions options = {}, std::uint16_t linktype = 1)
      : decoder(ledger, options) {
    interface.linktype = linktype;
  }

  /// The bytes are copied to a heap block of their exact size, which is where AddressSanitizer
  /// sees an over-read, and which lives until the next call.
  Verdict decode(const Octets& bytes, Duration time = {}, std::uint32_t original_length = 0) {
    held = std::make_unique<std::uint8_t[]>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), held.get());
    Packet packet = packet_of(bytes, time, ++packets, original_length);
    packet.bytes = {held.get(), bytes.size()};
    return decoder.decode(packet, interface, out);
  }
  std::uint64_t flaws(std::string_view name) const {
    for (const DecodeCounts::Count& count : decoder.counts().flaws) {
      if (count.flaw.name == name) return count.count;
    }
    return 0;
  }
  std::uint64_t flaws() const {
    std::uint64_t sum = 0;
    for (const DecodeCounts::Count& count : decoder.counts().flaws) sum += count.count;
    return sum;
  }
  const Encapsulation& encapsulation() const { return decoder.encapsulation(out.key.outer); }

  Ledger ledger{std::size_t{64} << 20};
  Interface interface;
  Decoder decoder;
  Decoded out;
  std::uint64_t packets = 0;
  std::unique_ptr<std::uint8_t[]> held;
};

}  // namespace wirelens
