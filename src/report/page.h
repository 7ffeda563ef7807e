// report/page.h - lays out lines of text within a number of columns.
//
//   Connections  41,168   closed 40,912 · reset by server 213      entry: a label and its items
//   Slowest                              status   total  packet    table: a title, columns
//     GET shop.test/checkout                200   4.1 s  88,120
//   HIGH     TIME_WAIT storm              tcp.time_wait_storm      item: a mark, a title, a name
//            10.77.0.1 opened 24,113 connections to 10.77.1.1      note: words below an item
//
// All text given to a page must be printable (see report/wire_text.h) already.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wirelens {

class Page {
 public:
  Page(unsigned width, bool colour) : width_(width), colour_(colour) {}

  /// An empty line between what is there and what comes; never two, never at the top.
  void gap() { gap_ = !text_.empty(); }
  /// The first line: a name, cut in its middle if need be, and words, on one line or two.
  void heading(std::string_view name, std::string_view words);
  /// A label and words, broken between words; further lines begin below the first word.
  void paragraph(std::string_view label, std::string_view words);
  /// A label and items with · between them, broken between items. Without items: nothing.
  void entry(std::string_view label, std::span<const std::string> items);
  /// A line that is not broken; left out if it does not fit.
  void command(std::string_view label, std::string_view line, std::string_view remark);

  /// A line that says what matters most.
  void headline(std::string_view words);
  /// A mark in its colour (an SGR code), a title, and a name at the right margin, or on a line of
  /// its own if there is no room.
  void item(std::string_view mark, std::string_view colour, std::string_view title,
            std::string_view name);
  /// Words below an item, broken between words; with a label further lines begin behind it.
  void note(std::string_view label, std::string_view words);

  /// The first column is left-aligned, takes what room the others leave, and is cut in its middle.
  /// Columns without any value vanish, and so do the last ones where the page is too narrow.
  struct Table {
    std::string_view title;
    std::vector<std::string_view> columns;       ///< headings of all but the first
    std::vector<std::vector<std::string>> rows;  ///< first column, then `columns`
  };
  void table(const Table& table);

  const std::string& text() const { return text_; }

 private:
  static constexpr std::size_t kLabel = 13;     ///< columns of labels
  static constexpr std::size_t kMark = 9;       ///< columns of marks
  static constexpr std::size_t kNoteLabel = 6;  ///< columns of notes' labels

  void begin_line();
  std::string bold(std::string_view label) const;
  /// Puts the label, then pieces with `between` where two share a line.
  void flow(std::string_view label, std::span<const std::string> pieces, std::string_view between,
            std::size_t indent = 0, std::size_t label_columns = kLabel);

  unsigned width_;
  bool colour_;
  bool gap_ = false;
  std::string text_;
};

}  // namespace wirelens
