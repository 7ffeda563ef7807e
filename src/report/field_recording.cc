// report/field_recording.cc - step by step.
#include "report/field_recording.h"

namespace wirelens {

void FieldRecording::text(std::string_view name, std::string_view value) {
  steps_.push_back({name, Text{text_.size(), value.size()}});
  text_ += value;
}

void FieldRecording::replay(FieldWriter& out) const {
  for (const Step& step : steps_) {
    if (const auto* flag = std::get_if<bool>(&step.value)) {
      out.boolean(step.name, *flag);
    } else if (const auto* integer = std::get_if<std::int64_t>(&step.value)) {
      out.integer(step.name, *integer);
    } else if (const auto* natural = std::get_if<std::uint64_t>(&step.value)) {
      out.natural(step.name, *natural);
    } else if (const auto* number = std::get_if<double>(&step.value)) {
      out.number(step.name, *number);
    } else if (const auto* duration = std::get_if<Duration>(&step.value)) {
      out.duration(step.name, *duration);
    } else if (const auto* time = std::get_if<Timestamp>(&step.value)) {
      out.time(step.name, *time);
    } else if (const auto* text = std::get_if<Text>(&step.value)) {
      out.text(step.name, std::string_view(text_).substr(text->begin, text->length));
    } else {
      switch (std::get<Mark>(step.value)) {
        case Mark::begin_object:
          out.begin_object(step.name);
          break;
        case Mark::end_object:
          out.end_object();
          break;
        case Mark::begin_list:
          out.begin_list(step.name);
          break;
        case Mark::end_list:
          out.end_list();
          break;
      }
    }
  }
}

}  // namespace wirelens
