// report/flat_fields.h - an event's fields as a list of names and texts: for reports that show any
// type of event, or look for a field by its name without knowing the type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"

namespace wirelens {

/// {"sent":{"rtt":{"min":0.5}},"vlan":[1,2]} is sent.rtt.min = 0.5, vlan = 1, vlan = 2. Text is as
/// the event has it: bytes from the wire.
class FlatFields final : public FieldWriter {
 public:
  enum class Kind : std::uint8_t { text, number, duration, boolean, time };
  struct Entry {
    std::string path;
    std::string text;
    double value = 0;  ///< of numbers; seconds of durations; 1 and 0 of booleans
    Kind kind = Kind::text;
  };

  explicit FlatFields(const Event& event) { event.describe(*this); }

  const std::vector<Entry>& entries() const { return entries_; }
  /// The first of that path; nullptr: absent.
  const Entry* find(std::string_view path) const;
  std::string_view text(std::string_view path) const;
  std::optional<std::uint64_t> natural(std::string_view path) const;

  void boolean(std::string_view name, bool value) override;
  void integer(std::string_view name, std::int64_t value) override;
  void natural(std::string_view name, std::uint64_t value) override;
  void number(std::string_view name, double value) override;
  void duration(std::string_view name, Duration value) override;
  void time(std::string_view name, Timestamp value) override;
  void text(std::string_view name, std::string_view value) override;
  void begin_object(std::string_view name) override { enter(name); }
  void end_object() override { leave(); }
  void begin_list(std::string_view name) override { enter(name); }
  void end_list() override { leave(); }

 private:
  void enter(std::string_view name);
  void leave();
  void add(std::string_view name, std::string text, double value, Kind kind);

  std::vector<Entry> entries_;
  std::string path_;
  std::vector<std::size_t> lengths_;  ///< of path_ before each level that is open
};

}  // namespace wirelens
