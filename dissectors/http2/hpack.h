// http2/hpack.h - header compression of one direction (RFC 7541), also from its middle on.
//
// nghttp2's inflater does the work. What it can't do is to begin in the middle: a field that refers
// to an entry from before is an error to it. But indices count from the newest entry, so whatever
// was inserted since is found exactly, and what lies beyond is known to be unknown. Once entries
// have been missed, representations are therefore looked at one by one:
//
//   field that refers beyond what was seen            unknown, kept from the inflater
//   literal whose name lies beyond, to be inserted    inserted without a name: its place counts
//   all others                                        as they are
//
// An entry without its name is smaller than it is at the peer, and the table is as large as the
// largest that we keep: so entries stay longer here than there, never shorter, and no index finds
// another one than it means.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace wirelens::http2 {

/// Largest dynamic table that is kept; a peer that agreed on a larger one gets unknown fields for
/// what lies beyond.
inline constexpr std::uint32_t kMaxTable = 65536;

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
  /// The table is made when the first block comes.
  explicit HeaderDecoder(std::pmr::memory_resource& memory) : memory_(memory) {}
  HeaderDecoder(const HeaderDecoder&) = delete;
  HeaderDecoder& operator=(const HeaderDecoder&) = delete;
  ~HeaderDecoder();

  enum class Result : std::uint8_t {
    good,
    broken,    ///< COMPRESSION_ERROR
    too_long,  ///< a name or value is longer than nghttp2 takes (64 KiB)
  };
  /// One whole header block. Unless it is good, what is behind the fault, and every entry from
  /// before, is unknown from then on.
  [[nodiscard]] Result decode(Bytes block, FieldSink& out);
  /// Blocks were missed: no entry is known any more.
  void lose();
  /// Entries have been missed.
  bool lossy() const { return lossy_; }

 private:
  class Inflater;
  struct Delete {
    void operator()(Inflater* inflater) const;
  };

  bool open();
  bool feed(Bytes bytes, bool last, FieldSink& out);
  bool decode_one_by_one(Bytes block, FieldSink& out);
  bool one(Bytes& block, FieldSink& out);
  std::size_t entries() const;

  std::pmr::memory_resource& memory_;
  std::unique_ptr<Inflater, Delete> inflater_;
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
