// http2/hpack.cc - nghttp2's inflater, and what it must not be told.
#include "http2/hpack.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/work.h"

namespace wirelens::http2 {
namespace {

constexpr std::size_t kStaticEntries = 61;

// ---- nghttp2 allocates from a memory resource; sizes are remembered in front
constexpr std::size_t kFront = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

std::size_t& size_of(void* at) {
  return *reinterpret_cast<std::size_t*>(static_cast<std::byte*>(at) - kFront);
}
void* allocate(std::size_t size, void* resource) {
  auto& memory = *static_cast<std::pmr::memory_resource*>(resource);
  void* at = static_cast<std::byte*>(memory.allocate(size + kFront, kFront)) + kFront;
  size_of(at) = size;
  return at;
}
void release(void* at, void* resource) {
  if (!at) return;
  auto& memory = *static_cast<std::pmr::memory_resource*>(resource);
  memory.deallocate(static_cast<std::byte*>(at) - kFront, size_of(at) + kFront, kFront);
}
void* allocate_zeroed(std::size_t count, std::size_t size, void* resource) {
  return std::memset(allocate(count * size, resource), 0, count * size);
}
void* reallocate(void* at, std::size_t size, void* resource) {
  void* const larger = allocate(size, resource);
  if (at) std::memcpy(larger, at, std::min(size, size_of(at)));
  release(at, resource);
  return larger;
}

std::string_view text(const std::uint8_t* at, std::size_t size) {
  return {reinterpret_cast<const char*>(at), size};
}

/// Nothing comes of it but a table.
class Nobody final : public FieldSink {
 public:
  void field(std::string_view, std::string_view) override {}
  void unknown() override {}
};

/// Fields without a name are entries whose names were not seen.
class Nameless final : public FieldSink {
 public:
  explicit Nameless(FieldSink& out) : out_(out) {}
  void field(std::string_view name, std::string_view value) override {
    if (name.empty()) return out_.unknown();
    out_.field(name, value);
  }
  void unknown() override { out_.unknown(); }

 private:
  FieldSink& out_;
};

/// One representation of RFC 7541 section 6.
struct Representation {
  enum class Kind : std::uint8_t { indexed, inserted, plain, table_size };
  Kind kind = Kind::indexed;
  std::uint32_t index = 0;     // of the field or its name, or the table's new size; 0: named here
  std::size_t value_from = 0;  // where the value begins
  std::size_t length = 0;
};

/// The length of a string literal with its length field; nothing if it is cut off.
std::optional<std::size_t> string_length(Bytes bytes) {
  const auto size = read_integer(bytes, 7);
  if (!size || size->value > bytes.size() - size->length) return std::nullopt;
  return size->length + size->value;
}

std::optional<Representation> read_representation(Bytes bytes) {
  using enum Representation::Kind;
  Representation found;
  const std::uint8_t first = bytes[0];
  unsigned bits = 4;
  found.kind = plain;
  if ((first & 0x80) != 0) {
    found.kind = indexed;
    bits = 7;
  } else if ((first & 0x40) != 0) {
    found.kind = inserted;
    bits = 6;
  } else if ((first & 0x20) != 0) {
    found.kind = table_size;
    bits = 5;
  }
  const auto integer = read_integer(bytes, bits);
  if (!integer) return std::nullopt;
  found.index = integer->value;
  found.length = integer->length;
  if (found.kind == indexed || found.kind == table_size) return found;
  if (found.index == 0) {
    const auto name = string_length(bytes.subspan(found.length));
    if (!name) return std::nullopt;
    found.length += *name;
  }
  found.value_from = found.length;
  const auto value = string_length(bytes.subspan(found.length));
  if (!value) return std::nullopt;
  found.length += *value;
  return found;
}

/// A change of the table to kMaxTable.
constexpr std::array<std::uint8_t, 4> kLargest = {0x3f, 0xe1, 0xff, 0x03};
/// A literal without a name, to be inserted; its value follows.
constexpr std::array<std::uint8_t, 2> kInsertNameless = {0x40, 0x00};

bool enlarges_too_much(Bytes block) {
  while (!block.empty() && (block[0] & 0xe0) == 0x20) {
    const auto size = read_integer(block, 5);
    if (!size) return false;
    if (size->value > kMaxTable) return true;
    block = block.subspan(size->length);
  }
  return false;
}

/// Longest name or value that nghttp2 takes, as sent.
constexpr std::size_t kMaxString = 65536;

bool has_long_string(Bytes block) {
  while (!block.empty()) {
    const auto found = read_representation(block);
    if (!found) return false;
    if (found->length > kMaxString) return true;
    block = block.subspan(found->length);
  }
  return false;
}

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

HeaderDecoder::~HeaderDecoder() = default;

/// nghttp2's, and the allocator that it goes on using.
class HeaderDecoder::Inflater {
 public:
  explicit Inflater(std::pmr::memory_resource& resource)
      : memory_{&resource, allocate, release, allocate_zeroed, reallocate} {
    nghttp2_hd_inflate_new2(&inflater_, &memory_);
    // What the peer may choose: it says so in its blocks, and need not be asked when it settled
    // that.
    if (inflater_) nghttp2_hd_inflate_change_table_size(inflater_, kMaxTable);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (inflater_) nghttp2_hd_inflate_del(inflater_);
  }

