// cli/redacted_data.cc - a line is shown as far as it has come, and judged as a whole.
#include "cli/redacted_data.h"

#include <algorithm>
#include <memory_resource>

#include "common/redaction.h"

namespace wirelens {
namespace {

/// A line without its end: a field, or a start line with a target.
std::string redacted_line(std::string_view line) {
  http::RedactedTexts texts(*std::pmr::get_default_resource());
  const std::size_t colon = line.find(':');
  const std::size_t space = line.find(' ');
  if (colon != std::string_view::npos && colon < space) {
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    const std::string_view shown = texts.field(line.substr(0, colon), value);
    if (shown == value) return std::string(line);
    return std::string(line.substr(0, colon)) + ": " + std::string(shown);
  }
  const std::size_t end = line.rfind(' ');
  if (space == std::string_view::npos || line.find('/') == std::string_view::npos) {
    return std::string(line);
  }
  const std::string_view target =
      end > space ? line.substr(space + 1, end - space - 1) : line.substr(space + 1);
  const std::string_view shown = texts.uri(target);
  if (shown == target) return std::string(line);
  return std::string(line.substr(0, space + 1)) + std::string(shown) +
         (end > space ? std::string(line.substr(end)) : "");
}

}  // namespace

std::string RedactedData::redacted(Direction from, std::int64_t sequence, std::string_view data) {
  Side& side = sides_[index(from)];
  std::string out;
  if (side.begun && sequence != side.next) {
    side.line.clear();
    const std::size_t end = data.find('\n');
    if (end != std::string_view::npos) {
      out = std::string(http::kRedacted) + "\n";
      sequence += static_cast<std::int64_t>(end + 1);
      data.remove_prefix(end + 1);
    }
  }
  side.begun = true;
  side.next = sequence + static_cast<std::int64_t>(data.size());
  while (!data.empty()) {
    const std::size_t end = std::min(data.find('\n'), data.size());
    const bool whole = end < data.size();
    std::string_view part = data.substr(0, end);
    data.remove_prefix(std::min(end + 1, data.size()));
    const bool carriage = whole && part.ends_with('\r');
    if (carriage) part.remove_suffix(1);
    const bool goes_on = !side.line.empty();
    if (side.line.size() + part.size() > kLongestLine) {
      side.line.clear();
      out += part;
    } else {
      side.line += part;
      const std::string shown = redacted_line(side.line);
      if (!goes_on) {
        out += shown;
      } else {
        out += shown == side.line ? part : http::kRedacted;
      }
    }
    if (whole) side.line.clear();
    if (carriage) out += '\r';
    if (whole) out += '\n';
  }
  return out;
}

}  // namespace wirelens
