// report/page.cc - breaking, aligning, cutting.
#include "report/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/wire_text.h"

namespace wirelens {
namespace {

constexpr std::string_view kBetweenItems = " · ";
constexpr std::size_t kBetweenColumns = 2;
constexpr std::size_t kIndent = 2;      ///< of a table's rows
constexpr std::size_t kNarrowest = 24;  ///< columns that a table's first column should have

std::string pad(std::size_t columns) {
  return std::string(columns, ' ');
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    if (space > 0) words.emplace_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return words;
}

}  // namespace

void Page::begin_line() {
  if (gap_) text_ += '\n';
  gap_ = false;
}

std::string Page::bold(std::string_view label) const {
  return colour_ && !label.empty() ? "\x1b[1m" + std::string(label) + "\x1b[0m"
                                   : std::string(label);
}

void Page::heading(std::string_view name, std::string_view words) {
  begin_line();
  const std::string title = cut_middle(name, width_);
  const bool one_line = display_width(title) + 2 + display_width(words) <= width_;
  text_ += bold(title) + (one_line ? "  " : "\n") + cut_middle(words, width_) + '\n';
}

void Page::flow(std::string_view label, std::span<const std::string> pieces,
                std::string_view between, std::size_t indent, std::size_t label_columns) {
  begin_line();
  const std::size_t margin = indent + label_columns;
  const std::size_t room = width_ - margin;
  const std::size_t joint = display_width(between);
  text_ += pad(indent) + bold(label) +
           pad(label_columns - std::min(label_columns, display_width(label)));
  std::size_t used = 0;
  for (const std::string& piece : pieces) {
    const std::string fitting = cut_middle(piece, room);
    const std::size_t wide = display_width(fitting);
    if (used > 0 && used + joint + wide > room) {
      text_ += '\n' + pad(margin);
      used = 0;
    } else if (used > 0) {
      text_ += between;
      used += joint;
    }
    text_ += fitting;
    used += wide;
  }
  text_ += '\n';
}

void Page::paragraph(std::string_view label, std::string_view words) {
  flow(label, split_words(words), " ");
}

void Page::headline(std::string_view words) {
  begin_line();
  text_ += bold(cut_middle(words, width_)) + '\n';
}

void Page::item(std::string_view mark, std::string_view colour, std::string_view title,
                std::string_view name) {
  begin_line();
  const std::string shown = cut_middle(title, width_ - kMark);
  text_ += colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", colour, mark) : std::string(mark);
  text_ += pad(kMark - std::min(kMark, display_width(mark))) + bold(shown);
  const std::size_t used = kMark + display_width(shown);
  const std::string right = cut_middle(name, width_ - kMark);
  const bool fits = used + 2 + display_width(right) <= width_;
  if (fits) {
    text_ += pad(width_ - used - display_width(right)) + right + '\n';
  } else {
    text_ += '\n' + pad(kMark) + right + '\n';
  }
}

void Page::note(std::string_view label, std::string_view words) {
  flow(label, split_words(words), " ", kMark, label.empty() ? 0 : kNoteLabel);
}

void Page::entry(std::string_view label, std::span<const std::string> items) {
  if (!items.empty()) flow(label, items, kBetweenItems);
}

void Page::command(std::string_view label, std::string_view line, std::string_view remark) {
  std::size_t used = kLabel + display_width(line);
  if (used > width_) return;
  begin_line();
  text_ += bold(label) + pad(kLabel - label.size()) + std::string(line);
  if (used + 3 + display_width(remark) <= width_) text_ += pad(3) + std::string(remark);
  text_ += '\n';
}

void Page::table(const Table& table) {
  if (table.rows.empty()) return;
  std::vector<std::size_t> shown;
  std::vector<std::size_t> widths(table.columns.size() + 1, 0);
  std::size_t taken = kIndent;
  for (std::size_t column = 1; column <= table.columns.size(); ++column) {
    for (const auto& row : table.rows) {
      widths[column] = std::max(widths[column], display_width(row[column]));
    }
    if (widths[column] == 0) continue;
    widths[column] = std::max(widths[column], table.columns[column - 1].size());
    if (taken + kBetweenColumns + widths[column] + kNarrowest > width_) break;
    taken += kBetweenColumns + widths[column];
    shown.push_back(column);
  }
  for (const auto& row : table.rows) widths[0] = std::max(widths[0], display_width(row[0]));
  widths[0] = std::max(widths[0], table.title.size());
  widths[0] = std::min(widths[0], width_ - taken);

  begin_line();
  const std::size_t title_room = widths[0] + kIndent;
  text_ += bold(table.title);
  std::string heading = pad(title_room - std::min(title_room, table.title.size()));
  for (const std::size_t column : shown) {
    const std::string_view name = table.columns[column - 1];
    heading += pad(kBetweenColumns + widths[column] - name.size()) + std::string(name);
  }
  text_ += heading.substr(0, heading.find_last_not_of(' ') + 1) + '\n';
  for (const auto& row : table.rows) {
    const std::string first = cut_middle(row[0], widths[0]);
    std::string line = pad(kIndent) + first + pad(widths[0] - display_width(first));
    for (const std::size_t column : shown) {
      line += pad(kBetweenColumns + widths[column] - display_width(row[column])) + row[column];
    }
    text_ += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
}

}  // namespace wirelens
