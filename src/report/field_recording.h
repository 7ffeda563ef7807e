// report/field_recording.h - what an event described of itself, to be told again when it is gone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "event/fields.h"

namespace wirelens {

class FieldRecording final : public FieldWriter {
 public:
  /// Tells everything once more, in order.
  void replay(FieldWriter& out) const;
  /// Memory that it takes, about.
  std::size_t bytes() const { return steps_.size() * sizeof(Step) + text_.size(); }

 private:
  struct Text {
    std::size_t begin;
    std::size_t length;
  };
  enum class Mark : std::uint8_t { begin_object, end_object, begin_list, end_list };
  struct Step {
    std::string_view name;  ///< of a field: it outlives every event
    std::variant<bool, std::int64_t, std::uint64_t, double, Duration, Timestamp, Text, Mark> value;
  };

  void boolean(std::string_view name, bool value) override { steps_.push_back({name, value}); }
  void integer(std::string_view name, std::int64_t value) override {
    steps_.push_back({name, value});
  }
  void natural(std::string_view name, std::uint64_t value) override {
    steps_.push_back({name, value});
  }
  void number(std::string_view name, double value) override { steps_.push_back({name, value}); }
  void duration(std::string_view name, Duration value) override { steps_.push_back({name, value}); }
  void time(std::string_view name, Timestamp value) override { steps_.push_back({name, value}); }
  void text(std::string_view name, std::string_view value) override;
  void begin_object(std::string_view name) override {
    steps_.push_back({name, Mark::begin_object});
  }
  void end_object() override { steps_.push_back({{}, Mark::end_object}); }
  void begin_list(std::string_view name) override { steps_.push_back({name, Mark::begin_list}); }
  void end_list() override { steps_.push_back({{}, Mark::end_list}); }

  std::vector<Step> steps_;
  std::string text_;  ///< of all texts, one behind the other
};

}  // namespace wirelens
