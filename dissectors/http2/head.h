// http2/head.h - a field section (RFC 9113 section 8): the head of a message, or its trailers.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "common/redaction.h"
#include "event/exchange.h"
#include "event/flaw.h"
#include "http2/hpack.h"

namespace wirelens::http2 {

/// Most fields of a section that are stored, and most bytes of their names and values; what is
/// beyond is decoded, for the table's sake, and counted.
inline constexpr std::size_t kMaxFields = 1024;
inline constexpr std::size_t kMaxFieldBytes = 262144;
/// An index of one byte may stand for a field of 64 KiB: more than so much, and so many times what
/// was sent, is a bomb.
inline constexpr std::size_t kFreeFieldBytes = 16384;
inline constexpr std::size_t kMaxRatio = 64;

/// A section as HPACK gives it, in memory that lasts for a call.
class FieldList final : public FieldSink {
 public:
  /// For a section that was sent as `sent` bytes.
  FieldList(std::size_t sent, std::pmr::memory_resource& scratch);

  void field(std::string_view name, std::string_view value) override;
  void unknown() override { ++unknown_; }

  std::span<const HeaderField> fields() const { return fields_; }
  /// Fields that refer to entries that were not seen.
  std::uint64_t unknown_fields() const { return unknown_; }
  /// Fields beyond the caps.
  std::uint64_t dropped() const { return dropped_; }
  /// Names and values, those beyond the caps included.
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::string_view keep(std::string_view text);

  std::pmr::memory_resource& scratch_;
  std::uint64_t most_;
  std::pmr::vector<HeaderField> fields_;
  std::uint64_t unknown_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t bytes_ = 0;
};

/// What can be wrong with a section (sections 8.2 and 8.3): each makes the message malformed.
enum class Fault : std::uint8_t {
  upper_case_name,
  bad_name,
  bad_value,
  pseudo_behind_field,
  unknown_pseudo,
  repeated_pseudo,
  missing_pseudo,
  pseudo_in_trailers,
  connection_field,
  bad_te,
  bad_status,
  bad_length,
};
inline constexpr std::size_t kFaults = 12;
/// For a flaw's detail.
std::string_view name_of(Fault fault);

class Faults {
 public:
  void add(Fault fault) { bits_ |= 1u << static_cast<unsigned>(fault); }
  bool has(Fault fault) const { return (bits_ >> static_cast<unsigned>(fault) & 1u) != 0; }
  bool none() const { return bits_ == 0; }

 private:
  std::uint32_t bits_ = 0;
};

enum class Kind : std::uint8_t { request, response, trailers };

/// What a section says by the fields that mean something here. Texts point into the list it was
/// read from.
struct Section {
  std::optional<std::string_view> method;
  std::optional<std::string_view> scheme;
  std::optional<std::string_view> authority;  ///< or Host
  std::optional<std::string_view> path;
  std::optional<std::string_view> protocol;  ///< RFC 8441
  std::optional<std::uint16_t> status;
  std::optional<std::string_view> content_type;
  std::optional<std::string_view> content_encoding;
  std::optional<std::uint64_t> content_length;
  std::optional<std::string_view> grpc_status;
  std::optional<std::string_view> grpc_message;
  Faults faults;

  bool is_interim() const { return status && *status >= 100 && *status < 200; }
};
Section read_section(const FieldList& list, Kind kind);

/// A head that outlives its packet, without its secrets.
class Head {
 public:
  explicit Head(std::pmr::memory_resource& memory) : memory_(memory) {}
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;
  ~Head();

  /// Copies what `list`, of which `section` was read, says; what was kept before is gone.
  void keep(const FieldList& list, const Section& section, bool show_secrets);

  bool kept() const { return kept_; }
  /// As sent; the path without its secrets.
  const Section& section() const { return section_; }
  /// All fields but those that have a place of their own in a record (:method, :path...).
  std::span<const HeaderField> fields() const { return fields_; }
  std::uint64_t unknown_fields() const { return unknown_; }
  /// Memory that it holds.
  std::size_t bytes() const { return size_; }

 private:
  void clear();

  std::pmr::memory_resource& memory_;
  std::byte* block_ = nullptr;  // fields, then texts
  std::size_t size_ = 0;
  std::span<const HeaderField> fields_;
  Section section_;
  std::uint64_t unknown_ = 0;
  bool kept_ = false;
};

}  // namespace wirelens::http2
