// http2/header_table.cc - entries come at one end and go at the other.
#include "http2/header_table.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "base/work.h"

namespace wirelens::http2 {
namespace {

constexpr std::size_t kLeastText = 256;
constexpr std::size_t kLeastOffsets = 8;

constexpr std::array<HeaderField, kStaticEntries> kStaticTable = {{
    {":authority", ""},
    {":method", "GET"},
    {":method", "POST"},
    {":path", "/"},
    {":path", "/index.html"},
    {":scheme", "http"},
    {":scheme", "https"},
    {":status", "200"},
    {":status", "204"},
    {":status", "206"},
    {":status", "304"},
    {":status", "400"},
    {":status", "404"},
    {":status", "500"},
    {"accept-charset", ""},
    {"accept-encoding", "gzip, deflate"},
    {"accept-language", ""},
    {"accept-ranges", ""},
    {"accept", ""},
    {"access-control-allow-origin", ""},
    {"age", ""},
    {"allow", ""},
    {"authorization", ""},
    {"cache-control", ""},
    {"content-disposition", ""},
    {"content-encoding", ""},
    {"content-language", ""},
    {"content-length", ""},
    {"content-location", ""},
    {"content-range", ""},
    {"content-type", ""},
    {"cookie", ""},
    {"date", ""},
    {"etag", ""},
    {"expect", ""},
    {"expires", ""},
    {"from", ""},
    {"host", ""},
    {"if-match", ""},
    {"if-modified-since", ""},
    {"if-none-match", ""},
    {"if-range", ""},
    {"if-unmodified-since", ""},
    {"last-modified", ""},
    {"link", ""},
    {"location", ""},
    {"max-forwards", ""},
    {"proxy-authenticate", ""},
    {"proxy-authorization", ""},
    {"range", ""},
    {"referer", ""},
    {"refresh", ""},
    {"retry-after", ""},
    {"server", ""},
    {"set-cookie", ""},
    {"strict-transport-security", ""},
    {"transfer-encoding", ""},
    {"user-agent", ""},
    {"vary", ""},
    {"via", ""},
    {"www-authenticate", ""},
}};

}  // namespace

const HeaderField& static_field(std::size_t index) {
  return kStaticTable[index - 1];
}

HeaderTable::Sizes HeaderTable::sizes_at(std::size_t offset) const {
  Sizes sizes;
  std::memcpy(&sizes, text_.data() + offset, sizeof sizes);
  return sizes;
}

std::uint32_t HeaderTable::offset(std::size_t nth) const {
  return offsets_[(first_ + count_ - 1 - nth) & (offsets_.size() - 1)];
}

std::optional<HeaderField> HeaderTable::at(std::size_t nth) const {
  assert(nth < count_);
  const std::uint32_t from = offset(nth);
  const Sizes sizes = sizes_at(from);
  if (sizes.name == kUnknown) return std::nullopt;
  const char* const text = text_.data() + from + sizeof sizes;
  return HeaderField{{text, sizes.name}, {text + sizes.name, sizes.value}};
}

void HeaderTable::shrink_to(std::size_t most) {
  while (size_ > most) {
    const Sizes oldest = sizes_at(offset(count_ - 1));
    const std::size_t name = oldest.name == kUnknown ? 0 : oldest.name;
    size_ -= name + oldest.value + kEntryOverhead;
    first_ = (first_ + 1) & (offsets_.size() - 1);
    --count_;
    work();
  }
  if (count_ == 0) end_ = 0;
}

bool HeaderTable::make_room(std::size_t text) {
  const std::size_t size = text + kEntryOverhead;
  shrink_to(size > limit_ ? 0 : limit_ - size);
  return size <= limit_;
}

void HeaderTable::slide_or_grow(std::size_t needed) {
  const std::size_t from = count_ == 0 ? end_ : offset(count_ - 1);
  const std::size_t used = end_ - from;
  // What is stored of an entry is less than it counts, so that it fits into the limit.
  const std::size_t most = std::max<std::size_t>(limit_, used + needed);
  if (used + needed <= text_.size() - text_.size() / 4 || text_.size() >= most) {
    work(used / 64);
    std::memmove(text_.data(), text_.data() + from, used);
  } else {
    const std::size_t doubled = std::max({kLeastText, 2 * text_.size(), used + needed});
    std::pmr::vector<char> larger(std::min(doubled, most), text_.get_allocator());
    if (used > 0) std::memcpy(larger.data(), text_.data() + from, used);
    text_ = std::move(larger);
  }
  for (std::size_t nth = 0; nth < count_; ++nth) {
    offsets_[(first_ + nth) & (offsets_.size() - 1)] -= static_cast<std::uint32_t>(from);
  }
  work(count_);
  end_ = used;
}

void HeaderTable::note(std::uint32_t offset) {
  if (count_ == offsets_.size()) {
    std::pmr::vector<std::uint32_t> more(std::max(kLeastOffsets, 2 * count_),
                                         offsets_.get_allocator());
    for (std::size_t nth = 0; nth < count_; ++nth) {
      more[nth] = offsets_[(first_ + nth) & (count_ - 1)];
    }
    offsets_ = std::move(more);
    first_ = 0;
  }
  offsets_[(first_ + count_) & (offsets_.size() - 1)] = offset;
  ++count_;
}

/// Gives room for `stored` bytes of text.
char* HeaderTable::append(const Sizes& sizes, std::size_t stored) {
  const std::size_t needed = sizeof sizes + stored;
  if (text_.size() - end_ < needed) slide_or_grow(needed);
  note(static_cast<std::uint32_t>(end_));
  std::memcpy(text_.data() + end_, &sizes, sizeof sizes);
  char* const text = text_.data() + end_ + sizeof sizes;
  end_ += needed;
  return text;
}

void HeaderTable::insert(const HeaderField& field) {
  const auto& [name, value] = field;
  const std::size_t text = name.size() + value.size();
  if (!make_room(text)) return;
  char* const at = append(
      {static_cast<std::uint32_t>(name.size()), static_cast<std::uint32_t>(value.size())}, text);
  name.copy(at, name.size());
  value.copy(at + name.size(), value.size());
  size_ += text + kEntryOverhead;
  work(text / 64);
}

void HeaderTable::insert_unknown(std::size_t text) {
  if (!make_room(text)) return;
  append({kUnknown, static_cast<std::uint32_t>(text)}, 0);
  size_ += text + kEntryOverhead;
}

void HeaderTable::limit(std::uint32_t most) {
  limit_ = most;
  shrink_to(most);
}

void HeaderTable::clear() {
  shrink_to(0);
  text_ = std::pmr::vector<char>(text_.get_allocator());
  offsets_ = std::pmr::vector<std::uint32_t>(offsets_.get_allocator());
  first_ = 0;
}

}  // namespace wirelens::http2
