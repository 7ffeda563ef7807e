// http2/search.cc - believing in frames.
#include "http2/search.h"

#include <algorithm>

#include "base/work.h"
#include "http2/hpack.h"

namespace wirelens::http2 {
namespace {

/// Higher stream identifiers are hardly ever reached, and random bytes would be.
constexpr std::uint32_t kHighestStream = 0xffffff;

Likeness likeness_at(Bytes bytes, std::uint32_t most) {
  const FrameHeader header = read_header(bytes);
  if (header.stream > kHighestStream) return Likeness::none;
  // Streams that a server opens are rare, and small numbers of 32 bits look like their frames.
  if (header.stream != 0 && header.stream % 2 == 0) return Likeness::none;
  return likeness(header, most);
}

/// Three headers, each where the one before says.
bool is_chain(Bytes bytes) {
  for (int links = 0; links < 3; ++links) {
    work();
    if (bytes.size() < kHeaderSize) return false;
    if (likeness_at(bytes, kDefaultFrameSize) == Likeness::none) return false;
    const std::size_t next = kHeaderSize + read_header(bytes).length;
    bytes = bytes.subspan(std::min(next, bytes.size()));
  }
  return true;
}

bool speaks_for_itself(FrameType type) {
  return type == FrameType::ping || type == FrameType::settings ||
         type == FrameType::window_update || type == FrameType::rst_stream;
}

/// A frame of so few possible bytes that it needs no other behind it; its payload is there.
bool is_unmistakable(const FrameHeader& header, Bytes payload) {
  switch (header.type) {
    case FrameType::ping:
      return true;
    case FrameType::settings: {
      if (payload.empty()) return header.has(flag::kAck);
      for (std::size_t at = 0; at + 6 <= payload.size(); at += 6) {
        if (load_be16(&payload[at]) == 0 || load_be16(&payload[at]) > 0x10) return false;
      }
      return true;
    }
    case FrameType::window_update: {
      const std::uint32_t increment = load_be32(payload.data());
      return increment > 0 && increment <= kMaxWindow;
    }
    case FrameType::rst_stream:
      return load_be32(payload.data()) <= 13;
    default:
      return false;
  }
}

Finding::What judge(Bytes bytes, std::uint32_t most, bool ended, std::size_t& needed) {
  using What = Finding::What;
  work();
  if (likeness_at(bytes, most) == Likeness::none) return What::nothing;
  const FrameHeader header = read_header(bytes);
  const std::size_t next = kHeaderSize + header.length;
  if (bytes.size() >= next && is_unmistakable(header, bytes.subspan(kHeaderSize, header.length))) {
    return What::frame;
  }
  if (bytes.size() >= next + kHeaderSize) {
    return likeness_at(bytes.subspan(next), most) == Likeness::none ? What::nothing : What::frame;
  }
  if (ended) return bytes.size() == next ? What::frame : What::nothing;
  needed = next + kHeaderSize;
  if (needed > Input::kMaxHeld) return What::nothing;
  if (bytes.size() < next && speaks_for_itself(header.type)) needed = next;
  return What::maybe;
}

}  // namespace

Finding find_frame(Bytes bytes, std::uint32_t most, bool ended) {
  using What = Finding::What;
  Finding finding;
  for (std::size_t at = 0; at + kHeaderSize <= bytes.size(); ++at) {
    finding.what = judge(bytes.subspan(at), most, ended, finding.needed);
    finding.junk = at;
    if (finding.what != What::nothing) return finding;
  }
  finding.what = What::nothing;
  finding.junk = bytes.size() - std::min(bytes.size(), kHeaderSize - 1);
  return finding;
}

namespace {

Fit judge_from_the_first(Bytes bytes) {
  bool unmistakable = false;
  std::size_t frames = 0;
  while (!bytes.empty()) {
    if (bytes.size() < kHeaderSize) {
      // The bytes that are there must be able to begin a frame.
      if (bytes[0] != 0 || (bytes.size() > 3 && !shape_of(FrameType{bytes[3]}).known)) {
        return Fit::no;
      }
      return unmistakable ? Fit::certain : Fit::unsure;
    }
    if (likeness_at(bytes, kDefaultFrameSize) == Likeness::none) return Fit::no;
    if (++frames == 2) return Fit::certain;
    const FrameHeader header = read_header(bytes);
    bytes = bytes.subspan(kHeaderSize);
    if (bytes.size() < header.length) return Fit::unsure;
    unmistakable = is_unmistakable(header, bytes.first(header.length));
    bytes = bytes.subspan(header.length);
  }
  return unmistakable ? Fit::certain : Fit::unsure;
}

/// From `at` on, where a header may begin: the first byte of its length is 0, and that of its
/// stream. Near the end of `bytes`, just the next place.
std::size_t next_possible(Bytes bytes, std::size_t at) {
  static_assert(kDefaultFrameSize <= 0xffff && kHighestStream <= 0xffffff);
  constexpr std::size_t kStream = 5;
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  for (; at + kStream + 8 <= bytes.size(); at += 8) {
    work();
    const std::uint64_t either = load_le64(&bytes[at]) | load_le64(&bytes[at + kStream]);
    const std::uint64_t zeros = (either - kOnes) & ~either & (kOnes * 0x80);
    if (zeros != 0) return at + static_cast<std::size_t>(__builtin_ctzll(zeros)) / 8;
  }
  return at;
}

}  // namespace

Fit judge_frames(Bytes bytes) {
  const Fit fit = judge_from_the_first(bytes);
  if (fit != Fit::no) return fit;
  // A slice may begin in the middle of a frame.
  for (std::size_t at = next_possible(bytes, 1); at + 3 * kHeaderSize <= bytes.size();
       at = next_possible(bytes, at + 1)) {
    if (is_chain(bytes.subspan(at))) return Fit::certain;
  }
  return Fit::no;
}

std::optional<Direction> speaker_of_frames(Bytes bytes) {
  if (bytes.size() < kHeaderSize || judge_from_the_first(bytes) == Fit::no) return std::nullopt;
  const FrameHeader header = read_header(bytes);
  if (header.type == FrameType::push_promise) return Direction::from_server;
  if (header.type != FrameType::headers || header.has(flag::kPadded)) return std::nullopt;
  const std::size_t at = kHeaderSize + (header.has(flag::kPriority) ? 5u : 0u);
  if (bytes.size() <= at) return std::nullopt;
  // Indexed, or a literal with an indexed name: entries 2 to 7 are of requests, 8 to 14 of
  // responses.
  const std::uint8_t first = bytes[at];
  const unsigned bits = (first & 0x80) != 0 ? 7 : (first & 0x40) != 0 ? 6 : 4;
  const auto index = (first & 0xe0) == 0x20 ? std::nullopt : read_integer(bytes.subspan(at), bits);
  if (!index || index->value < 1 || index->value > 14) return std::nullopt;
  return index->value < 8 ? Direction::from_client : Direction::from_server;
}

}  // namespace wirelens::http2
