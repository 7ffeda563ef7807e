// report/schema.cc - JSON Schema, draft 2020-12, from the descriptions of the event types.
#include <fmt/format.h>

#include <iterator>
#include <vector>

#include "report/report.h"

namespace wirelens {
namespace {

using Kind = SchemaWriter::Kind;

/// One or two parts of text need no escaping here: they are the program's own. A quote or a
/// backslash in a description is the exception.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string_view constraint(Kind kind) {
  switch (kind) {
    case Kind::boolean:
      return R"("type": "boolean")";
    case Kind::integer:
      return R"("type": "integer")";
    case Kind::natural:
      return R"("type": "integer", "minimum": 0)";
    case Kind::number:
      return R"("type": "number")";
    case Kind::time:
      return R"("type": "string", "format": "date-time", "pattern": "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z$")";
    case Kind::text:
      return R"("type": "string")";
  }
  return "";
}

/// Builds the text of one definition while a type describes itself.
class Definition final : public SchemaWriter {
 public:
  explicit Definition(const EventType& type) {
    levels_.push_back({.list = false, .indent = 6});
    member(fmt::format(R"("type": {{"const": {}}})", quoted(type.name)), "type", true);
    member(fmt::format(R"("ts": {{{}}})", constraint(Kind::time)), "ts", true);
    member(R"("conn": {"type": "integer", "minimum": 0, "description": "id of its connection"})",
           "conn", false);
    type.schema(*this);
    body_ = object(levels_.back(), type.about, 4);
  }
  const std::string& body() const { return body_; }

  void scalar(std::string_view name, Kind kind, bool required, std::string_view about) override {
    member(fmt::format("{}{{{}{}}}", label(name), constraint(kind), description(about)), name,
           required);
  }
  void begin_object(std::string_view name, bool required, std::string_view about) override {
    begin(name, required, about, false);
  }
  void end_object() override {
    end([](const Level& level) { return object(level, level.about, level.indent - 2); });
  }
  void begin_list(std::string_view name, bool required, std::string_view about) override {
    begin(name, required, about, true);
  }
  void end_list() override { end(list); }
  void numbers(std::string_view name, bool required, std::string_view about) override {
    member(fmt::format(R"({}{{"type": "object", "additionalProperties": {{"type": "number"}}{}}})",
                       label(name), description(about)),
           name, required);
  }

 private:
  /// An object or list that is being described.
  struct Level {
    std::string name{};
    std::string about{};
    bool needed = true;
    bool list = false;
    std::size_t indent = 0;
    std::vector<std::string> members{};
    std::vector<std::string> required{};
  };

  static std::string label(std::string_view name) {
    return name.empty() ? std::string() : quoted(name) + ": ";
  }
  static std::string description(std::string_view about) {
    return about.empty() ? std::string() : ", \"description\": " + quoted(about);
  }
  void member(std::string text, std::string_view name, bool required) {
    Level& level = levels_.back();
    level.members.push_back(std::move(text));
    if (required && !name.empty()) level.required.push_back(quoted(name));
  }
  void begin(std::string_view name, bool required, std::string_view about, bool list) {
    const std::size_t indent = levels_.back().indent + (levels_.back().list ? 0 : 4);
    levels_.push_back({.name = std::string(name),
                       .about = std::string(about),
                       .needed = required,
                       .list = list,
                       .indent = indent});
  }
  template <class Close>
  void end(Close close) {
    const Level level = std::move(levels_.back());
    levels_.pop_back();
    member(label(level.name) + close(level), level.name, level.needed);
  }
  static std::string object(const Level& level, std::string_view about, std::size_t indent) {
    const std::string pad(indent, ' ');
    std::string out = fmt::format("{{\n{}  \"type\": \"object\",\n", pad);
    if (!about.empty())
      fmt::format_to(std::back_inserter(out), "{}  \"description\": {},\n", pad, quoted(about));
    fmt::format_to(std::back_inserter(out), "{}  \"properties\": {{\n", pad);
    for (std::size_t i = 0; i < level.members.size(); ++i) {
      fmt::format_to(std::back_inserter(out), "{}    {}{}\n", pad, level.members[i],
                     i + 1 < level.members.size() ? "," : "");
    }
    fmt::format_to(std::back_inserter(out), "{}  }},\n", pad);
    if (!level.required.empty()) {
      fmt::format_to(std::back_inserter(out), "{}  \"required\": [{}],\n", pad,
                     fmt::join(level.required, ", "));
    }
    fmt::format_to(std::back_inserter(out), "{}  \"additionalProperties\": false\n{}}}", pad, pad);
    return out;
  }
  static std::string list(const Level& level) {
    if (level.members.size() == 1) {
      return fmt::format(R"({{"type": "array", "items": {}{}}})", level.members[0],
                         description(level.about));
    }
    return fmt::format(
        R"({{"type": "array", "prefixItems": [{}], "items": false, "minItems": {}{}}})",
        fmt::join(level.members, ", "), level.members.size(), description(level.about));
  }

  std::vector<Level> levels_;
  std::string body_;
};

}  // namespace

std::string json_schema(std::span<const EventType* const> types) {
  std::string names;
  std::string judged;
  std::string definitions;
  for (const EventType* type : types) {
    const std::string_view comma = type == types.back() ? "" : ",";
    const std::string name = quoted(type->name);
    fmt::format_to(std::back_inserter(names), "{}{}", name, comma.empty() ? "" : ", ");
    fmt::format_to(std::back_inserter(judged),
                   "    {{\"if\": {{\"properties\": {{\"type\": {{\"const\": {}}}}}}},\n"
                   "     \"then\": {{\"$ref\": \"#/$defs/{}\"}}}}{}\n",
                   name, type->name, comma);
    fmt::format_to(std::back_inserter(definitions), "    {}: {}{}\n", name,
                   Definition(*type).body(), comma);
  }
  return fmt::format(
      "{{\n"
      "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
      "  \"title\": \"wirelens records\",\n"
      "  \"description\": \"One line of `wirelens analyze -w ndjson=FILE`.\",\n"
      "  \"type\": \"object\",\n"
      "  \"required\": [\"type\"],\n"
      "  \"properties\": {{\"type\": {{\"enum\": [{}]}}}},\n"
      "  \"allOf\": [\n{}  ],\n"
      "  \"$defs\": {{\n{}  }}\n"
      "}}\n",
      names, judged, definitions);
}

}  // namespace wirelens
