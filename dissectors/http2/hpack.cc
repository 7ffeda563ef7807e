// http2/hpack.cc - reads the representations of RFC 7541 section 6, one after the other.
#include "http2/hpack.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/work.h"
#include "http2/huffman.h"

namespace wirelens::http2 {
namespace {

/// Room for a string that has to be decoded; most are short.
class Room {
 public:
  explicit Room(std::pmr::memory_resource& memory) : large_(&memory) {}

  char* of(std::size_t size) {
    if (size <= small_.size()) return small_.data();
    large_.resize(std::max(size, large_.size()));
    return large_.data();
  }

 private:
  std::array<char, 1024> small_;
  std::pmr::vector<char> large_;
};

}  // namespace

std::optional<PrefixedInteger> read_integer(Bytes bytes, unsigned bits) {
  if (bytes.empty()) return std::nullopt;
  const std::uint32_t all = (1u << bits) - 1;
  PrefixedInteger integer{bytes[0] & all, 1};
  if (integer.value < all) return integer;
  std::uint64_t value = all;
  for (unsigned shift = 0; shift < 35 && integer.length < bytes.size(); shift += 7) {
    const std::uint8_t byte = bytes[integer.length++];
    value += std::uint64_t{byte & 0x7fu} << shift;
    if (value > 0xffffffff) return std::nullopt;
    if ((byte & 0x80) == 0) {
      integer.value = static_cast<std::uint32_t>(value);
      return integer;
    }
  }
  return std::nullopt;
}

/// One block on its way.
class HeaderDecoder::Reading {
 public:
  Reading(HeaderDecoder& decoder, Bytes block, FieldSink& out)
      : decoder_(decoder),
        table_(decoder.table_),
        rest_(block),
        out_(out),
        name_(decoder.memory_),
        value_(decoder.memory_) {}

  /// False if the block is broken.
  bool read_all();

 private:
  struct Literal {
    std::optional<std::string_view> name;  ///< nothing: it is not known
    std::string_view value;
    bool repeats = false;  ///< its name is that of an entry of the dynamic table
  };

  std::optional<std::uint32_t> integer(unsigned bits);
  std::optional<std::string_view> string(Room& room);
  std::optional<Literal> literal(unsigned bits);
  bool is_beyond(std::uint32_t index) const { return index > kStaticEntries + table_.entries(); }
  /// Of an index that is neither 0 nor beyond.
  std::optional<HeaderField> field(std::uint32_t index) const {
    if (index <= kStaticEntries) return static_field(index);
    return table_.at(index - kStaticEntries - 1);
  }
  void tell(const std::optional<HeaderField>& field) {
    field ? out_.field(field->first, field->second) : out_.unknown();
  }
  bool indexed();
  bool resize();
  bool tell_literal(unsigned bits, bool to_insert);
  void insert(const Literal& literal);

  HeaderDecoder& decoder_;
  HeaderTable& table_;
  Bytes rest_;
  FieldSink& out_;
  Room name_;
  Room value_;
};

bool HeaderDecoder::decode(Bytes block, FieldSink& out) {
  work(block.size());
  if (Reading(*this, block, out).read_all()) return true;
  lose();
  return false;
}

void HeaderDecoder::lose() {
  lossy_ = true;
  table_.clear();
  table_.limit(kMaxTable);
}

bool HeaderDecoder::Reading::read_all() {
  bool begun = false;
  while (!rest_.empty()) {
    const std::uint8_t first = rest_[0];
    bool good = false;
    if ((first & 0x80) != 0) {
      good = indexed();
    } else if ((first & 0x40) != 0) {
      good = tell_literal(6, true);
    } else if ((first & 0x20) != 0) {
      good = !begun && resize();  // section 4.2
      if (good) continue;
    } else {
      good = tell_literal(4, false);
    }
    if (!good) return false;
    begun = true;
  }
  return true;
}

std::optional<std::uint32_t> HeaderDecoder::Reading::integer(unsigned bits) {
  const auto read = read_integer(rest_, bits);
  if (!read) return std::nullopt;
  rest_ = rest_.subspan(read->length);
  return read->value;
}

std::optional<std::string_view> HeaderDecoder::Reading::string(Room& room) {
  if (rest_.empty()) return std::nullopt;
  const bool coded = (rest_[0] & 0x80) != 0;
  const auto length = integer(7);
  if (!length || *length > rest_.size()) return std::nullopt;
  const Bytes sent = rest_.first(*length);
  rest_ = rest_.subspan(*length);
  if (!coded) return as_text(sent);
  char* const text = room.of(longest_text(sent.size()));
  const auto size = decode_huffman(sent, text);
  if (!size) return std::nullopt;
  return std::string_view(text, *size);
}

bool HeaderDecoder::Reading::indexed() {
  const auto index = integer(7);
  if (!index || *index == 0) return false;
  if (!is_beyond(*index)) {
    tell(field(*index));
    return true;
  }
  if (decoder_.lossy_) out_.unknown();
  return decoder_.lossy_;
}

bool HeaderDecoder::Reading::resize() {
  const auto most = integer(5);
  if (!most) return false;
  // A larger table than is kept: what leaves it here may still be there at the peer.
  decoder_.lossy_ = decoder_.lossy_ || *most > kMaxTable;
  table_.limit(std::min(*most, kMaxTable));
  return true;
}

std::optional<HeaderDecoder::Reading::Literal> HeaderDecoder::Reading::literal(unsigned bits) {
  const auto index = integer(bits);
  if (!index) return std::nullopt;
  Literal literal;
  if (*index == 0) {
    literal.name = string(name_);
    if (!literal.name) return std::nullopt;
  } else if (!is_beyond(*index)) {
    if (const auto known = field(*index)) literal.name = known->first;
    literal.repeats = *index > kStaticEntries;
  } else if (!decoder_.lossy_) {
    return std::nullopt;
  }
  const auto value = string(value_);
  if (!value) return std::nullopt;
  literal.value = *value;
  return literal;
}

bool HeaderDecoder::Reading::tell_literal(unsigned bits, bool to_insert) {
  const auto read = literal(bits);
  if (!read) return false;
  read->name ? out_.field(*read->name, read->value) : out_.unknown();
  if (to_insert) insert(*read);
  return true;
}

void HeaderDecoder::Reading::insert(const Literal& literal) {
  if (!literal.name) return table_.insert_unknown(literal.value.size());
  std::string_view name = *literal.name;
  if (literal.repeats) {
    if (name.size() > kMaxRepeatedName) {
      return table_.insert_unknown(name.size() + literal.value.size());
    }
    // The entry that it comes from may have to leave.
    char* const copy = name_.of(name.size());
    name = {copy, name.copy(copy, name.size())};
  }
  table_.insert({name, literal.value});
}

}  // namespace wirelens::http2
