// http2/hpack.h - header compression of one direction (RFC 7541), also from its middle on.
//
// Libraries refuse a field that refers to an entry from before they were asked. But indices count
// from the newest entry, so whatever was inserted since is found exactly, and what lies beyond is
// known to be unknown. Once entries have been missed:
//
//   field that refers beyond what was seen            unknown
//   literal whose name lies beyond, to be inserted    unknown, and inserted so: its place counts
//   all others                                        as they are
//
// An entry without its name is smaller than it is at the peer, and the table is as large as the
// largest that we keep: so entries stay longer here than there, never shorter, and no index finds
// another one than it means.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "http2/header_table.h"

namespace wirelens::http2 {

/// Largest dynamic table that is kept; a peer that agreed on a larger one gets unknown fields for
/// what lies beyond.
inline constexpr std::uint32_t kMaxTable = 65536;
/// Longest name that is copied from entry to entry: two bytes make one that has its name from
/// another. Entries with longer ones are in their place, but not known.
inline constexpr std::size_t kMaxRepeatedName = 256;

/// Who hears the fields of a block, in order. Texts are lent for the call.
class FieldSink {
 public:
  virtual ~FieldSink() = default;
  virtual void field(std::string_view name, std::string_view value) = 0;
  /// A field that refers to an entry that was not seen.
  virtual void unknown() = 0;
};

class HeaderDecoder {
 public:
  /// Takes memory for its table when the first entry comes.
  explicit HeaderDecoder(std::pmr::memory_resource& memory) : memory_(memory), table_(memory) {}

  /// One whole header block. False if it is broken (COMPRESSION_ERROR): what is behind the fault,
  /// and every entry from before, is unknown from then on.
  [[nodiscard]] bool decode(Bytes block, FieldSink& out);
  /// Blocks were missed: no entry is known any more.
  void lose();
  /// Entries have been missed.
  bool lossy() const { return lossy_; }

 private:
  class Reading;

  std::pmr::memory_resource& memory_;
  HeaderTable table_;
  bool lossy_ = false;
};

/// An integer with a prefix of `bits` (RFC 7541 section 5.1): its value and its length in bytes.
/// Nothing if it is cut off or does not fit into 32 bits.
struct PrefixedInteger {
  std::uint32_t value = 0;
  std::size_t length = 0;
};
std::optional<PrefixedInteger> read_integer(Bytes bytes, unsigned bits);

}  // namespace wirelens::http2
