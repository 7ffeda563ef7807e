// report/packed_table.h - records of one type, column by column and compressed, for a page that
// unpacks them.
//
//   {"n":3,"c":{"id":[0,1,2],"client.ip":["10.0.0.1",null,"10.0.0.7"],"protocols":[["tls"],[],[]]}}
//
// One such line for kRows records; all lines are one zlib stream. Columns are made as fields come,
// so any type of event can be told without being known. A field inside an object is a column of its
// own ("sent.rtt.min"), a list is one value. Times count in seconds from a beginning.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"
#include "report/field_recording.h"
#include "report/json_writer.h"

namespace wirelens {

class PackedTable final : private FieldWriter {
 public:
  static constexpr std::size_t kRows = 2048;

  explicit PackedTable(Timestamp begin);
  ~PackedTable() override;
  PackedTable(const PackedTable&) = delete;
  PackedTable& operator=(const PackedTable&) = delete;

  void add(const Event& event);
  /// A record that was told before.
  void add(Timestamp time, std::optional<ConnectionId> connection, const FieldRecording& fields);
  /// Ends the stream; nothing is added afterwards.
  void finish();

  std::uint64_t rows() const { return rows_; }
  /// Compressed bytes so far; all of them after finish().
  const std::string& packed() const { return packed_; }

 private:
  static constexpr std::size_t kNoParent = SIZE_MAX;
  struct Column {
    std::size_t parent;  ///< index of the object that it is in
    std::string_view name;
    std::string path;
    std::string values;  ///< of the chunk, comma-separated
    std::size_t filled = 0;
    bool object = false;
  };

  void boolean(std::string_view name, bool value) override;
  void integer(std::string_view name, std::int64_t value) override;
  void natural(std::string_view name, std::uint64_t value) override;
  void number(std::string_view name, double value) override;
  void duration(std::string_view name, Duration value) override;
  void time(std::string_view name, Timestamp value) override;
  void text(std::string_view name, std::string_view value) override;
  void begin_object(std::string_view name) override;
  void end_object() override;
  void begin_list(std::string_view name) override;
  void end_list() override;

  void begin_row(Timestamp time, std::optional<ConnectionId> connection);
  void end_row();
  /// Begins a value of its own unless a list is open.
  void begin_value();
  /// Puts it into its column.
  void end_value(std::string_view name);
  Column& column(std::string_view name);
  void flush_chunk();
  void compress(std::string_view bytes, int flush);

  Timestamp begin_;
  std::vector<Column> columns_;
  std::size_t cursor_ = 0;  ///< where the last field was found: the next is likely behind it
  std::size_t parent_ = kNoParent;
  std::size_t lists_ = 0;  ///< depth of lists that are open
  std::string_view list_name_;
  JsonWriter value_;
  std::uint64_t rows_ = 0;
  std::size_t chunk_rows_ = 0;
  std::string packed_;
  std::unique_ptr<z_stream> stream_;
  bool finished_ = false;
};

}  // namespace wirelens
