// http2/grpc.cc - counting messages, naming outcomes.
#include "http2/grpc.h"

#include <algorithm>
#include <charconv>

#include "base/work.h"

namespace wirelens::http2::grpc {

bool is_content_type(std::string_view content_type) {
  constexpr std::string_view kType = "application/grpc";
  if (!content_type.starts_with(kType)) return false;
  const std::string_view rest = content_type.substr(kType.size());
  return rest.empty() || rest[0] == '+' || rest[0] == ';' || rest[0] == '-';
}

void Messages::data(Bytes bytes) {
  while (!bytes.empty() && !lost_) {
    work();
    if (left_ > 0) {
      const std::size_t step = std::min<std::uint64_t>(left_, bytes.size());
      bytes = bytes.subspan(step);
      left_ -= step;
      if (left_ == 0) ++count_;
      continue;
    }
    prefix_[have_++] = bytes[0];
    bytes = bytes.subspan(1);
    if (have_ < prefix_.size()) continue;
    have_ = 0;
    if (prefix_[0] == 1) ++compressed_;
    left_ = load_be32(&prefix_[1]);
    if (left_ == 0) ++count_;
  }
}

std::optional<Name> name_of_call(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  const std::size_t slash = path.rfind('/');
  if (slash == 0 || slash + 1 == path.size()) return std::nullopt;
  return Name{path.substr(1, slash - 1), path.substr(slash + 1)};
}

std::optional<std::uint32_t> status(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view status_name(std::uint32_t status) {
  static constexpr std::array<std::string_view, 17> kNames = {"OK",
                                                              "CANCELLED",
                                                              "UNKNOWN",
                                                              "INVALID_ARGUMENT",
                                                              "DEADLINE_EXCEEDED",
                                                              "NOT_FOUND",
                                                              "ALREADY_EXISTS",
                                                              "PERMISSION_DENIED",
                                                              "RESOURCE_EXHAUSTED",
                                                              "FAILED_PRECONDITION",
                                                              "ABORTED",
                                                              "OUT_OF_RANGE",
                                                              "UNIMPLEMENTED",
                                                              "INTERNAL",
                                                              "UNAVAILABLE",
                                                              "DATA_LOSS",
                                                              "UNAUTHENTICATED"};
  return status < kNames.size() ? kNames[status] : "unknown";
}

}  // namespace wirelens::http2::grpc
