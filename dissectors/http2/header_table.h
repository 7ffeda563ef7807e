// http2/header_table.h - the tables that HPACK's indices mean (RFC 7541 section 2.3), packed.
//
// An entry of the dynamic table counts 32 bytes more than its text. Kept as one text behind the
// other, with their sizes in front, a full table takes no more memory than its size says, so that
// thousands of idle connections are cheap:
//
//   text_     ....|sizes name value|sizes name value|sizes name value|....
//                 ^ oldest                          ^ newest         ^ end_
//   offsets_  a ring: where each of them begins
//
// The text slides to the front when its end is reached; what that costs is bounded by what was
// inserted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

#include "event/exchange.h"

namespace wirelens::http2 {

/// Entries of the static table (appendix A), which have the indices 1 to so many.
inline constexpr std::size_t kStaticEntries = 61;
const HeaderField& static_field(std::size_t index);

/// The dynamic table of one direction. Some of its entries may be there without being known.
class HeaderTable {
 public:
  /// What an entry counts beside its text (section 4.1).
  static constexpr std::size_t kEntryOverhead = 32;
  static constexpr std::uint32_t kDefaultLimit = 4096;

  /// Takes memory when something is inserted.
  explicit HeaderTable(std::pmr::memory_resource& memory) : text_(&memory), offsets_(&memory) {}

  std::size_t entries() const { return count_; }
  /// Its size as section 4.1 counts it.
  std::size_t size() const { return size_; }
  /// The entry so many places behind the newest one, which is number 0, lent until the table is
  /// changed; nothing if it is not known. `nth` is less than entries().
  std::optional<HeaderField> at(std::size_t nth) const;

  /// `field` lies outside of this table. One that is larger than the table empties it.
  void insert(const HeaderField& field);
  /// An entry whose text is not known, and counts so many bytes.
  void insert_unknown(std::size_t text);
  /// The most that its size may be.
  void limit(std::uint32_t most);
  /// Without entries, and without memory.
  void clear();

 private:
  struct Sizes {
    std::uint32_t name;   // kUnknown: there is no text
    std::uint32_t value;  // of an unknown entry: all that its text counts
  };
  static constexpr std::uint32_t kUnknown = ~std::uint32_t{0};

  bool make_room(std::size_t text);
  void shrink_to(std::size_t most);
  char* append(const Sizes& sizes, std::size_t stored);
  void slide_or_grow(std::size_t needed);
  void note(std::uint32_t offset);
  Sizes sizes_at(std::size_t offset) const;
  std::uint32_t offset(std::size_t nth) const;

  std::pmr::vector<char> text_;
  std::pmr::vector<std::uint32_t> offsets_;  // a power of two of them
  std::size_t end_ = 0;                      // of what is used of text_
  std::size_t first_ = 0;                    // the oldest one's place in offsets_
  std::size_t count_ = 0;
  std::size_t size_ = 0;
  std::size_t limit_ = kDefaultLimit;
};

}  // namespace wirelens::http2
