// http1/start_line.h - where a message begins, told by its first bytes.
#pragma once

#include <cstdint>
#include <string_view>

#include "dissect/dissector.h"
#include "http1/message.h"

namespace wirelens::http1 {

/// In the IANA registry of HTTP methods, or old and wide-spread (CCM_POST, M-SEARCH).
bool is_known_method(std::string_view method);

/// How well the first bytes of a direction fit a message of one kind. A request line: of a known
/// method and with a path, or with "HTTP/1." at its end; a status line: by its version.
Fit probe(Kind kind, Bytes first);
/// The protocol's probe. Who is the client may have been guessed wrongly: either kind will do.
Fit probe(Direction from, Bytes first);

/// `line` (without its end) is a request line or status line beyond doubt: what is looked for where
/// the reader has lost its place.
bool is_certain_start_line(Kind kind, std::string_view line);

/// A request of HTTP/0.9: "GET /path" and nothing else, no version, no fields.
bool is_simple_request(std::string_view line);

/// Finds the next head in a stream for Input::gather(). Tells junk, and empty lines between
/// messages, from a head; each byte is looked at once.
class HeadScan {
 public:
  enum class Found : std::uint8_t {
    head,        ///< all of a head, its empty line included
    simple,      ///< a request line of HTTP/0.9
    empty_line,  ///< line ends in front of a message
    junk,        ///< bytes that begin no message
  };

  /// `lost`: the beginning may lie anywhere, and only certain start lines count.
  HeadScan(Kind kind, bool lost) : kind_(kind), lost_(lost) {}

  /// For Input::gather().
  std::size_t operator()(Bytes available, std::size_t seen);
  /// Before the next token.
  void begin() { start_line_judged_ = false; }
  /// Of the last token.
  Found found() const { return found_; }
  /// Of a token that grew too long: a head if it begins like one.
  Found found_too_long(Bytes token) const;
  /// The next bytes are at the beginning of a line, or of a message.
  void found_place() {
    lost_ = false;
    mid_line_ = false;
  }
  void lose_place() { lost_ = true; }
  bool lost() const { return lost_; }

 private:
  enum class Guess : std::uint8_t { no, maybe, yes };
  Guess judge_beginning(std::string_view text) const;
  std::size_t junk(Bytes available);

  Kind kind_;
  bool lost_;
  bool mid_line_ = false;  // the last junk ended before its line did
  bool start_line_judged_ = false;
  Found found_ = Found::head;
};

}  // namespace wirelens::http1