  nghttp2_hd_inflater* get() { return inflater_; }
  std::pmr::memory_resource& resource() {
    return *static_cast<std::pmr::memory_resource*>(memory_.mem_user_data);
  }

 private:
  nghttp2_mem memory_;
  nghttp2_hd_inflater* inflater_ = nullptr;
};

void HeaderDecoder::Delete::operator()(Inflater* inflater) const {
  std::pmr::memory_resource& resource = inflater->resource();
  inflater->~Inflater();
  resource.deallocate(inflater, sizeof(Inflater), alignof(Inflater));
}

bool HeaderDecoder::open() {
  if (inflater_) return true;
  inflater_.reset(new (memory_.allocate(sizeof(Inflater), alignof(Inflater))) Inflater(memory_));
  Nobody nobody;
  return inflater_->get() && (!lossy_ || feed(kLargest, true, nobody));
}

HeaderDecoder::Result HeaderDecoder::decode(Bytes block, FieldSink& out) {
  work(block.size());
  if (!lossy_ && enlarges_too_much(block)) lossy_ = true;
  if (open() && (lossy_ ? decode_one_by_one(block, out) : feed(block, true, out))) {
    return Result::good;
  }
  lose();
  return has_long_string(block) ? Result::too_long : Result::broken;
}

void HeaderDecoder::lose() {
  lossy_ = true;
  inflater_.reset();
}

bool HeaderDecoder::feed(Bytes bytes, bool last, FieldSink& out) {
  for (;;) {
    nghttp2_nv field{};
    int flags = 0;
    const ssize_t used = nghttp2_hd_inflate_hd2(inflater_->get(), &field, &flags, bytes.data(),
                                                bytes.size(), last ? 1 : 0);
    if (used < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(used));
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      out.field(text(field.name, field.namelen), text(field.value, field.valuelen));
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
      nghttp2_hd_inflate_end_headers(inflater_->get());
      return true;
    }
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && bytes.empty()) return !last;
  }
}

std::size_t HeaderDecoder::entries() const {
  return nghttp2_hd_inflate_get_num_table_entries(inflater_->get());
}

bool HeaderDecoder::decode_one_by_one(Bytes block, FieldSink& out) {
  Nameless named(out);
  while (!block.empty()) {
    if (!one(block, named)) return false;
  }
  return feed({}, true, named);
}

bool HeaderDecoder::one(Bytes& block, FieldSink& out) {
  using enum Representation::Kind;
  const auto found = read_representation(block);
  if (!found) return false;
  const Bytes whole = block.first(found->length);
  block = block.subspan(found->length);
  if (found->kind == table_size) {
    return feed(found->index > kMaxTable ? Bytes(kLargest) : whole, false, out);
  }
  const bool seen = found->index <= std::max(entries(), kStaticEntries);
  if (seen) return feed(whole, false, out);
  out.unknown();
  if (found->kind != inserted) return true;
  Nobody nobody;
  return feed(kInsertNameless, false, nobody) &&
         feed(whole.subspan(found->value_from), false, nobody);
}

}  // namespace wirelens::http2
