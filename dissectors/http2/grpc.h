// http2/grpc.h - gRPC over HTTP/2: messages in DATA, the outcome in trailers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace wirelens::http2::grpc {

/// application/grpc, application/grpc+proto, application/grpc-web...
bool is_content_type(std::string_view content_type);

/// Counts the messages of one direction: a flag, a length of 32 bits, and so many bytes, each.
class Messages {
 public:
  void data(Bytes bytes);
  /// Bytes were missed: where a message begins can't be told any more.
  void lose() { lost_ = true; }

  /// Messages that were seen to their ends; nothing after lose().
  std::optional<std::uint64_t> count() const {
    if (lost_) return std::nullopt;
    return count_;
  }
  std::uint64_t compressed() const { return compressed_; }

 private:
  std::uint64_t count_ = 0;
  std::uint64_t compressed_ = 0;
  std::uint64_t left_ = 0;  // of the message at hand
  std::array<std::uint8_t, 5> prefix_{};
  std::uint8_t have_ = 0;  // bytes of the prefix
  bool lost_ = false;
};

/// "/package.Service/Method"; nothing if a path is not of that form.
struct Name {
  std::string_view service;
  std::string_view method;
};
std::optional<Name> name_of_call(std::string_view path);

/// A grpc-status as a number.
std::optional<std::uint32_t> status(std::string_view text);
/// Its name, "unknown" beyond those that are defined.
std::string_view status_name(std::uint32_t status);

}  // namespace wirelens::http2::grpc
