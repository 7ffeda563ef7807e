// http1/message.h - the head of a message: start line and fields (RFC 9112 sections 2 to 5).
//
// A head is taken as servers take it: bare LF ends a line, a folded field is unfolded, white space
// before a colon is stepped over. Whatever breaks a rule is noted as a fault beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "event/exchange.h"
#include "event/flaw.h"

namespace wirelens::http1 {

/// Most bytes of a head that are gathered; fields beyond are read for framing and not stored.
inline constexpr std::size_t kMaxHead = 65536;
/// Most bytes of a request line that are stored.
inline constexpr std::size_t kMaxRequestLine = 16384;
/// Most fields that are stored.
inline constexpr std::size_t kMaxFields = 256;

enum class Kind : std::uint8_t { request, response };

/// What can be wrong with a head. Each is told once per message, as the Flaw that flaw_of() names.
enum class Fault : std::uint8_t {
  bare_lf,
  bare_cr,
  obs_fold,
  space_before_colon,
  control_character,
  malformed_field,
  malformed_start_line,
  space_in_target,
  unknown_version,
  method_in_lower_case,
  missing_host,
  repeated_host,
  bad_target,
  long_request_line,
  long_head,
  many_fields,
  length_and_coding,
  repeated_length,
  conflicting_lengths,
  invalid_length,
  coding_not_final,
  coding_in_1_0,
  obscured_coding,
};
inline constexpr std::size_t kFaults = 23;
const Flaw& flaw_of(Fault fault);

/// A set of faults.
class Faults {
 public:
  void add(Fault fault) { bits_ |= 1u << static_cast<unsigned>(fault); }
  bool has(Fault fault) const { return (bits_ >> static_cast<unsigned>(fault) & 1u) != 0; }
  bool none() const { return bits_ == 0; }

 private:
  std::uint32_t bits_ = 0;
};

/// How the Transfer-Encoding fields end: what decides about framing.
enum class TransferCoding : std::uint8_t {
  none,          ///< no such field
  chunked,       ///< chunked is the last one, and the only one
  coded_chunks,  ///< chunked is the last one, others (gzip) lie inside
  other,         ///< the last one is not chunked, or nobody can tell
};

/// What a head says. Texts point into the head that was parsed.
struct Head {
  Kind kind = Kind::request;
  std::string_view method;  ///< empty if the line has none
  std::string_view target;  ///< as sent
  std::uint16_t status = 0;
  std::string_view reason;
  std::optional<std::string_view> version;  ///< "1.1"; absent if malformed (or HTTP/0.9)
  std::size_t fields = 0;                   ///< stored fields
  Faults faults;

  // What framing needs, over all fields, stored or not.
  std::optional<std::uint64_t> length;  ///< Content-Length, when valid and one
  bool has_length = false;
  TransferCoding coding = TransferCoding::none;
  bool upgrades = false;  ///< Connection: upgrade
  // Fields that records name; absent if not sent (or not stored).
  std::optional<std::string_view> host;
  std::optional<std::string_view> upgrade;
  std::optional<std::string_view> content_type;
  std::optional<std::string_view> content_encoding;

  bool is_0_9() const { return version == "0.9"; }
  bool is_1_0() const { return version == "1.0"; }
};

class TextMarks;

/// Reads a head line by line. Lines come without their line ends.
class HeadParser {
 public:
  /// Stores at most `capacity` fields, as objects constructed in the raw memory at `fields`.
  HeadParser(Kind kind, HeaderField* fields, std::size_t capacity)
      : fields_(fields), capacity_(capacity) {
    head_.kind = kind;
  }

  /// A whole head, its last line end included, and its marks. Writes over folds in `text`: nowhere
  /// else.
  void parse(char* text, const TextMarks& marks);
  void start_line(std::string_view line);
  /// `store` is false for fields whose text will not last.
  void field_line(std::string_view line, bool store);
  /// All lines were read: draws the conclusions. The head's texts are lent by those who lent them.
  const Head& finish();

  Head& head() { return head_; }
  const Head& head() const { return head_; }

 private:
  void field_line(std::string_view line, std::size_t name_length, bool store);
  void request_line(std::string_view line);
  void status_line(std::string_view line);
  void known_field(std::string_view name, std::string_view value, bool store);
  void content_length(std::string_view value);
  void transfer_encoding(std::string_view value);
  void check_target();

  Head head_;
  HeaderField* fields_;
  std::size_t capacity_;
  bool chunked_before_ = false;
  bool other_coding_ = false;
};

}  // namespace wirelens::http1
