// http1/kept_head.h - a head that outlives its packet, without its secrets.
#pragma once

#include <memory_resource>
#include <optional>
#include <span>

#include "common/redaction.h"
#include "http1/message.h"

namespace wirelens::http1 {

class KeptHead {
 public:
  KeptHead(Kind kind, std::pmr::memory_resource& memory)
      : kind_(kind), memory_(memory), texts_(memory) {}
  ~KeptHead();
  KeptHead(const KeptHead&) = delete;
  KeptHead& operator=(const KeptHead&) = delete;

  /// Copies and reads `text`, a head or whole lines of one; at most kMaxHead bytes.
  void keep(Bytes text);
  /// In place of keep(): copies and reads a start line without its end.
  void keep_start_line(std::string_view line);
  /// For lines that come behind what keep() got.
  HeadParser& parser() { return *parser_; }
  /// All lines were read. Redacts unless `show_secrets`.
  void finish(bool show_secrets);

  bool kept() const { return parser_.has_value(); }
  /// An empty one if none was kept (the response of HTTP/0.9 has none).
  const Head& head() const { return parser_ ? parser_->head() : kNone; }
  std::span<const HeaderField> fields() const { return {fields_, head().fields}; }
  /// The target as it may be shown; the head's own is as sent.
  std::string_view target() const { return target_; }
  /// Memory that it holds.
  std::size_t bytes() const { return size_; }
  http::RedactedTexts& texts() { return texts_; }

 private:
  static const Head kNone;

  char* allocate(std::size_t fields, std::size_t text);

  Kind kind_;
  std::pmr::memory_resource& memory_;
  std::byte* block_ = nullptr;  // fields, then the text
  std::size_t size_ = 0;
  HeaderField* fields_ = nullptr;
  std::optional<HeadParser> parser_;
  std::string_view target_;
  http::RedactedTexts texts_;
};

}  // namespace wirelens::http1
