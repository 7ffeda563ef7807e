// report/packed_table.cc - finds columns by where the last one was; compresses chunk by chunk.
#include "report/packed_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace wirelens {
namespace {

constexpr int kLevel = 6;
constexpr std::string_view kSeconds = "ts", kConnection = "conn";

}  // namespace

PackedTable::PackedTable(Timestamp begin)
    : begin_(begin), value_(1024), stream_(std::make_unique<z_stream>()) {
  if (deflateInit(stream_.get(), kLevel) != Z_OK) throw std::bad_alloc();
}

PackedTable::~PackedTable() {
  deflateEnd(stream_.get());
}

void PackedTable::add(const Event& event) {
  begin_row(event.time(), event.connection());
  event.describe(*this);
  end_row();
}

void PackedTable::add(Timestamp time, std::optional<ConnectionId> connection,
                      const FieldRecording& fields) {
  begin_row(time, connection);
  fields.replay(*this);
  end_row();
}

void PackedTable::begin_row(Timestamp time, std::optional<ConnectionId> connection) {
  parent_ = kNoParent;
  cursor_ = 0;
  duration(kSeconds, time - begin_);
  if (connection) natural(kConnection, *connection);
}

void PackedTable::end_row() {
  ++rows_;
  if (++chunk_rows_ == kRows) flush_chunk();
}

void PackedTable::finish() {
  if (finished_) return;
  finished_ = true;
  flush_chunk();
  compress({}, Z_FINISH);
}

PackedTable::Column& PackedTable::column(std::string_view name) {
  const auto is = [&](const Column& each) { return each.parent == parent_ && each.name == name; };
  for (std::size_t i = cursor_; i < std::min(cursor_ + 4, columns_.size()); ++i) {
    if (is(columns_[i])) {
      cursor_ = i + 1;
      return columns_[i];
    }
  }
  auto found = std::find_if(columns_.begin(), columns_.end(), is);
  if (found == columns_.end()) {
    Column made{parent_, name, std::string(name), {}, 0, false};
    if (parent_ != kNoParent) made.path = fmt::format("{}.{}", columns_[parent_].path, name);
    found = columns_.insert(columns_.end(), std::move(made));
  }
  cursor_ = static_cast<std::size_t>(found - columns_.begin()) + 1;
  return *found;
}

void PackedTable::begin_value() {
  if (lists_ > 0) return;
  value_.clear();
  value_.begin_document();  // so that the first value needs no comma
}

void PackedTable::end_value(std::string_view name) {
  if (lists_ > 0) return;
  const std::string_view written = value_.view().substr(1);
  Column& into = column(name);
  for (; into.filled < chunk_rows_; ++into.filled) into.values += "null,";
  into.values += written.empty() ? "null" : written;
  into.values += ',';
  ++into.filled;
}

// What stands in a list is written as it is; a value of its own has no name.

void PackedTable::boolean(std::string_view name, bool value) {
  begin_value();
  value_.boolean(lists_ > 0 ? name : "", value);
  end_value(name);
}

void PackedTable::integer(std::string_view name, std::int64_t value) {
  begin_value();
  value_.integer(lists_ > 0 ? name : "", value);
  end_value(name);
}

void PackedTable::natural(std::string_view name, std::uint64_t value) {
  begin_value();
  value_.natural(lists_ > 0 ? name : "", value);
  end_value(name);
}

void PackedTable::number(std::string_view name, double value) {
  if (!std::isfinite(value)) return;
  begin_value();
  value_.number(lists_ > 0 ? name : "", value);
  end_value(name);
}

void PackedTable::duration(std::string_view name, Duration value) {
  begin_value();
  value_.duration(lists_ > 0 ? name : "", value);
  end_value(name);
}

void PackedTable::time(std::string_view name, Timestamp value) {
  begin_value();
  value_.time(lists_ > 0 ? name : "", value);
  end_value(name);
}

void PackedTable::text(std::string_view name, std::string_view value) {
  begin_value();
  value_.text(lists_ > 0 ? name : "", value);
  end_value(name);
}

void PackedTable::begin_object(std::string_view name) {
  if (lists_ > 0) {
    value_.begin_object(name);
    return;
  }
  column(name).object = true;
  parent_ = cursor_ - 1;
}

void PackedTable::end_object() {
  if (lists_ > 0) {
    value_.end_object();
    return;
  }
  parent_ = columns_[parent_].parent;
}

void PackedTable::begin_list(std::string_view name) {
  begin_value();
  value_.begin_list(lists_ > 0 ? name : "");
  if (lists_++ == 0) list_name_ = name;
}

void PackedTable::end_list() {
  value_.end_list();
  if (--lists_ == 0) end_value(list_name_);
}

void PackedTable::flush_chunk() {
  if (chunk_rows_ == 0) return;
  compress(fmt::format(R"({{"n":{},"c":{{)", chunk_rows_), Z_NO_FLUSH);
  bool first = true;
  for (Column& each : columns_) {
    if (each.filled == 0) continue;
    for (; each.filled < chunk_rows_; ++each.filled) each.values += "null,";
    each.values.back() = ']';
    compress(fmt::format(R"({}"{}":[)", first ? "" : ",", each.path), Z_NO_FLUSH);
    compress(each.values, Z_NO_FLUSH);
    each.values.clear();
    each.filled = 0;
    first = false;
  }
  compress("}}\n", Z_NO_FLUSH);
  chunk_rows_ = 0;
}

void PackedTable::compress(std::string_view bytes, int flush) {
  unsigned char room[16 * 1024];
  stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib only reads
  stream_->avail_in = static_cast<uInt>(bytes.size());
  do {
    stream_->next_out = room;
    stream_->avail_out = sizeof room;
    deflate(stream_.get(), flush);
    packed_.append(reinterpret_cast<const char*>(room), sizeof room - stream_->avail_out);
  } while (stream_->avail_out == 0);
}

}  // namespace wirelens
