// report/flat_fields.cc - paths grow and shrink with the levels.
#include "report/flat_fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/figures.h"

namespace wirelens {

const FlatFields::Entry* FlatFields::find(std::string_view path) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& each) { return each.path == path; });
  return found == entries_.end() ? nullptr : &*found;
}

std::string_view FlatFields::text(std::string_view path) const {
  const Entry* entry = find(path);
  return entry == nullptr ? std::string_view() : entry->text;
}

std::optional<std::uint64_t> FlatFields::natural(std::string_view path) const {
  const Entry* entry = find(path);
  if (entry == nullptr || entry->kind != Kind::number || entry->value < 0) return std::nullopt;
  return static_cast<std::uint64_t>(entry->value);
}

void FlatFields::boolean(std::string_view name, bool value) {
  add(name, value ? "true" : "false", value, Kind::boolean);
}

void FlatFields::integer(std::string_view name, std::int64_t value) {
  add(name, fmt::format("{}", value), static_cast<double>(value), Kind::number);
}

void FlatFields::natural(std::string_view name, std::uint64_t value) {
  add(name, fmt::format("{}", value), static_cast<double>(value), Kind::number);
}

void FlatFields::number(std::string_view name, double value) {
  add(name, fmt::format("{}", value), value, Kind::number);
}

void FlatFields::duration(std::string_view name, Duration value) {
  add(name, duration_text(value), seconds(value), Kind::duration);
}

void FlatFields::time(std::string_view name, Timestamp value) {
  add(name, to_rfc3339(value), 0, Kind::time);
}

void FlatFields::text(std::string_view name, std::string_view value) {
  add(name, std::string(value), 0, Kind::text);
}

void FlatFields::enter(std::string_view name) {
  lengths_.push_back(path_.size());
  if (name.empty()) return;
  if (!path_.empty()) path_ += '.';
  path_ += name;
}

void FlatFields::leave() {
  path_.resize(lengths_.back());
  lengths_.pop_back();
}

void FlatFields::add(std::string_view name, std::string text, double value, Kind kind) {
  enter(name);
  entries_.push_back({path_, std::move(text), value, kind});
  leave();
}

}  // namespace wirelens
