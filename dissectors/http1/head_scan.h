// http1/head_scan.h - finds the heads in a stream.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "http1/message.h"

namespace wirelens::http1 {

/// A scanner for Input::gather(). Tells junk, and empty lines between messages, from a head; the
/// cost is linear in the bytes, however they are cut.
///
/// Where the reader has lost its place, a head is looked for everywhere, not only at the beginnings
/// of lines (content need not end in one), and only start lines beyond doubt count.
class HeadScan {
 public:
  enum class Found : std::uint8_t {
    head,        ///< all of a head, its empty line included
    simple,      ///< a request line of HTTP/0.9
    empty_line,  ///< a line end in front of a message
    junk,        ///< bytes that begin no message
  };

  HeadScan(Kind kind, bool lost) : kind_(kind), lost_(lost) {}

  /// For Input::gather().
  std::size_t operator()(Bytes available, std::size_t seen);
  /// Before the next token.
  void begin() { start_line_judged_ = false; }
  /// Of the last token.
  Found found() const { return found_; }
  /// Of a token that grew too long: a head if it begins like one.
  Found found_too_long(Bytes token) const;

  bool lost() const { return lost_; }
  void lose_place() { lost_ = true; }
  void find_place() { lost_ = false; }

 private:
  enum class Guess : std::uint8_t { no, maybe, yes };
  Guess judge_beginning(std::string_view text) const;
  std::size_t judge_start_line(std::string_view text, std::size_t seen);
  std::size_t junk(std::string_view text);
  std::size_t junk_line(std::string_view line, std::size_t length);

  Kind kind_;
  bool lost_;
  bool start_line_judged_ = false;
  Found found_ = Found::head;
};

}  // namespace wirelens::http1
