// report/json_writer.h - writes records as JSON, one after another, into one growing buffer.
//
//   begin_record(type, time, connection)    {"type":"http","ts":"...","conn":7
//   FieldWriter calls, in any order         ,"status":200,"timing":{"wait":0.0031}
//   end_record()                            }\n
//
// Field names are the program's own and need no escaping. Text from the wire is always valid JSON
// and valid UTF-8: see report/wire_text.h for what becomes of bytes that are not (a byte 0xFF is
// "\\xff"), and what acts instead of being seen is written \uNNNN. Seconds are exact decimals:
// 123 µs is 0.000123. A number that JSON cannot say (not finite) is absent.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "event/event.h"

namespace wirelens {

class JsonWriter final : public FieldWriter, private JsonText {
 public:
  explicit JsonWriter(std::size_t capacity);

  void begin_record(std::string_view type, Timestamp time, std::optional<ConnectionId> connection);
  void end_record();
  /// A whole record; the same as begin_record(), the event's description and end_record().
  void record(const Event& event);
  /// An object that is no record; end_object() ends it. Documents may follow each other.
  void begin_document();

  /// What was written since the last clear(): whole records between end_record() and the next
  /// begin_record().
  std::string_view view() const { return {begin(), size()}; }
  std::size_t size() const { return offset(at_); }
  void clear() { at_ = at(0); }

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

 private:
  /// A comma where one is due, and the name: gives the place, with room, which is to become at_.
  char* key(std::string_view name);
  char* escape(char* at, std::string_view& rest) const override;

  char* at_;  ///< kSlack bytes are free behind it
};

}  // namespace wirelens
