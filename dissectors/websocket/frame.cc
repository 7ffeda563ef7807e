// websocket/frame.cc - headers, and unmasking sixteen bytes at a time.
#include "websocket/frame.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace wirelens::websocket {
namespace {

/// Compiles to one SSE2 or NEON register, or to what the machine has.
typedef std::uint8_t Block __attribute__((vector_size(16)));

Block load(const std::uint8_t* from) {
  Block block;
  std::memcpy(&block, from, sizeof block);
  return block;
}
void store(std::uint8_t* to, Block block) {
  std::memcpy(to, &block, sizeof block);
}

/// The mask from its byte `offset` on, again and again. Byte by byte it would cost more than a
/// payload of 256 bytes.
Block key_from(const Mask& mask, std::uint64_t offset) {
  std::uint32_t word = 0;
  std::memcpy(&word, mask.data(), sizeof word);
  word = std::rotr(word, static_cast<int>(8 * offset));
  using Words = std::uint32_t __attribute__((vector_size(16)));
  const Words words = {word, word, word, word};
  Block key;
  std::memcpy(&key, &words, sizeof key);
  return key;
}

}  // namespace

std::string_view name_of(Opcode opcode) {
  switch (opcode) {
    case Opcode::continuation:
      return "continuation";
    case Opcode::text:
      return "text";
    case Opcode::binary:
      return "binary";
    case Opcode::close:
      return "close";
    case Opcode::ping:
      return "ping";
    case Opcode::pong:
      return "pong";
  }
  return "reserved";
}

std::size_t header_length(Bytes bytes) {
  if (bytes.size() < 2) return 0;
  const std::uint8_t length = bytes[1] & 0x7f;
  const std::size_t more = length == 126 ? 2u : length == 127 ? 8u : 0u;
  return 2u + more + ((bytes[1] & 0x80) != 0 ? 4u : 0u);
}

FrameHeader parse_header(Bytes bytes) {
  ByteReader in(bytes);
  FrameHeader header;
  const std::uint8_t first = in.u8();
  const std::uint8_t second = in.u8();
  header.final = (first & 0x80) != 0;
  header.reserved = (first >> 4) & 7;
  header.opcode = static_cast<Opcode>(first & 0x0f);
  header.masked = (second & 0x80) != 0;
  header.length = second & 0x7f;
  if (header.length == 126) {
    header.length = in.u16();
    header.minimal = header.length > 125;
  } else if (header.length == 127) {
    header.length = in.u64();
    header.minimal = header.length > 0xffff;
  }
  if (header.masked) {
    const Bytes mask = in.take(header.mask.size());
    std::copy(mask.begin(), mask.end(), header.mask.begin());
  }
  return header;
}

void unmask(Bytes bytes, const Mask& mask, std::uint64_t offset, std::uint8_t* out) {
  const Block key = key_from(mask, offset % mask.size());
  const std::uint8_t* in = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 64; left -= 64, in += 64, out += 64) {
    const Block a = load(in) ^ key, b = load(in + 16) ^ key;
    const Block c = load(in + 32) ^ key, d = load(in + 48) ^ key;
    store(out, a);
    store(out + 16, b);
    store(out + 32, c);
    store(out + 48, d);
  }
  for (; left >= 16; left -= 16, in += 16, out += 16) store(out, load(in) ^ key);
  for (std::size_t i = 0; i < left; ++i) out[i] = in[i] ^ mask[(i + offset) % mask.size()];
}

}  // namespace wirelens::websocket
